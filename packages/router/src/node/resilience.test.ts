import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { type Clock, millis, seconds } from "@sluice/kernel";
import { afterEach, expect, test } from "vitest";
import { atEnd, backend, counted, endAll, get, raw, realClock, routerFor, shopTable, split } from "./fixture.ts";
import { load, pause } from "./load.fixture.ts";

afterEach(endAll);

test.each(["GET", "POST"])("replacing every Pod under a load of %s fails no request", async (method) => {
  const slow: http.RequestListener = (request, response) => {
    request.resume();
    setTimeout(() => response.end("ok"), Math.random() * 8);
  };
  let pods = await Promise.all([backend(slow), backend(slow), backend(slow)]);
  const { router, port } = await routerFor(shopTable({ v1: pods.map((pod) => pod.port) }));
  const running = load(port, 16, method);

  for (let version = 2; version < 14; version++) {
    const [oldest, ...rest] = pods;
    pods = [...rest, await backend(slow)];
    // As the agent does it: out of the traffic, drained, only then ended; the table follows when it follows.
    const isDrained = await router.drain(`v1-${oldest!.port}`, seconds(5));
    oldest!.server.close();
    oldest!.server.closeAllConnections();
    router.apply(shopTable({ v1: pods.map((pod) => pod.port) }, undefined, version));
    expect(isDrained).toBe(true);
    await running.more(25);
  }
  await running.stop();

  expect([...running.codes.keys()]).toEqual(["200"]);
  expect(running.codes.get("200")).toBeGreaterThan(12 * 25);
  expect(router.stats.active).toBe(0);
});

test("the last ready pod is kept until the table brings another", async () => {
  const { port: old } = await backend((_, response) => response.end("old"));
  const { port: next } = await backend((_, response) => response.end("next"));
  const { router, port } = await routerFor(shopTable({ v1: [old] }));

  const drained = router.drain(`v1-${old}`, seconds(10));
  const running = load(port);
  await pause(100);
  router.apply(shopTable({ v1: [old, next] }, undefined, 2));
  const isDrained = await drained;
  await running.stop();

  expect(isDrained).toBe(true);
  expect([...running.codes.keys()]).toEqual(["200"]);
  expect(counted(router, { version: "v1" })).toBeGreaterThan(0);
});

test("the last ready pod leaves at once where all end: nothing will take its place", async () => {
  const { port: v1 } = await backend((_, response) => response.end("v1"));
  const { router, port } = await routerFor(shopTable({ v1: [v1] }));

  const drained = router.drain(`v1-${v1}`, seconds(60), true);
  const answer = await raw(port, get("/", "Connection: close\r\n"));

  expect(answer).toMatch(/^HTTP\/1\.1 503 /);
  expect(await drained).toBe(true);
});

test("tables that come every 10 ms disturb nobody, and each takes effect at once", async () => {
  const { port: v1 } = await backend((_, response) => setTimeout(() => response.end(), 3));
  const { port: v2 } = await backend((_, response) => setTimeout(() => response.end(), 3));
  const { router, port } = await routerFor(shopTable({ v1: [v1], v2: [v2] }, [split({ v1: 1, v2: 0 })]));
  const running = load(port);

  for (let version = 2; version < 60; version++) {
    const weights = version % 2 === 0 ? { v1: 0, v2: 1 } : { v1: 1, v2: 0 };
    router.apply(shopTable({ v1: [v1], v2: [v2] }, [split(weights)], version));
    // At once: no request after this turn is chosen by the table before.
    expect(router.version).toBe(version);
    await pause(10);
  }
  await running.stop();

  expect([...running.codes.keys()]).toEqual(["200"]);
  const [a, b] = [counted(router, { version: "v1" }), counted(router, { version: "v2" })];
  expect(Math.min(a, b)).toBeGreaterThan((a + b) / 4);
});

test("requests under way end where they began when their backend leaves the table", async () => {
  let finish = () => {};
  const { port: v1 } = await backend((_, response) => {
    response.write("begun ");
    finish = () => response.end("ended");
  });
  const { port: v2 } = await backend((_, response) => response.end("v2"));
  const { router, port } = await routerFor(shopTable({ v1: [v1] }));
  const request = http.get({ port, host: "127.0.0.1", headers: { host: "shop" } });
  const [response] = (await once(request, "response")) as [http.IncomingMessage];

  router.apply(shopTable({ v2: [v2] }, undefined, 2));
  const other = await raw(port, get("/", "Connection: close\r\n"));
  finish();
  let body = "";
  for await (const chunk of response) body += chunk;

  expect(body).toBe("begun ended");
  expect(other).toMatch(/v2$/);
});

test("connections to a backend that has left are not kept", async () => {
  let closed: Promise<unknown> = Promise.resolve();
  const { port: v1 } = await backend(
    (_, response) => response.end(),
    (server) =>
      server.on("connection", (socket) => {
        closed = once(socket, "close");
      }),
  );
  const { router, port } = await routerFor(shopTable({ v1: [v1] }));
  await raw(port, get("/", "Connection: close\r\n"));

  router.apply(shopTable({ v1: [] }, undefined, 2));

  await closed;
});

test("backends that close their kept connections at once fail no GET", async () => {
  const { port: v1 } = await backend(
    (_, response) => response.end(),
    (server) => server.on("connection", (socket) => setTimeout(() => socket.destroy(), 5 + Math.random() * 20)),
  );
  const { port: other } = await backend((_, response) => response.end());
  const { router, port } = await routerFor(shopTable({ v1: [v1, other] }));
  const running = load(port, 8);

  await running.more(500);
  await running.stop();

  expect([...running.codes.keys()]).toEqual(["200"]);
  expect(router.stats.retries).toBeGreaterThan(0);
});

test("a Pod that is killed under load fails no GET while another one lives", async () => {
  const script = `require("http").createServer((q, r) => setTimeout(() => r.end("x"), 5)).listen(0, "127.0.0.1", function () { process.send(this.address().port) })`;
  const { writeFileSync, mkdtempSync } = await import("node:fs");
  const file = `${mkdtempSync("/tmp/pod-")}/pod.cjs`;
  writeFileSync(file, script);
  const start = async (): Promise<{ pod: ChildProcess; port: number }> => {
    const pod = fork(file);
    atEnd(() => pod.kill("SIGKILL"));
    const [port] = (await once(pod, "message")) as [number];
    return { pod, port };
  };
  const [one, two] = [await start(), await start()];
  const { router, port } = await routerFor(shopTable({ v1: [one.port, two.port] }));
  const running = load(port);
  await running.more(100);

  one.pod.kill("SIGKILL");
  await running.more(100);
  router.overlay(new Map([[`v1-${one.port}`, "notReady"]]));
  await running.more(100);
  await running.stop();

  expect([...running.codes.keys()]).toEqual(["200"]);
  expect(router.stats.retries).toBeGreaterThan(0);
});

test("a Pod that leaves keeps no idle connection, also while it still answers and once the wait is over", async () => {
  let finish: (() => void) | undefined;
  const { server, port: v1 } = await backend(
    (request, response) => {
      if (request.url === "/slow") finish = () => response.end("slow");
      else response.end("quick");
    },
    (made) => {
      made.keepAliveTimeout = 60_000;
    },
  );
  const { router, port } = await routerFor(shopTable({ v1: [v1] }));
  const open = () => new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));
  const answer = raw(port, get("/slow", "Connection: close\r\n"));
  while (finish === undefined) await pause(2);
  await raw(port, get("/", "Connection: close\r\n"));
  const before = await open();

  const isDrained = await router.drain(`v1-${v1}`, millis(20));
  while ((await open()) > 1) await pause(2);
  finish();
  const text = await answer;
  while ((await open()) > 0) await pause(2);

  expect(before).toBe(2);
  expect(isDrained).toBe(false);
  expect(text).toMatch(/slow$/);
});

test("a connection that has been idle for too long isn't closed on the request that has come already", async () => {
  const { port: v1 } = await backend((_, response) => response.end("answered"));
  let time = 0;
  const due: (() => void)[] = [];
  const sweeps: Clock = {
    ...realClock,
    after: (wait, task) => {
      if (wait !== seconds(1)) return realClock.after(wait, task);
      due.push(task);
      return { cancel: () => {} };
    },
  };
  const { port } = await routerFor(shopTable({ v1: [v1] }), { clock: sweeps, now: () => time });
  const socket = net.connect(port, "127.0.0.1");
  atEnd(() => socket.destroy());
  let received = "";
  socket.on("data", (chunk) => {
    received += chunk.toString("latin1");
  });
  const answers = () => received.split("answered").length - 1;
  socket.write(get());
  while (answers() < 1) await pause(2);

  // The process stood still; the request came meanwhile, and the sweep is due first.
  time += 80_000;
  socket.write(get());
  due.shift()?.();
  while (answers() < 2 && !socket.destroyed) await pause(2);
  const late = answers();
  time += 80_000;
  due.shift()?.();
  while (!socket.destroyed) await pause(2);

  expect(late).toBe(2);
});

test("1,000 connections at once are served", async () => {
  const { port: v1 } = await backend((_, response) => setTimeout(() => response.end("ok"), 20));
  const { router, port } = await routerFor(shopTable({ v1: [v1] }));

  const answers = await Promise.all(Array.from({ length: 1000 }, () => raw(port, get("/", "Connection: close\r\n"))));

  expect(answers.every((answer) => answer.includes(" 200 OK"))).toBe(true);
  while (router.stats.connections > 0) await pause(5);
});
