import { createHash } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { afterEach, expect, test } from "vitest";
import { atEnd, backend, counted, echo, endAll, get, raw, rawBackend, routerFor, shopTable } from "./fixture.ts";

afterEach(endAll);

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
