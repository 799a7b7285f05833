import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { millis } from "@sluice/kernel";
import { expect, test } from "vitest";
import { handOver } from "./hand-over.ts";

const ask = (port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const request = get({ host: "127.0.0.1", port, agent: false }, (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve(text));
    });
    request.on("error", reject);
  });

test("the listening socket changes hands under load and no request fails", async () => {
  const server = createServer((_request, response) => response.end("predecessor"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const answers: string[] = [];
  let isOver = false;
  const load = Array.from({ length: 8 }, async () => {
    while (!isOver) answers.push(await ask(port));
  });

  await expect.poll(() => answers.length, { timeout: 30_000 }).toBeGreaterThan(100);
  const successor = fork(fileURLToPath(new URL("./hand-over.fixture.ts", import.meta.url)), {
    execArgv: ["--conditions=development"],
  });
  await handOver(successor, { router: server });
  server.close();
  server.closeIdleConnections();
  const before = answers.length;
  await expect.poll(() => answers.length, { timeout: 30_000 }).toBeGreaterThan(before + 300);
  isOver = true;
  await Promise.all(load);

  expect(answers.slice(0, 100)).toEqual(Array(100).fill("predecessor"));
  expect(answers.slice(-100)).toEqual(Array(100).fill("successor"));
  successor.disconnect();
});

test("a successor that never speaks changes nothing", async () => {
  const server = createServer((_request, response) => response.end("predecessor"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const mute = spawn("sleep", ["10"], { stdio: ["ignore", "ignore", "ignore", "ipc"] });

  await expect(handOver(mute, { router: server }, { timeout: millis(100) })).rejects.toMatchObject({
    kind: "unavailable",
  });

  expect(await ask((server.address() as AddressInfo).port)).toBe("predecessor");
  mute.kill();
  server.close();
});
