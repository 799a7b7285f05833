import { once } from "node:events";
import http from "node:http";
import type { Socket } from "node:net";
import { millis } from "@sluice/kernel";
import { afterEach, expect, test } from "vitest";
import { atEnd, backend, counted, endAll, get, raw, routerFor, shopTable, split, until } from "./fixture.ts";

afterEach(endAll);

/** Speaks `echo` once it is asked to: what comes goes back in capitals. */
async function echoServer() {
  const open = new Set<Socket>();
  const { port, server } = await backend((_, response) => response.end("plain"));
  server.on("upgrade", (request: http.IncomingMessage, socket: Socket, early: Buffer) => {
    open.add(socket);
    atEnd(() => socket.destroy());
    socket.on("error", () => {});
    socket.on("close", () => open.delete(socket));
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${request.headers.upgrade}\r\n\r\nwelcome `,
    );
    const shout = (bytes: Buffer) => socket.write(bytes.toString("latin1").toUpperCase(), "latin1");
    if (early.length > 0) shout(early);
    socket.on("data", shout);
    socket.on("end", () => socket.end());
  });
  return { port, open };
}

const ask = (path = "/") => get(path, "Connection: keep-alive, Upgrade\r\nUpgrade: echo\r\nSec-Anything: kept\r\n");

/** Asks for an upgrade; gives the socket after the 101, and what has come on it. */
async function upgraded(port: number, first = "") {
  const request = http.request({
    port,
    host: "127.0.0.1",
    headers: { host: "shop.default", connection: "Upgrade", upgrade: "echo" },
  });
  request.end();
  const [response, socket, early] = (await once(request, "upgrade")) as [http.IncomingMessage, Socket, Buffer];
  atEnd(() => socket.destroy());
  socket.on("error", () => {});
  let received = early.toString("latin1");
  socket.on("data", (chunk: Buffer) => (received += chunk.toString("latin1")));
  if (first !== "") socket.write(first);
  return { response, socket, received: () => received };
}

test("both sides speak another protocol once they agree, also with bytes sent ahead of the answer", async () => {
  const { port: v1 } = await echoServer();
  const { router, port } = await routerFor(shopTable({ v1: [v1] }));

  const answer = await raw(port, `${ask()}hello`, "HELLO");

  expect(answer).toMatch(
    /^HTTP\/1\.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nwelcome HELLO/,
  );
  expect(counted(router, { version: "v1", code: "101" })).toBe(1);
  await until(() => router.stats.upgraded === 0);
});

test("much goes both ways, whole and in order", async () => {
  const { port: v1 } = await echoServer();
  const { router, port } = await routerFor(shopTable({ v1: [v1] }));
  const { socket, received } = await upgraded(port);
  const text = "abcdefghij".repeat(400_000);

  socket.write(text);
  await until(() => received().length === text.length + "welcome ".length);

  expect(received() === `welcome ${text.toUpperCase()}`).toBe(true);
  expect(router.stats).toMatchObject({ upgraded: 1, active: 0 });
});

test("an end on either side ends the other, with all that was sent before", async () => {
  const { port: v1, open } = await echoServer();
  const { router, port } = await routerFor(shopTable({ v1: [v1] }));

  const first = await upgraded(port);
  first.socket.end("bye");
  await until(() => open.size === 0 && router.stats.upgraded === 0);

  const second = await upgraded(port);
  for (const socket of open) socket.end("server's last words");
  await once(second.socket, "close");
  expect(second.received()).toBe("welcome server's last words");
  expect(router.stats).toMatchObject({ upgraded: 0, connections: 0 });
});

test("a backend that would rather not answers as to any request", async () => {
  const { port: v1 } = await backend((_, response) => response.end("plain"));
  const { router, port } = await routerFor(shopTable({ v1: [v1] }));

  const answer = await raw(port, ask() + get("/", "Connection: close\r\n"));

  expect(answer.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
  expect(router.stats.upgraded).toBe(0);
});

test("an upgrade is asked for once, whatever the route's retries", async () => {
  let asked = 0;
  const { port: v1, server } = await backend(() => {});
  server.on("upgrade", (_: unknown, socket: Socket) => {
    asked++;
    socket.end("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
  });
  const retries = { attempts: 3, on: ["5xx", "reset"] } as const;
  const { port } = await routerFor(shopTable({ v1: [v1] }, [split({ v1: 100 }, { retries })]));

  expect(await raw(port, ask(), "503")).toMatch(/^HTTP\/1\.1 503/);

  expect(asked).toBe(1);
});

test("upgrades follow routes and weights, and are never copied", async () => {
  const stable = await echoServer();
  const canary = await echoServer();
  const mirrors = [{ service: "shop.default", subset: "v1", percent: 100 }];
  const table = shopTable({ v1: [stable.port], v2: [canary.port] }, [
    split({ v2: 100 }, { id: "live", match: [{ uri: { prefix: "/live" } }], mirrors }),
    split({ v1: 100 }),
  ]);
  const { router, port } = await routerFor(table);

  await raw(port, ask("/live/1"), "welcome");

  expect(counted(router, { version: "v2", code: "101" })).toBe(1);
  expect(router.stats.activeMirrors).toBe(0);
});

test("a Pod that leaves gets no new one, and ends those it has in its own time", async () => {
  const old = await echoServer();
  const next = await echoServer();
  const { router, port } = await routerFor(shopTable({ v1: [old.port, next.port] }));
  const tunnels = [await upgraded(port), await upgraded(port)];
  expect([old.open.size, next.open.size]).toEqual([1, 1]);

  const isDrained = await router.drain(`v1-${old.port}`, millis(60_000));
  const later = await upgraded(port, "still here");
  await until(() => later.received().endsWith("STILL HERE"));

  expect(isDrained).toBe(true);
  expect([old.open.size, next.open.size]).toEqual([1, 2]);
  // Its process says goodbye as it is told to end.
  for (const socket of old.open) socket.end("going away");
  await until(() => tunnels.some(({ received }) => received().endsWith("going away")));
  await until(() => router.stats.upgraded === 2);
});

test("a table without the Pod leaves its connections alone", async () => {
  const old = await echoServer();
  const next = await echoServer();
  const { router, port } = await routerFor(shopTable({ v1: [old.port] }));
  const { socket, received } = await upgraded(port);

  router.apply(shopTable({ v2: [next.port] }, undefined, 2));
  socket.write("on");

  await until(() => received().endsWith("ON"));
});
