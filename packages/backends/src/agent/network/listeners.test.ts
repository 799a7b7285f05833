import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { listenersOn } from "./listeners.ts";

async function listen(host: string): Promise<number> {
  const server: Server = createServer((socket) => socket.on("error", () => {}));
  await new Promise<void>((resolve, reject) => server.on("error", reject).listen(0, host, resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test("whoever listens is found, among more listeners and connections than one read of the kernel's list holds", async () => {
  const ports = await Promise.all(Array.from({ length: 150 }, () => listen("127.0.0.1")));
  for (const port of ports) {
    const socket = connect(port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    await new Promise((resolve) => socket.once("connect", resolve));
  }

  const found = listenersOn(new Set(ports));

  expect(found.map(({ port }) => port).toSorted()).toEqual(ports.toSorted());
  expect(new Set(found.map(({ address }) => address))).toEqual(new Set(["127.0.0.1"]));
  expect(new Set(found.map(({ owner }) => owner)).size).toBe(process.platform === "linux" ? ports.length : 1);
});

test("a listener on IPv6 is found where the machine has it", async ({ skip }) => {
  const port = await listen("::1").catch(() => skip("no IPv6 here"));

  expect(listenersOn(new Set([port]))).toMatchObject([{ address: "::1", port }]);
});

test("a connection's own port isn't a listener", async () => {
  const port = await listen("127.0.0.1");
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  await new Promise((resolve) => socket.once("connect", resolve));

  expect(listenersOn(new Set([socket.localPort ?? 0]))).toEqual([]);
});
