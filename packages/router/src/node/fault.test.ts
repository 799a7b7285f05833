import { millis, VirtualClock } from "@sluice/kernel";
import { afterEach, expect, test } from "vitest";
import type { HttpRouteEntry } from "../table.ts";
import { backend, counted, endAll, get, raw, routerFor, shopTable, split, until } from "./fixture.ts";

afterEach(endAll);

const close = "Connection: close\r\n";

async function shop(http: readonly HttpRouteEntry[], options: Parameters<typeof routerFor>[1] = {}) {
  const { port: v1 } = await backend((request, response) => {
    response.setHeader("x-secret", "inside");
    response.setHeader("x-version", "1");
    response.end(JSON.stringify(request.headers));
  });
  return routerFor(shopTable({ v1: [v1] }, http), options);
}

test("an abort answers in place of the Service, for its share, and isn't the version's doing", async () => {
  let turn = 0;
  const random = { next: () => (turn++ % 10) / 10 };
  const fault = { abort: { status: 503, percent: 30 } };
  const { router, port } = await shop([split({ v1: 100 }, { fault })], { random });

  const answers: string[] = [];
  for (let count = 0; count < 20; count++) answers.push(await raw(port, get("/", close)));

  expect(answers.filter((answer) => answer.startsWith("HTTP/1.1 503"))).toHaveLength(6);
  expect(answers[0]).toContain("FaultInjected");
  expect(counted(router, { version: "v1" })).toBe(14);
  expect(counted(router, { service: "shop", version: "", code: "503" })).toBe(6);
});

test("a fault hits whom its route matches", async () => {
  const fault = { abort: { status: 418, percent: 100 } };
  const testers = { match: [{ headers: { "x-tester": "present" } }], fault } as const;
  const { port } = await shop([split({ v1: 100 }, { id: "testers", ...testers }), split({ v1: 100 })]);

  expect(await raw(port, get("/", close))).toMatch(/^HTTP\/1\.1 200/);
  expect(await raw(port, get("/", `X-Tester: 1\r\n${close}`))).toMatch(/^HTTP\/1\.1 418/);
});

test("an abort without a body leaves the connection fit for the next request", async () => {
  const fault = { abort: { status: 204, percent: 100 } };
  const { port } = await shop([split({ v1: 100 }, { match: [{ uri: { exact: "/x" } }], fault }), split({ v1: 100 })]);

  const answers = await raw(port, get("/x") + get("/", close));

  expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 204", "HTTP/1.1 200"]);
  expect(answers.slice(0, answers.indexOf("HTTP/1.1 200"))).not.toMatch(/content-length/i);
});

test("a delay comes before the request, outside the route's timeout", async () => {
  const clock = new VirtualClock();
  const fault = { delay: { millis: 5000, percent: 100 } };
  const { router, port } = await shop([split({ v1: 100 }, { fault, timeoutMillis: 1000 })], { clock });
  let isAnswered = false;
  const answer = raw(port, get("/", close)).then((text) => {
    isAnswered = true;
    return text;
  });
  await until(() => router.stats.active === 1);

  await clock.advance(millis(4999));
  expect(isAnswered).toBe(false);
  expect(router.stats.active).toBe(1);
  await clock.advance(millis(1));

  expect(await answer).toMatch(/^HTTP\/1\.1 200/);
});

test("a client that leaves during the delay is forgotten", async () => {
  const clock = new VirtualClock();
  const fault = { delay: { millis: 5000, percent: 100 } };
  const { router, port } = await shop([split({ v1: 100 }, { fault })], { clock });
  const { connect } = await import("node:net");
  const client = connect(port, "127.0.0.1", () => client.write(get()));
  await until(() => router.stats.active === 1);

  client.destroy();
  await until(() => router.stats.active === 0);
  await clock.advance(millis(5000));

  expect(counted(router, { version: "v1" })).toBe(0);
  expect(counted(router, { service: "shop", code: "499" })).toBe(1);
});

test("headers are taken away, set and added, both ways", async () => {
  const headers = {
    request: { set: { "x-user": "masked", host: "inner.example" }, add: { "x-trace": "two" }, remove: ["cookie"] },
    response: { set: { "x-version": "2" }, add: { "x-by": "sluice" }, remove: ["x-secret"] },
  };
  const { port } = await shop([split({ v1: 100 }, { headers })]);

  const answer = await raw(port, get("/", `X-User: dana\r\nX-User: eve\r\nX-Trace: one\r\nCookie: a=b\r\n${close}`));
  const seen = JSON.parse(answer.slice(answer.indexOf("{")));

  expect(seen).toMatchObject({ "x-user": "masked", host: "inner.example", "x-trace": "one, two" });
  expect(seen.cookie).toBeUndefined();
  expect(answer).toMatch(/x-version: 2\r\n/);
  expect(answer).toMatch(/x-by: sluice\r\n/);
  expect(answer).not.toMatch(/x-secret|x-version: 1/i);
});
