// Real probes of a program that runs beside this process, which stands still for a while.
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CheckPlace, check } from "./check.ts";

let program: Worker;
let place: CheckPlace;

beforeAll(async () => {
  const source = `
    const server = require("node:http").createServer((request, response) => {
      if (request.url !== "/silent") setTimeout(() => response.end("ok"), 20);
    });
    server.listen(0, "127.0.0.1", () => require("node:worker_threads").parentPort.postMessage(server.address().port));
  `;
  program = new Worker(source, { eval: true });
  const [port] = (await once(program, "message")) as [number];
  place = {
    addressOf: () => ({ host: "127.0.0.1", port }),
    environment: { PATH: process.env.PATH ?? "" },
    workingFolder: "/",
    program: (word) => word,
  };
});
afterAll(() => program.terminate());

/** As where nobody gives this process a processor, or a disk keeps it waiting. */
const standStill = (millis: number) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, millis);

test.each([
  ["httpGet", { httpGet: { path: "/ready", port: 80 } }],
  ["tcpSocket", { tcpSocket: { port: 80 } }],
  ["exec", { exec: { command: ["sleep", "0.05"] } }],
])("%s: what is answered in time passes, though this process slept for longer than the timeout", async (_, handler) => {
  const asked = check(handler, place, 300);
  standStill(700);

  expect(await asked).toEqual({ is: "passed" });
});

test("what isn't answered fails, though this process slept", async () => {
  const asked = check({ httpGet: { path: "/silent", port: 80 } }, place, 200);
  standStill(500);

  expect(await asked).toMatchObject({ is: "failed", message: expect.stringContaining("deadline exceeded") });
});
