import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import http from "node:http";
import { millis, VirtualClock } from "@sluice/kernel";
import { afterEach, expect, test } from "vitest";
import type { MirrorEntry } from "../table.ts";
import { atEnd, backend, endAll, get, mirroredCount, raw, routerFor, shopTable, split, until } from "./fixture.ts";

afterEach(endAll);

const toCanary: MirrorEntry = { service: "shop.default", subset: "v2", percent: 100 };

/** Notes what comes, and answers as told. */
async function recorder(status = 200) {
  const seen: { readonly method: string; readonly url: string; readonly host: string; readonly body: string }[] = [];
  const { port } = await backend(async (request, response) => {
    const { method = "", url = "" } = request;
    seen.push({ method, url, host: request.headers.host ?? "", body: await textOf(request) });
    response.writeHead(status).end("from the mirror");
  });
  return { seen, port };
}

/** What came, also where it breaks off. */
async function textOf(message: IncomingMessage): Promise<string> {
  let text = "";
  message.on("data", (chunk) => (text += chunk));
  await once(message, "close").catch(() => {});
  return text;
}

const close = "Connection: close\r\n";

test("a mirror gets what the user asked, under a name of its own, and its answer is thrown away", async () => {
  const { port: v1 } = await backend(async (request, response) => response.end(`stable ${await textOf(request)}`));
  const copies = await recorder(500);
  const table = shopTable({ v1: [v1], v2: [copies.port] }, [split({ v1: 100 }, { mirrors: [toCanary] })]);
  const { router, port } = await routerFor(table);

  const head = `POST /cart?a=1 HTTP/1.1\r\nHost: shop.default:7080\r\nContent-Length: 5\r\n${close}`;
  const answer = await raw(port, `${head}\r\nhello`);
  await until(() => mirroredCount(router, { version: "v2", code: "500" }) === 1);

  expect(answer).toMatch(/^HTTP\/1\.1 200 OK/);
  expect(answer).toContain("stable hello");
  expect(copies.seen).toEqual([{ method: "POST", url: "/cart?a=1", host: "shop.default-shadow:7080", body: "hello" }]);
  // Nothing that a query about users' requests could see.
  expect(router.metricsText()).not.toMatch(/http_requests_total\{[^}]*version="v2"[^}]*code="500"/);
  expect(router.metricsText()).toMatch(/http_requests_total\{[^}]*version="v2"[^}]*code="200",endpoint="other"\} 0/);
  expect(router.stats).toMatchObject({ requests: 1, activeMirrors: 0, droppedMirrors: 0 });
});

test("a body that comes in pieces reaches the mirror whole, chunked as it came", async () => {
  const { port: v1 } = await backend(async (request, response) => response.end(await textOf(request)));
  const copies = await recorder();
  const table = shopTable({ v1: [v1], v2: [copies.port] }, [split({ v1: 100 }, { mirrors: [toCanary] })]);
  const { router, port } = await routerFor(table);

  const head = `POST / HTTP/1.1\r\nHost: shop.default\r\nTransfer-Encoding: chunked\r\n${close}\r\n`;
  const answer = await raw(port, [head, "3\r\nabc\r\n", "4\r\ndefg\r\n", "0\r\n\r\n"]);
  await until(() => mirroredCount(router, { version: "v2", code: "200" }) === 1);

  expect(answer).toContain("abcdefg");
  expect(copies.seen.map(({ body }) => body)).toEqual(["abcdefg"]);
});

test.each([
  ["refuses", async () => 1],
  ["hangs", async () => (await backend(() => {})).port],
  ["breaks off", async () => (await backend((request) => request.socket.destroy())).port],
])("a mirror that %s neither delays nor fails the request", async (_, mirrorPort) => {
  const { port: v1 } = await backend((_, response) => response.end("stable"));
  const table = shopTable({ v1: [v1], v2: [await mirrorPort()] }, [split({ v1: 100 }, { mirrors: [toCanary] })]);
  const { port } = await routerFor(table);

  const answers = await Promise.all(Array.from({ length: 20 }, () => raw(port, get("/", close))));

  for (const answer of answers) expect(answer).toContain("stable");
});

test("a mirror without a ready Pod is counted, and that is all", async () => {
  const { port: v1 } = await backend((_, response) => response.end("stable"));
  const table = shopTable({ v1: [v1], v2: [] }, [split({ v1: 100 }, { mirrors: [toCanary] })]);
  const { router, port } = await routerFor(table);

  expect(await raw(port, get("/", close))).toContain("stable");

  expect(mirroredCount(router, { service: "shop", version: "", code: "503" })).toBe(1);
});

test("a copy whose mirror takes nothing in is dropped, and the upload goes on", async () => {
  const { port: v1 } = await backend((request, response) => {
    let bytes = 0;
    request.on("data", (chunk: Buffer) => (bytes += chunk.length));
    request.on("end", () => response.end(String(bytes)));
  });
  // It never reads: what isn't in the sockets' buffers stays with us.
  const { port: v2 } = await backend((request) => void request.pause());
  const table = shopTable({ v1: [v1], v2: [v2] }, [split({ v1: 100 }, { mirrors: [toCanary] })]);
  const { router, port } = await routerFor(table);
  const size = 32 * 1024 * 1024;

  const request = http.request({ port, host: "127.0.0.1", method: "POST", headers: { host: "shop.default" } });
  request.end(Buffer.alloc(size, 0x61));
  const [response] = (await once(request, "response")) as [IncomingMessage];

  expect(await textOf(response)).toBe(String(size));
  expect(router.stats).toMatchObject({ droppedMirrors: 1, activeMirrors: 0 });
  expect(mirroredCount(router, { version: "v2", code: "499" })).toBe(1);
});

test("a mirror that doesn't answer is given up after the route's time", async () => {
  const { port: v1 } = await backend((_, response) => response.end("stable"));
  const { port: v2 } = await backend(() => {});
  const clock = new VirtualClock();
  const http = [split({ v1: 100 }, { mirrors: [toCanary], timeoutMillis: 2000 })];
  const { router, port } = await routerFor(shopTable({ v1: [v1], v2: [v2] }, http), { clock });
  await raw(port, get("/", close));
  expect(router.stats.activeMirrors).toBe(1);

  await clock.advance(millis(2000));

  expect(router.stats.activeMirrors).toBe(0);
  expect(mirroredCount(router, { version: "v2", code: "504" })).toBe(1);
});

test("a share of the requests is copied, and never more than are kept under way", async () => {
  const { port: v1 } = await backend((_, response) => response.end("stable"));
  const { port: v2 } = await backend(() => {});
  let turn = 0;
  // 0, 0.25, 0.5, 0.75, 0 …
  const random = { next: () => (turn++ % 4) / 4 };
  const http = [split({ v1: 100 }, { mirrors: [{ ...toCanary, percent: 50 }] })];
  const { router, port } = await routerFor(shopTable({ v1: [v1], v2: [v2] }, http), { random });

  for (let count = 0; count < 20; count++) {
    await raw(port, Array.from({ length: 30 }, () => get()).join("") + get("/", close));
  }

  expect(router.stats).toMatchObject({ requests: 620, activeMirrors: 256, droppedMirrors: 54 });
});

test("a client that leaves in the middle of its body takes the copy along", async () => {
  const { port: v1 } = await backend(() => {});
  const copies = await recorder();
  const table = shopTable({ v1: [v1], v2: [copies.port] }, [split({ v1: 100 }, { mirrors: [toCanary] })]);
  const { router, port } = await routerFor(table);
  const request = http.request({ port, host: "127.0.0.1", method: "POST", headers: { host: "shop.default" } });
  request.on("error", () => {});
  atEnd(() => request.destroy());
  request.write("begun");
  await until(() => router.stats.activeMirrors === 1);

  request.destroy();
  await until(() => router.stats.activeMirrors === 0);

  expect(mirroredCount(router, { version: "v2", code: "499" })).toBe(1);
});
