import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createWireClient, type WireClient } from "./index.ts";

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A server of few words: discovery, and what `handler` says. */
async function serverOf(handler: Handler): Promise<WireClient> {
  const server = createServer((request, response) => {
    if (request.url !== "/api/v1") return handler(request, response);
    response.end(JSON.stringify({ resources: [{ name: "configmaps", kind: "ConfigMap", namespaced: true }] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = createWireClient({ baseUrl, token: "the-secret-token" });
  closers.push(async () => {
    await client.close();
    server.closeAllConnections();
    server.close();
  });
  return client;
}

const kind = { apiVersion: "v1", kind: "ConfigMap" };
const key = { ...kind, namespace: "default", name: "a" };
const object = { ...kind, metadata: { namespace: "default", name: "a" } };
const status = (code: number, reason: string, message = "no", causes: unknown = []) =>
  JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", reason, message, code, details: { causes } });

test("a read is tried again when the server is away for a moment; a write is not", async () => {
  const seen: string[] = [];
  const client = await serverOf((request, response) => {
    seen.push(request.method ?? "");
    if (seen.length === 1 || request.method === "POST") return void (request.socket as Socket).destroy();
    if (seen.length === 2) return void response.writeHead(503).end("busy");
    response.end(JSON.stringify(object));
  });

  expect(await client.get(key)).toEqual(object);
  await expect(client.create(object)).rejects.toMatchObject({ reason: "ServiceUnavailable", kind: "unavailable" });

  expect(seen).toEqual(["GET", "GET", "GET", "POST"]);
});

test("nobody listening is unavailable, without the token in its words", async () => {
  const client = createWireClient({ baseUrl: "http://127.0.0.1:1", token: "the-secret-token" });
  closers.push(() => client.close());

  const fault = await client.list(kind).catch((thrown: Error) => thrown);

  expect(fault).toMatchObject({ reason: "ServiceUnavailable", message: expect.stringContaining("ECONNREFUSED") });
  expect(JSON.stringify(fault) + String((fault as Error).stack)).not.toContain("the-secret-token");
});

test("a Status becomes an ApiFault with its violations", async () => {
  const causes = [{ reason: "FieldValueInvalid", message: "Invalid value: -1: at least 0", field: "spec.replicas" }];
  const client = await serverOf((_, response) => {
    response.writeHead(422).end(status(422, "Invalid", "is invalid", causes));
  });

  await expect(client.create(object)).rejects.toMatchObject({
    reason: "Invalid",
    code: 422,
    message: "is invalid",
    violations: [{ path: "spec.replicas", found: "-1", expected: "at least 0", reason: "FieldValueInvalid" }],
  });
});

test("what isn't there is undefined; a kind that isn't served is NotFound", async () => {
  const client = await serverOf((_, response) => {
    response.writeHead(404).end(status(404, "NotFound"));
  });

  expect(await client.get(key)).toBeUndefined();
  expect(await client.delete(key)).toBeUndefined();
  await expect(client.get({ ...key, kind: "Nothing" })).rejects.toMatchObject({ reason: "NotFound" });
});

test("what answers in other words than the API's is told by its code", async () => {
  const client = await serverOf((_, response) => {
    response.writeHead(418).end("<html>");
  });

  await expect(client.get(key)).rejects.toMatchObject({ reason: "InternalError", message: /418/ });
});

test("a watch's events are whole however the network cuts them, to the last letter", async () => {
  const event = `${JSON.stringify({ type: "ADDED", object: { ...object, data: { text: "grün 🦭" } } })}\n`;
  const bytes = Buffer.from(event.repeat(3));
  const client = await serverOf(async (_, response) => {
    for (let at = 0; at < bytes.length; at += 7) {
      response.write(bytes.subarray(at, at + 7));
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.end('{"type":"ADDED","object":{"cut');
  });

  const seen = [];
  for await (const each of client.watch(kind)) seen.push(each);

  expect(seen).toHaveLength(3);
  expect(seen[2]).toEqual({ type: "ADDED", object: { ...object, data: { text: "grün 🦭" } } });
});

test("an ERROR event is thrown, a broken connection is unavailable, a stop is neither", async () => {
  const behaviours: ((response: ServerResponse) => void)[] = [
    (response) => response.end(`{"type":"ERROR","object":${status(410, "Expired", "too old")}}\n`),
    (response) => void response.socket?.destroy(),
    () => {},
  ];
  const client = await serverOf((_, response) => {
    response.write('{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"7"}}}\n', () =>
      behaviours.shift()?.(response),
    );
  });
  const readAll = async (watch: ReturnType<WireClient["watch"]>, stop = false) => {
    for await (const event of watch) {
      expect(event).toEqual({ type: "BOOKMARK", resourceVersion: "7" });
      if (stop) watch.stop();
    }
  };

  await expect(readAll(client.watch(kind))).rejects.toMatchObject({ reason: "Expired", kind: "conflict" });
  await expect(readAll(client.watch(kind))).rejects.toMatchObject({ reason: "ServiceUnavailable" });
  await readAll(client.watch(kind), true);
});

test("warnings reach the writer", async () => {
  const client = await serverOf((_, response) => {
    response.setHeader("warning", ['299 - "unknown field \\"spec.x\\""', '299 - "second"']);
    response.end(JSON.stringify(object));
  });
  const warnings: string[] = [];

  await client.create(object, { onWarning: (text) => warnings.push(text) });

  expect(warnings).toEqual(['unknown field "spec.x"', "second"]);
});
