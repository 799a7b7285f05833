import http from "node:http";
import net from "node:net";
import { afterEach, expect, test } from "vitest";
import { atEnd, backend, counted, echo, endAll, get, raw, rawBackend, routerFor, shopTable, split } from "./fixture.ts";

afterEach(endAll);

test("a request reaches its Service with what a backend needs to know, and comes back counted", async () => {
  const { port: v1 } = await backend(echo);
  const { router, port } = await routerFor(shopTable({ v1: [v1] }));

  const answer = await raw(
    port,
    `POST /cart?x=1 HTTP/1.1\r\nHost: shop.default.localhost:7080\r\nX-Forwarded-For: 10.0.0.1\r\nKeep-Alive: 3\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello`,
  );
  const seen = JSON.parse(answer.slice(answer.indexOf("{")));

  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(seen).toMatchObject({ method: "POST", url: "/cart?x=1", body: "hello" });
  expect(seen.headers).toMatchObject({
    host: "shop.default.localhost:7080",
    "x-forwarded-for": "10.0.0.1, 127.0.0.1",
    "x-forwarded-proto": "http",
    "x-forwarded-host": "shop.default.localhost:7080",
    "x-request-id": expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
  expect(seen.headers["keep-alive"]).toBeUndefined();
  const labels = { namespace: "default", service: "shop", version: "v1", pod_template_hash: "hash-v1" };
  expect(counted(router, { ...labels, method: "POST", code: "200" })).toBe(1);
});

test("a version's counters stand at 0 before its first request", async () => {
  const { router } = await routerFor(shopTable({ v1: [1], v2: [2] }));

  expect(router.metricsText()).toContain(
    'http_requests_total{namespace="default",service="shop",version="v2",pod_template_hash="hash-v2",method="GET",code="200",endpoint="other"} 0\n',
  );
  expect(router.metricsText()).toMatch(/http_request_duration_seconds_bucket\{[^}]*version="v2"[^}]*le="\+Inf"\} 0\n/);
});

test("weights are exact over 1,000 requests on many connections", async () => {
  const { port: v1 } = await backend((_, response) => response.end("v1"));
  const { port: v2 } = await backend((_, response) => response.end("v2"));
  const { router, port } = await routerFor(shopTable({ v1: [v1], v2: [v2] }, [split({ v1: 95, v2: 5 })]));
  const agent = new http.Agent({ keepAlive: true, maxSockets: 20 });
  atEnd(() => agent.destroy());

  const bodies = await Promise.all(Array.from({ length: 1000 }, () => fetchText(port, agent)));

  expect(bodies.filter((body) => body === "v2")).toHaveLength(50);
  expect(counted(router, { version: "v2", code: "200" })).toBe(50);
});

function fetchText(port: number, agent: http.Agent, options: http.RequestOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { host: "shop.default", ...options.headers };
    const request = http.request({ port, host: "127.0.0.1", agent, ...options, headers }, (response) => {
      let body = "";
      response.on("data", (chunk) => (body += chunk));
      response.on("end", () => resolve(body));
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end();
  });
}

test("a new user gets a cookie that leads back to the same version while its weight grows", async () => {
  const { port: v1 } = await backend((_, response) => response.end("v1"));
  const { port: v2 } = await backend((_, response) => response.end("v2"));
  const table = (weight: number, version: number) => ({
    ...shopTable({ v1: [v1], v2: [v2] }, [split({ v1: 100 - weight, v2: weight })], version),
  });
  const sticky = (weight: number, version: number) => {
    const plain = table(weight, version);
    return { ...plain, virtualServices: plain.virtualServices.map((vs) => ({ ...vs, stickyCookie: "user" })) };
  };
  const { router, port } = await routerFor(sticky(10, 1));
  const visit = async (cookie?: string) => {
    const answer = await raw(
      port,
      get("/", `Connection: close\r\n${cookie === undefined ? "" : `Cookie: ${cookie}\r\n`}`),
    );
    return { version: answer.slice(-2), cookie: /Set-Cookie: (user=[^;]+); Path=\/; HttpOnly/.exec(answer)?.[1] };
  };

  const first = await Promise.all(Array.from({ length: 100 }, () => visit()));
  router.apply(sticky(30, 2));
  const again = await Promise.all(first.map(({ cookie }) => visit(cookie)));

  expect(first.filter(({ version }) => version === "v2")).toHaveLength(10);
  expect(again.every(({ cookie }) => cookie === undefined)).toBe(true);
  for (const [user, { version }] of first.entries()) if (version === "v2") expect(again[user]?.version).toBe("v2");
});

test("rewrite, redirect and authority are honoured, dots in paths don't get round a match", async () => {
  const { port: v1 } = await backend(echo);
  const table = shopTable({ v1: [v1] }, [
    split({ v1: 1 }, { id: "api", match: [{ uri: { prefix: "/api/" } }], rewrite: { uri: "/", authority: "inner" } }),
    { id: "old", match: [{ uri: { exact: "/old" } }], destinations: [], redirect: { uri: "/new", code: 308 } },
    split({ v1: 1 }, { id: "open", match: [{ uri: { prefix: "/open" } }] }),
  ]);
  const { port } = await routerFor(table);
  const ask = (path: string) => raw(port, get(path, "Connection: close\r\n"));

  const api = await ask("/api/cart?a=1");
  const old = await ask("/old?b=2");
  const around = await ask("/open/%2e%2e/secret");

  expect(api).toContain('"url":"/cart?a=1"');
  expect(api).toContain('"host":"inner"');
  expect(old).toMatch(/^HTTP\/1\.1 308 Permanent Redirect\r\n/);
  expect(old).toContain("Location: http://shop.default/new?b=2\r\n");
  expect(around).toMatch(/^HTTP\/1\.1 404 /);
});

test("unknown hosts and Services without a ready Pod are told apart", async () => {
  const { router, port } = await routerFor(shopTable({ v1: [] }));

  const unknown = await raw(port, "GET / HTTP/1.1\r\nHost: secret\r\nConnection: close\r\n\r\n");
  const empty = await raw(port, get("/", "Connection: close\r\n"));

  expect(unknown).toMatch(/^HTTP\/1\.1 404 [\s\S]*2 hosts are known/);
  expect(unknown).not.toContain("shop");
  expect(empty).toMatch(/^HTTP\/1\.1 503 [\s\S]*Retry-After: 1\r\n[\s\S]*no Pod of Service shop/);
  expect(counted(router, { service: "shop", code: "503" })).toBe(1);
  expect(counted(router, { service: "", code: "404" })).toBe(1);
});

test("HEAD, 204 and 304 have no body, whatever their fields say, and keep the connection", async () => {
  const { port: v1 } = await backend((request, response) => {
    if (request.url === "/204") response.writeHead(204).end();
    else if (request.url === "/304") response.writeHead(304, { "content-length": "5" }).end();
    else response.writeHead(200, { "content-length": "5" }).end(request.method === "HEAD" ? undefined : "hello");
  });
  const { router, port } = await routerFor(shopTable({ v1: [v1] }));
  const head = "HEAD / HTTP/1.1\r\nHost: shop.default\r\n\r\n";

  const answer = await raw(port, `${head}${get("/204")}${get("/304")}${get("/", "Connection: close\r\n")}`);

  expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 204", "HTTP/1.1 304", "HTTP/1.1 200"]);
  expect(answer.match(/hello/g)).toHaveLength(1);
  expect(router.stats.requests).toBe(4);
});

test("pipelined requests are answered in order, however many", async () => {
  const { port: v1 } = await backend((request, response) => {
    setTimeout(() => response.end(`[${request.url}]`), request.url === "/0" ? 20 : 0);
  });
  const { port } = await routerFor(shopTable({ v1: [v1] }));
  const count = 300;
  const text = Array.from({ length: count }, (_, index) =>
    get(`/${index}`, index === count - 1 ? "Connection: close\r\n" : ""),
  ).join("");

  const answer = await raw(port, text);

  expect([...answer.matchAll(/\[\/(\d+)\]/g)].map(([, index]) => Number(index))).toEqual([...Array(count).keys()]);
});

test("thousands of pipelined requests for an unknown host don't exhaust the stack", async () => {
  const { router, port } = await routerFor(shopTable({ v1: [] }));
  const text = "GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(5000);

  const answer = await raw(port, `${text}GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);

  expect(answer.match(/HTTP\/1\.1 404/g)).toHaveLength(5001);
  expect(router.stats.active).toBe(0);
});

test.each([
  ["GET / HTTP/1.1\nHost: shop\n\n", 400],
  ["\x16\x03\x01\x02\x00\x01", 400],
  ["GET / HTTP/1.1\r\nHost: shop\r\nBad Header: 1\r\n\r\n", 400],
  ["POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400],
  ["POST / HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400],
  [`GET / HTTP/1.1\r\nHost: shop\r\nA: ${"a".repeat(20_000)}\r\n\r\n`, 431],
  [`GET /${"a".repeat(20_000)} HTTP/1.1\r\nHost: shop\r\n\r\n`, 414],
  ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505],
])("%j gets its answer and the end of its connection", async (text, code) => {
  let reached = 0;
  const { port: v1 } = await backend((_, response) => {
    reached++;
    response.end();
  });
  const { port } = await routerFor(shopTable({ v1: [v1] }));

  const answer = await raw(port, `${text}${get("/smuggled")}`);

  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${code} `));
  expect(answer).toContain("Connection: close\r\n");
  expect(answer.match(/^HTTP\/1\.1 \d/gm)).toHaveLength(1);
  expect(reached).toBe(0);
});

test("a client that leaves takes its request off the backend, and counts as 499", async () => {
  let aborted: Promise<unknown> = Promise.resolve();
  let arrived = () => {};
  const here = new Promise<void>((resolve) => (arrived = resolve));
  const { port: v1 } = await backend((request) => {
    aborted = new Promise((resolve) => request.on("error", () => {}).on("close", resolve));
    arrived();
  });
  const { router, port } = await routerFor(shopTable({ v1: [v1] }));
  const socket = net.connect(port, "127.0.0.1");
  socket.write(get());
  await here;

  socket.destroy();
  await aborted;

  expect(counted(router, { version: "v1", code: "499" })).toBe(1);
  expect(router.stats).toMatchObject({ active: 0, aborted: 1 });
});

test.each([
  ["with a length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"],
  ["in chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"],
])("a backend that dies in the middle of a response %s doesn't make it look whole", async (_, text) => {
  const v1 = await rawBackend((socket) => socket.once("data", () => socket.end(text)));
  const { router, port } = await routerFor(shopTable({ v1: [v1] }));

  const failure = await fetchText(port, new http.Agent()).then(
    () => "whole",
    (error: Error) => error.message,
  );

  expect(failure).toBe("aborted");
  expect(counted(router, { version: "v1", code: "502" })).toBe(1);
  expect(counted(router, { version: "v1", code: "200" })).toBe(0);
});

test.each([
  ["no HTTP", "hello there\r\n\r\n"],
  ["both lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"],
  ["a folded field", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n"],
  ["an upgrade nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"],
])("a response with %s is a 502", async (_, text) => {
  const v1 = await rawBackend((socket) => socket.on("data", () => socket.write(text)));
  const { router, port } = await routerFor(shopTable({ v1: [v1] }));

  const answer = await raw(port, get("/", "Connection: close\r\n"));

  expect(answer).toMatch(/^HTTP\/1\.1 502 Bad Gateway/);
  expect(counted(router, { version: "v1", code: "502" })).toBe(1);
});

test("what a backend says after its response isn't given to the next client", async () => {
  const v1 = await rawBackend((socket) => {
    socket.once("data", () => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n");
      socket.on("data", () => socket.write("poison"));
    });
  });
  const { port } = await routerFor(shopTable({ v1: [v1] }));

  const answers: string[] = [];
  for (let asked = 0; asked < 3; asked++) answers.push(await raw(port, get("/", "Connection: close\r\n")));

  for (const answer of answers) expect(answer).toMatch(/\r\n\r\nok$/);
});

test("a response that lasts until its connection ends is passed on so", async () => {
  const v1 = await rawBackend((socket) =>
    socket.once("data", () => {
      socket.write("HTTP/1.0 200 OK\r\n\r\nall ");
      setTimeout(() => socket.end("of it"), 5);
    }),
  );
  const { port } = await routerFor(shopTable({ v1: [v1] }));

  const answer = await raw(port, get());

  expect(answer).toBe("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it");
});

test("methods outside the list count as OTHER, so that clients don't make series", async () => {
  const v1 = await rawBackend((socket) =>
    socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")),
  );
  const { router, port } = await routerFor(shopTable({ v1: [v1] }));

  await raw(port, "BREW / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n");

  expect(counted(router, { method: "OTHER", code: "200" })).toBe(1);
});
