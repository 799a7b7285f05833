import { createHash } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { afterEach, expect, test } from "vitest";
import { atEnd, backend, counted, endAll, get, raw, routerFor, shopTable, split } from "./fixture.ts";

afterEach(endAll);

/** A backend on a bare socket, answering as told. */
async function rawBackend(onConnection: (socket: net.Socket) => void) {
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    onConnection(socket);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  atEnd(() => server.close());
  return (server.address() as net.AddressInfo).port;
}

const echo: http.RequestListener = (request, response) => {
  let body = "";
  request.on("data", (chunk) => (body += chunk));
  request.on("end", () => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }));
  });
};

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

test("200 MB go up and come down without being kept", async () => {
  const size = 200 * 1024 * 1024;
  const { port: v1 } = await backend((request, response) => {
    const hash = createHash("sha1");
    request.on("data", (chunk) => hash.update(chunk));
    request.on("end", () => {
      response.setHeader("x-digest", hash.digest("hex"));
      response.setHeader("content-length", size);
      const block = Buffer.alloc(1024 * 1024, "y");
      let sent = 0;
      const more = () => {
        while (sent < size) {
          sent += block.length;
          if (!response.write(block)) {
            response.once("drain", more);
            return;
          }
        }
        response.end();
      };
      more();
    });
  });
  const { port } = await routerFor(shopTable({ v1: [v1] }));
  const block = Buffer.alloc(1024 * 1024, "x");
  const expected = createHash("sha1");
  let peak = 0;
  const before = process.memoryUsage().rss;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss - before)), 10);
  atEnd(() => clearInterval(watch));

  const request = http.request({
    port,
    host: "127.0.0.1",
    method: "PUT",
    headers: { host: "shop", "content-length": size },
  });
  for (let sent = 0; sent < size; sent += block.length) {
    expected.update(block);
    if (!request.write(block)) await once(request, "drain");
  }
  request.end();
  const [response] = (await once(request, "response")) as [http.IncomingMessage];
  let received = 0;
  for await (const chunk of response) received += chunk.length;

  expect(response.headers["x-digest"]).toBe(expected.digest("hex"));
  expect(received).toBe(size);
  // Client, router and backend share this process: what is measured is far below one copy of the body.
  expect(peak).toBeLessThan(120 * 1024 * 1024);
});

test("a reader that stops reading stops its backend, not the router's memory", async () => {
  let written = 0;
  const { port: v1 } = await backend((_, response) => {
    const block = Buffer.alloc(256 * 1024);
    const more = () => {
      do written += block.length;
      while (!response.destroyed && response.write(block));
      response.once("drain", more);
    };
    more();
  });
  const { port } = await routerFor(shopTable({ v1: [v1] }));
  const socket = net.connect(port, "127.0.0.1");
  atEnd(() => socket.destroy());
  socket.write(get());
  await once(socket, "readable");

  let before = -1;
  while (before !== written) {
    before = written;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }

  expect(written).toBeLessThan(32 * 1024 * 1024);
});

test("a backend that stops reading stops its client, not the router's memory", async () => {
  const v1 = await rawBackend((socket) => socket.pause());
  const { port } = await routerFor(shopTable({ v1: [v1] }));
  const socket = net.connect(port, "127.0.0.1");
  atEnd(() => socket.destroy());
  socket.write("PUT / HTTP/1.1\r\nHost: shop\r\nContent-Length: 1000000000\r\n\r\n");
  const block = Buffer.alloc(256 * 1024);
  let written = 0;
  const more = () => {
    do written += block.length;
    while (socket.write(block));
    socket.once("drain", more);
  };
  more();

  let before = -1;
  while (before !== written) {
    before = written;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }

  expect(written).toBeGreaterThan(256 * 1024);
  expect(written).toBeLessThan(32 * 1024 * 1024);
});

test("events are passed on as they are sent", async () => {
  let send = (_: string) => {};
  const { port: v1 } = await backend((_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.flushHeaders();
    send = (text) => response.write(text);
  });
  const { port } = await routerFor(shopTable({ v1: [v1] }));
  const request = http.get({ port, host: "127.0.0.1", headers: { host: "shop" } });
  const [response] = (await once(request, "response")) as [http.IncomingMessage];

  const seen: string[] = [];
  for (const event of ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"]) {
    send(event);
    const [chunk] = await once(response, "data");
    seen.push(String(chunk));
  }
  request.destroy();

  expect(seen).toEqual(["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"]);
});

test("a slow upload arrives piece by piece", async () => {
  const pieces: string[] = [];
  const { port: v1 } = await backend((request, response) => {
    request.on("data", (chunk) => {
      pieces.push(String(chunk));
      request.emit("piece");
    });
    request.on("end", () => response.end("done"));
    received(request);
  });
  let received = (_: http.IncomingMessage) => {};
  const arrived = new Promise<http.IncomingMessage>((resolve) => (received = resolve));
  const { port } = await routerFor(shopTable({ v1: [v1] }));
  const request = http.request({ port, host: "127.0.0.1", method: "POST", headers: { host: "shop" } });
  request.flushHeaders();
  const incoming = await arrived;

  for (const piece of ["one", "two", "three"]) {
    const seen = once(incoming, "piece");
    request.write(piece);
    await seen;
  }
  request.end();
  const [response] = (await once(request, "response")) as [http.IncomingMessage];

  expect(pieces).toEqual(["one", "two", "three"]);
  expect(response.statusCode).toBe(200);
  response.resume();
});

test("chunked bodies, extensions and trailers pass in both directions", async () => {
  const { port: v1 } = await backend((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      response.writeHead(200, { trailer: "x-sum" });
      response.write(`${body}|${request.trailers["x-up"]}`);
      response.addTrailers({ "x-sum": "42" });
      response.end();
    });
  });
  const { port } = await routerFor(shopTable({ v1: [v1] }));

  const answer = await raw(port, [
    "POST / HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\nTrailer: X-Up\r\nConnection: close\r\n\r\n5;a=b\r\nhe",
    "llo\r",
    "\n0\r\nX-Up: 7\r\n\r",
    "\n",
  ]);

  expect(answer).toContain("hello|7");
  expect(answer).toMatch(/0\r\nx-sum: 42\r\n\r\n$/i);
});

test("an answer that comes before the end of an upload reaches the client", async () => {
  const { port: v1 } = await backend((_, response) => response.writeHead(413).end("too large"));
  const { router, port } = await routerFor(shopTable({ v1: [v1] }));
  const parts = ["PUT / HTTP/1.1\r\nHost: shop\r\nContent-Length: 100000000\r\n\r\n"];
  for (let count = 0; count < 20; count++) parts.push("x".repeat(50_000));

  const answer = await raw(port, parts, "too large");

  expect(answer).toMatch(/^HTTP\/1\.1 413 [\s\S]*Connection: close\r\n/);
  expect(counted(router, { version: "v1", method: "PUT", code: "413" })).toBe(1);
});

test("an HTTP/1.0 client gets its body without chunks", async () => {
  const { port: v1 } = await backend((_, response) => {
    response.write("one");
    setTimeout(() => response.end("two"), 10);
  });
  const { port } = await routerFor(shopTable({ v1: [v1] }));

  const answer = await raw(port, "GET / HTTP/1.0\r\nHost: shop\r\n\r\n");

  expect(answer).toMatch(/\r\n\r\nonetwo$/);
  expect(answer.toLowerCase()).not.toContain("transfer-encoding");
});

test("100-continue and early hints are passed on, and the body waits for the first", async () => {
  const { port: v1 } = await backend(echo, (server) => {
    server.on("checkContinue", (request, response) => {
      response.writeEarlyHints({ link: "</a.css>; rel=preload" });
      response.writeContinue();
      echo(request, response);
    });
  });
  const { port } = await routerFor(shopTable({ v1: [v1] }));
  const socket = net.connect(port, "127.0.0.1");
  atEnd(() => socket.destroy());
  let text = "";
  socket.on("data", (chunk) => (text += chunk));
  socket.write(
    "POST / HTTP/1.1\r\nHost: shop\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n",
  );
  while (!text.includes("100 Continue")) await once(socket, "data");

  socket.write("hi");
  await once(socket, "close");

  expect(text).toMatch(/^HTTP\/1\.1 103 Early Hints\r\nlink: [\s\S]*HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/i);
  expect(text).toContain('"body":"hi"');
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
