import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { instant, minutes, VirtualClock } from "@sluice/kernel";
import { afterEach, expect, test } from "vitest";
import type { ClientCredentials } from "./client-credentials.ts";
import { afterwards, cleanUp, faultOf, never, read, serve } from "./outside.fixture.ts";
import { queryPlugin } from "./query-plugin.ts";
import { queryPrometheus } from "./query-prometheus.ts";
import { queryWeb } from "./query-web.ts";

afterEach(cleanUp);

/** A token server that notes what it was asked, and a metric server that says who asks. */
async function world(
  answer: (request: { readonly authorization: string | undefined; readonly body: string }) => [number, string],
) {
  const asked: string[] = [];
  const tokenUrl = await serve(async (request, response) => {
    const body = await read(request);
    const { authorization } = request.headers;
    asked.push(`${authorization ?? "-"} ${body}`);
    const [status, text] = answer({ authorization, body });
    response.writeHead(status).end(text);
  });
  const url = await serve((request, response) => response.end(JSON.stringify(request.headers.authorization ?? "none")));
  const clock = new VirtualClock(instant(1_800_000_000_000));
  const oauth2: ClientCredentials = { tokenUrl, clientId: "shop", clientSecret: "s3cr3t", scopes: ["metrics", "read"] };
  const ask = () => queryWeb({ url, authentication: { oauth2 } }, never, clock);
  return { asked, ask, clock, oauth2 };
}

const token = (fields: object = {}) =>
  JSON.stringify({ access_token: "abc", token_type: "bearer", expires_in: 300, ...fields });

test("a token by client credentials is asked for once while it lives", async () => {
  const { asked, ask, clock } = await world(() => [200, token()]);

  const answers = [await ask(), await ask()];
  await clock.advance(minutes(5), async () => {});
  await ask();

  expect(answers.map(({ parsed }) => parsed)).toEqual(["Bearer abc", "Bearer abc"]);
  const basic = Buffer.from("shop:s3cr3t").toString("base64");
  expect(asked).toEqual(Array(2).fill(`Basic ${basic} grant_type=client_credentials&scope=metrics+read`));
});

test("a token that the provider no longer takes is dropped: the next question has another", async () => {
  let issued = 0;
  const { oauth2, clock } = await world(() => [200, token({ access_token: `t${++issued}` })]);
  const url = await serve((request, response) => {
    response.writeHead(request.headers.authorization === "Bearer t1" ? 401 : 200).end("1");
  });
  const ask = () => queryWeb({ url, authentication: { oauth2 } }, never, clock);

  expect((await faultOf(ask())).message).toContain("401");
  expect((await ask()).parsed).toBe(1);
});

test("a token has the last word over a header of the same name, a header over the address's own credentials", async () => {
  const { clock, oauth2 } = await world(() => [200, token()]);
  const seen: (readonly string[])[] = [];
  const url = await serve((request, response) => {
    seen.push(request.headersDistinct.authorization ?? []);
    response.end(JSON.stringify({ status: "success", data: { resultType: "scalar", result: [0, "1"] } }));
  });
  const inAddress = url.replace("//", "//ada:secret@");
  const headers = [
    { key: "Authorization", value: "Own one" },
    { key: "authorization", value: "Own two" },
  ];

  for (const authentication of [{ oauth2 }, {}]) {
    await queryWeb({ url: inAddress, headers, authentication }, never, clock);
    await queryPrometheus({ address: inAddress, query: "up", headers, authentication }, never, clock);
  }

  expect(seen).toEqual([["Bearer abc"], ["Bearer abc"], ["Own two"], ["Own two"]]);
});

test("a token without a lifetime is used once", async () => {
  const { asked, ask } = await world(() => [200, token({ expires_in: undefined })]);

  await ask();
  await ask();

  expect(asked).toHaveLength(2);
});

test("a server that knows the credentials only in the form gets them there", async () => {
  const { ask } = await world(({ authorization, body }) =>
    authorization === undefined && body.includes("client_id=shop&client_secret=s3cr3t") ? [200, token()] : [401, ""],
  );

  expect((await ask()).parsed).toBe("Bearer abc");
});

test("Prometheus gets the token, too", async () => {
  const { oauth2, clock } = await world(() => [200, token()]);
  const address = await serve((request, response) => {
    const value = request.headers.authorization === "Bearer abc" ? "1" : "0";
    response.end(JSON.stringify({ status: "success", data: { resultType: "scalar", result: [1, value] } }));
  });

  const measured = await queryPrometheus({ address, query: "up", authentication: { oauth2 } }, never, clock);

  expect(measured.parsed).toBe(1);
});

test.each([
  [401, "s3cr3t is wrong", "forbidden", /gave no token: HTTP status 401/],
  [500, "s3cr3t", "unavailable", /gave no token: HTTP status 500/],
  [200, "s3cr3t", "unavailable", /no JSON/],
  [200, "{}", "unavailable", /no access_token/],
])("a token server that answers %d %j is a fault without a secret", async (status, body, kind, message) => {
  const { ask } = await world(() => [status, body]);

  const fault = await faultOf(ask());

  expect(fault).toMatchObject({ kind, message: expect.stringMatching(message) });
  expect(fault.message).not.toContain("s3cr3t");
});

function program(script: string) {
  const folder = mkdtempSync(join(tmpdir(), "plugin-"));
  afterwards(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "plugin.mjs");
  writeFileSync(path, script);
  return { is: "program", name: "acme/ask", path: process.execPath, arguments: [path], timeoutSeconds: 20 } as const;
}

const question = { metric: "errors", namespace: "shop", config: { query: "q", token: "s3cr3t" } };
const reading =
  'let text = ""; for await (const piece of process.stdin) text += piece; const asked = JSON.parse(text);';

test("a program is asked by one JSON document, and answers by one", async () => {
  const door = program(`${reading} console.log(JSON.stringify({ value: { rate: 0.25, asked } }));`);

  const { parsed, value } = await queryPlugin(door, question, never);

  expect(parsed).toEqual({ rate: 0.25, asked: { apiVersion: "sluice.dev/metric-plugin/v1", ...question } });
  expect(JSON.parse(value)).toEqual(parsed);
});

test("an endpoint is asked the same by POST", async () => {
  const url = await serve(async (request, response) => {
    response.end(JSON.stringify({ value: [request.method, JSON.parse(await read(request)).metric] }));
  });

  const door = { is: "endpoint", name: "acme/ask", url, timeoutSeconds: 5 } as const;

  expect((await queryPlugin(door, question, never)).parsed).toEqual(["POST", "errors"]);
});

test.each([
  ['console.log(JSON.stringify({ error: "no such series" }))', "metric plugin acme/ask: no such series"],
  ['console.error("token s3cr3t"); process.exit(3)', "metric plugin acme/ask ended with exit code 3"],
  ['console.log("token s3cr3t")', "metric plugin acme/ask answered garbage: no JSON"],
  ['console.log("[1]")', "metric plugin acme/ask answered garbage: no JSON object"],
  ['console.log("{}")', "metric plugin acme/ask answered neither value nor error"],
  [
    'process.stdout.write("x".repeat(2 * 1024 * 1024)); setInterval(() => {}, 1000)',
    "metric plugin acme/ask answered more than 1 MiB",
  ],
])("a program that does %s is a fault that says so", async (script, message) => {
  expect(await faultOf(queryPlugin(program(script), question, never))).toEqual({ kind: "unavailable", message });
});

test("a program that isn't there, never ends or is no longer wanted is a fault", async () => {
  const absent = { ...program(""), path: "/nowhere/plugin" };
  const endless = program("setInterval(() => {}, 1000)");
  const controller = new AbortController();

  const cancelled = faultOf(queryPlugin(endless, question, controller.signal));
  controller.abort();

  expect((await faultOf(queryPlugin(absent, question, never))).message).toBe(
    "metric plugin acme/ask can't be run: ENOENT",
  );
  expect((await cancelled).message).toBe("metric plugin acme/ask was cancelled");
  const late = await faultOf(queryPlugin({ ...endless, timeoutSeconds: 0.2 }, question, never));
  expect(late.message).toBe("metric plugin acme/ask gave no answer within 0.2 s");
});
