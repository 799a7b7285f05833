import { once } from "node:events";
import net from "node:net";
import { afterEach, expect, test } from "vitest";
import { atEnd, backend, counted, endAll, get, raw, routerFor, shopTable, split } from "./fixture.ts";

afterEach(endAll);

const pause = (wait: number) => new Promise((resolve) => setTimeout(resolve, wait));

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
