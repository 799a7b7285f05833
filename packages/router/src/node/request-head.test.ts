import fc from "fast-check";
import { expect, test } from "vitest";
import { isRefusal, parseRequestHead, type RequestHead } from "./request-head.ts";
import { parseResponseHead } from "./response-head.ts";

const parse = (lines: readonly string[]): RequestHead => {
  const head = parseRequestHead(`${lines.join("\r\n")}\r\n\r\n`);
  if (isRefusal(head)) throw new Error(head.reason);
  return head;
};

test("an ordinary head is read, its hop-by-hop fields dropped, everything else kept as it came", () => {
  const head = parse([
    "POST /a?b=c HTTP/1.1",
    "X-First:1",
    "Host: shop.default:80",
    "Connection: keep-alive, X-Private",
    "Keep-Alive: timeout=5",
    "X-Private: secret",
    "Content-Length:   12  ",
    "Cookie: a=1",
    "X-Last: \ttwo words\xe9",
  ]);

  expect(head).toMatchObject({
    method: "POST",
    target: "/a?b=c",
    host: "shop.default:80",
    length: 12,
    keepAlive: true,
  });
  expect(head.lines).toBe("X-First:1\r\nContent-Length:   12  \r\nCookie: a=1\r\nX-Last: \ttwo words\xe9\r\n");
  expect(head.cookie).toBe("a=1");
});

test("whether the connection stays follows version and Connection", () => {
  const stays = (version: string, ...fields: string[]) =>
    parse([`GET / HTTP/${version}`, "Host: a", ...fields]).keepAlive;

  expect([stays("1.1"), stays("1.1", "Connection: Close"), stays("1.1", "Connection: foo, close")]).toEqual([
    true,
    false,
    false,
  ]);
  expect([stays("1.0"), stays("1.0", "Connection: Keep-Alive")]).toEqual([false, true]);
});

test("the authority of an absolute target goes before Host", () => {
  expect(parse(["GET http://a.example/x?y HTTP/1.1", "Host: b"])).toMatchObject({ host: "a.example", target: "/x?y" });
  expect(parse(["GET http://a.example?y HTTP/1.1", "Host: b"])).toMatchObject({ host: "a.example", target: "/?y" });
  expect(parse(["OPTIONS * HTTP/1.1", "Host: b"])).toMatchObject({ host: "b", target: "*" });
});

test("chunked is the one coding, and TE keeps only trailers", () => {
  const head = parse(["PUT / HTTP/1.1", "Host: a", "Transfer-Encoding: Chunked", "TE: gzip, trailers"]);

  expect(head.length).toBe(-1);
  expect(head.lines).toBe("Transfer-Encoding: Chunked\r\nTE: trailers\r\n");
});

const host = "Host: a\r\n";
test.each([
  ["GET / HTTP/1.1\r\n\r\n", 400],
  [`GET / HTTP/1.1\r\n${host}${host}\r\n`, 400],
  [`GET / HTTP/1.1\r\nHost: a b\r\n\r\n`, 400],
  [`GET / HTTP/1.1\r\nHost: user@a\r\n\r\n`, 400],
  [`GET / HTTP/2.0\r\n${host}\r\n`, 505],
  [`GET / HTTP/1.1 \r\n${host}\r\n`, 400],
  [`GET  / HTTP/1.1\r\n${host}\r\n`, 400],
  [`GET /a b HTTP/1.1\r\n${host}\r\n`, 400],
  [`GET a HTTP/1.1\r\n${host}\r\n`, 400],
  [`G@T / HTTP/1.1\r\n${host}\r\n`, 400],
  [`GET /\x00 HTTP/1.1\r\n${host}\r\n`, 400],
  [`CONNECT a:80 HTTP/1.1\r\n${host}\r\n`, 501],
  [`GET / HTTP/1.1\r\n${host}A : b\r\n\r\n`, 400],
  [`GET / HTTP/1.1\r\n${host} folded\r\n\r\n`, 400],
  [`GET / HTTP/1.1\r\n${host}A: b\r\n folded\r\n\r\n`, 400],
  [`GET / HTTP/1.1\r\n${host}A: b\nB: c\r\n\r\n`, 400],
  [`GET / HTTP/1.1\r\n${host}A: b\rB: c\r\n\r\n`, 400],
  [`GET / HTTP/1.1\r\n${host}A: \x00\r\n\r\n`, 400],
  [`GET / HTTP/1.1\r\n${host}: b\r\n\r\n`, 400],
  [`GET / HTTP/1.1\r\n${host}A\r\n\r\n`, 400],
  [`POST / HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 1\r\n\r\n`, 400],
  [`POST / HTTP/1.1\r\n${host}Content-Length: +1\r\n\r\n`, 400],
  [`POST / HTTP/1.1\r\n${host}Content-Length: 1, 1\r\n\r\n`, 400],
  [`POST / HTTP/1.1\r\n${host}Content-Length: 0x1\r\n\r\n`, 400],
  [`POST / HTTP/1.1\r\n${host}Content-Length:\r\n\r\n`, 400],
  [`POST / HTTP/1.1\r\n${host}Content-Length: 99999999999999999\r\n\r\n`, 400],
  [`POST / HTTP/1.1\r\n${host}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`, 400],
  [`POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`, 400],
  [`POST / HTTP/1.1\r\n${host}Transfer-Encoding: gzip, chunked\r\n\r\n`, 501],
  [`POST / HTTP/1.1\r\n${host}Transfer-Encoding: xchunked\r\n\r\n`, 501],
  [`POST / HTTP/1.1\r\n${host}Transfer-Encoding:\x0bchunked\r\n\r\n`, 400],
  [`POST / HTTP/1.0\r\n${host}Transfer-Encoding: chunked\r\n\r\n`, 400],
  [`POST / HTTP/1.1\r\n${host}Connection: Content-Length\r\nContent-Length: 5\r\n\r\n`, 400],
  [`POST / HTTP/1.1\r\n${host}Expect: magic\r\n\r\n`, 417],
  [`GET / HTTP/1.1\r\n${host}${"A: b\r\n".repeat(300)}\r\n`, 431],
])("%j is refused", (text, code) => {
  expect(parseRequestHead(text)).toMatchObject({ code });
});

test("an upgrade that may be passed over is passed over", () => {
  const head = parse([
    "GET / HTTP/1.1",
    "Host: a",
    "Connection: Upgrade, HTTP2-Settings",
    "Upgrade: h2c",
    "HTTP2-Settings: x",
  ]);

  expect(head.lines).toBe("");
  expect(head.upgrade).toBeUndefined();
});

test("an upgrade is known by both of its fields, which go no further by themselves", () => {
  const websocket = ["GET / HTTP/1.1", "Host: a", "Upgrade: WebSocket", "Sec-WebSocket-Version: 13"];

  expect(parse([...websocket, "Connection: keep-alive, Upgrade"])).toMatchObject({
    upgrade: "WebSocket",
    lines: "Sec-WebSocket-Version: 13\r\n",
  });
  expect(parse(websocket).upgrade).toBeUndefined();
  expect(parse(["GET / HTTP/1.1", "Host: a", "Connection: Upgrade"]).upgrade).toBeUndefined();
});

const piece = fc.oneof(
  fc.constantFrom(
    "GET / HTTP/1.1\r\n",
    "HTTP/1.1 200 OK\r\n",
    "Host: a\r\n",
    "Content-Length: 5\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Connection: close, host\r\n",
    "Cookie: a=b\r\n",
    "\r",
    "\n",
    "\r\n",
    ": ",
    " ",
    "\t",
  ),
  fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 6 }),
);

test("whatever comes, it is refused or passed on as whole lines; nothing throws", () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const body = pieces.join("");
      const end = body.indexOf("\r\n\r\n");
      const text = end < 0 ? `${body}\r\n\r\n` : body.slice(0, end + 4);
      const request = parseRequestHead(text);
      const lines = isRefusal(request) ? [] : [request.lines];
      const response = parseResponseHead(text, text.length);
      if (response !== undefined) lines.push(response.lines);

      for (const kept of lines) {
        expect(kept === "" || kept.endsWith("\r\n")).toBe(true);
        for (const line of kept.split("\r\n").slice(0, -1)) expect(line).toMatch(/^[^\s:]+:[^\r\n\0]*$/);
      }
    }),
    { numRuns: 3000 },
  );
});
