import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { type Clock, millis, seconds } from "@sluice/kernel";
import { afterEach, expect, test } from "vitest";
import { atEnd, backend, counted, endAll, get, raw, realClock, routerFor, shopTable, split } from "./fixture.ts";

afterEach(endAll);

const pause = (wait: number) => new Promise((resolve) => setTimeout(resolve, wait));

interface Load {
  readonly codes: Map<string, number>;
  /** Until so many more requests have ended. */
  more(count: number): Promise<void>;
  stop(): Promise<void>;
}

/** Requests without a break, on kept connections; every failure is noted by its code or error. */
function load(port: number, clients = 16, method = "GET"): Load {
  const agent = new http.Agent({ keepAlive: true, maxSockets: clients });
  const codes = new Map<string, number>();
  let isRunning = true;
  const note = (code: string) => codes.set(code, (codes.get(code) ?? 0) + 1);
  const client = async () => {
    while (isRunning) {
      await new Promise<void>((resolve) => {
        const body = method === "POST" ? "x".repeat(100) : undefined;
        const headers = { host: "shop", ...(body === undefined ? {} : { "content-length": body.length }) };
        const request = http.request({ port, host: "127.0.0.1", method, agent, headers }, (response) => {
          response.on("error", (error: NodeJS.ErrnoException) => note(error.code ?? error.message));
          response.on("end", () => note(String(response.statusCode)));
          response.on("close", resolve);
          response.resume();
        });
        request.on("error", (error: NodeJS.ErrnoException) => {
          // Node's client may meet a kept connection in the moment of its end; it says so, and callers try again.
          if (!(request.reusedSocket && error.code === "ECONNRESET")) note(error.code ?? error.message);
          resolve();
        });
        request.end(body);
      });
    }
  };
  const clientsRunning = Promise.all(Array.from({ length: clients }, client));
  const stop = async () => {
    isRunning = false;
    await clientsRunning;
    agent.destroy();
  };
  atEnd(stop);
  const more = async (count: number) => {
    const ended = () => [...codes.values()].reduce((sum, one) => sum + one, 0);
    const enough = ended() + count;
    while (ended() < enough) await pause(1);
  };
  return { codes, more, stop };
}

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

test("a POST that may have been heard is not sent twice", async () => {
  let heard = 0;
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => {
      heard++;
      socket.destroy();
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  atEnd(() => server.close());
  const port1 = (server.address() as net.AddressInfo).port;
  const { port: port2 } = await backend((_, response) => response.end("second"));
  const { router, port } = await routerFor(shopTable({ v1: [port1, port2] }));
  const post = "POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi";

  const answers = [await raw(port, post), await raw(port, post)];

  expect(answers.filter((answer) => answer.startsWith("HTTP/1.1 502"))).toHaveLength(1);
  expect(answers.filter((answer) => answer.endsWith("second"))).toHaveLength(1);
  expect(heard).toBe(1);
  expect(router.stats.retries).toBe(0);
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

test("where a canary can't be reached at all, the stable version answers", async () => {
  const { port: v1 } = await backend((_, response) => response.end("v1"));
  const closed = await backend(() => {});
  closed.server.close();
  const { router, port } = await routerFor(shopTable({ v1: [v1], v2: [closed.port] }, [split({ v1: 50, v2: 50 })]));

  const answers = await Promise.all(Array.from({ length: 10 }, () => raw(port, get("/", "Connection: close\r\n"))));

  expect(answers.every((answer) => answer.endsWith("v1"))).toBe(true);
  expect(router.stats.failedOver).toBe(5);
});

test("a VirtualService's retries are made where it asks for them, and no more than it allows", async () => {
  let tries = 0;
  const { port: v1 } = await backend((_, response) => response.writeHead(++tries % 3 === 0 ? 200 : 503).end());
  const retries = (attempts: number) =>
    shopTable({ v1: [v1] }, [split({ v1: 1 }, { retries: { attempts, on: ["gateway-error"] } })]);
  const { router, port } = await routerFor(retries(2));

  const patient = await raw(port, get("/", "Connection: close\r\n"));
  router.apply(retries(1));
  const hasty = await raw(port, get("/", "Connection: close\r\n"));

  expect([patient.slice(0, 12), hasty.slice(0, 12)]).toEqual(["HTTP/1.1 200", "HTTP/1.1 503"]);
  expect(tries).toBe(5);
  expect(router.stats.activeRetries).toBe(0);
});

test("retries have a budget: a backend that fails isn't buried under them", async () => {
  let tries = 0;
  const { port: v1 } = await backend((_, response) => {
    tries++;
    setTimeout(() => response.writeHead(503).end(), 5);
  });
  const { port } = await routerFor(
    shopTable({ v1: [v1] }, [split({ v1: 1 }, { retries: { attempts: 10, on: ["5xx"] } })]),
  );

  await Promise.all(Array.from({ length: 50 }, () => raw(port, get("/", "Connection: close\r\n"))));

  // 50 first tries, and retries for a fifth of those under way at a time; without a budget it would be 550.
  expect(tries).toBeLessThan(250);
});

test("a timeout ends the wait for a response, not a response, nor an upload", async () => {
  const { port: v1 } = await backend((request, response) => {
    if (request.url === "/never") return;
    request.on("data", () => {});
    request.on("end", () => {
      response.write("a");
      setTimeout(() => response.end("z"), 400);
    });
  });
  const { router, port } = await routerFor(shopTable({ v1: [v1] }, [split({ v1: 1 }, { timeoutMillis: 250 })]));

  const never = await raw(port, get("/never", "Connection: close\r\n"));
  const slowDown = await raw(port, get("/", "Connection: close\r\n"));
  const socket = net.connect(port, "127.0.0.1");
  socket.write("PUT / HTTP/1.1\r\nHost: shop\r\nContent-Length: 2\r\nConnection: close\r\n\r\na");
  await pause(400);
  socket.write("b");
  let slowUp = "";
  for await (const chunk of socket) slowUp += chunk;

  expect(never).toMatch(/^HTTP\/1\.1 504 /);
  expect(slowDown).toMatch(/z\r\n0\r\n\r\n$/);
  expect(slowUp).toMatch(/^HTTP\/1\.1 200 /);
  expect(counted(router, { version: "v1", code: "504" })).toBe(1);
});

test("a try that takes too long is made elsewhere", async () => {
  const { port: hung } = await backend(() => {});
  const { port: fine } = await backend((_, response) => response.end("fine"));
  const retries = { attempts: 2, perTryTimeoutMillis: 250, on: ["gateway-error"] as const };
  const { port } = await routerFor(shopTable({ v1: [hung, fine] }, [split({ v1: 1 }, { retries })]));

  const answers = await Promise.all([1, 2].map(() => raw(port, get("/", "Connection: close\r\n"))));

  for (const answer of answers) expect(answer).toMatch(/fine$/);
});

test("drain waits for what is under way, but no longer than it is told", async () => {
  const { port: v1 } = await backend(() => {});
  const { router, port } = await routerFor(shopTable({ v1: [v1] }));
  const socket = net.connect(port, "127.0.0.1");
  atEnd(() => socket.destroy());
  socket.write(get());
  while (router.stats.active === 0) await pause(2);

  const inTime = await router.drain(`v1-${v1}`, millis(30));
  const later = router.drain(`v1-${v1}`, seconds(5));
  const refused = await raw(port, get("/", "Connection: close\r\n"));
  socket.destroy();

  expect(inTime).toBe(false);
  expect(await later).toBe(true);
  expect(refused).toMatch(/^HTTP\/1\.1 503 /);
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

test("a graceful end lets requests finish, tells clients to connect anew, and takes no more", async () => {
  let finish: (() => void) | undefined;
  const { port: v1 } = await backend((_, response) => {
    finish = () => response.end("ended");
  });
  const { router, port } = await routerFor(shopTable({ v1: [v1] }));
  const answer = raw(port, get());
  while (finish === undefined) await pause(2);

  const closed = router.close({ graceful: seconds(5) });
  const refused = await raw(port, get()).catch((error: NodeJS.ErrnoException) => error.code);
  finish();
  await closed;

  expect(await answer).toMatch(/Connection: close\r\n\r\n[\s\S]*ended/);
  expect(refused).toBe("ECONNREFUSED");
});

test("a successor in another process goes on with the sockets, and no request fails", async () => {
  const { port: v1 } = await backend((_, response) => setTimeout(() => response.end(), 2));
  const table = shopTable({ v1: [v1] });
  const { router, port } = await routerFor(table);
  const successor = fork(new URL("successor-fixture.ts", import.meta.url));
  atEnd(() => successor.kill("SIGKILL"));
  const running = load(port);
  await running.more(100);

  successor.send({ table });
  for (const { role, server } of router.sockets) {
    const adopted = once(successor, "message");
    successor.send({ role }, server);
    await adopted;
  }
  await router.close({ graceful: seconds(5) });
  await running.more(100);
  await running.stop();
  successor.send({ isEnd: true });
  const [{ requests }] = (await once(successor, "message")) as [{ requests: number }];

  expect([...running.codes.keys()]).toEqual(["200"]);
  expect(router.stats.requests).toBeGreaterThan(50);
  expect(requests).toBeGreaterThan(50);
});

test("Services are reached at their own addresses, HTTP and anything else", async () => {
  const { port: http1 } = await backend((_, response) => response.end("page"));
  const greeter = net.createServer((socket) => socket.write("220 hello\r\n").valueOf() && socket.pipe(socket));
  await once(greeter.listen(0, "127.0.0.1"), "listening");
  atEnd(() => greeter.close());
  const tcp = (greeter.address() as net.AddressInfo).port;
  const probe = net.createServer();
  await once(probe.listen(0, "127.77.0.1"), "listening");
  const free = (probe.address() as net.AddressInfo).port;
  probe.close();
  const table = shopTable({ v1: [http1] });
  const service = table.services[0]!;
  const endpoints = [{ uid: "a", address: "127.0.0.1", ports: [http1, tcp] }];
  const ports = [
    { number: free, protocol: "detect" as const },
    { number: free + 1, protocol: "detect" as const },
  ];
  const withAddress = (version: number, clusterIP: string) => ({
    ...table,
    version,
    services: [{ ...service, clusterIP, ports, endpoints }],
  });
  const { router } = await routerFor(withAddress(1, "127.77.0.1"), { listensOnServices: true });
  while (router.sockets.length < 3) await pause(2);

  const page = await new Promise<string>((resolve) => {
    http.get({ host: "127.77.0.1", port: free }, async (response) => {
      let body = "";
      for await (const chunk of response) body += chunk;
      resolve(body);
    });
  });
  const socket = net.connect(free + 1, "127.77.0.1");
  const [greeting] = await once(socket, "data");
  socket.write("EHLO\r\n");
  const [echoed] = await once(socket, "data");
  socket.destroy();
  router.apply(withAddress(2, "127.77.0.2"));
  while (router.sockets.length < 3) await pause(2);

  expect([page, String(greeting), String(echoed)]).toEqual(["page", "220 hello\r\n", "EHLO\r\n"]);
  expect(router.sockets.map(({ role }) => role).sort()).toEqual(
    ["router", `service 127.77.0.2:${free}`, `service 127.77.0.2:${free + 1}`].sort(),
  );
});
