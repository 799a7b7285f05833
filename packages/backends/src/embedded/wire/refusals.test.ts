import { request as httpsRequest, type RequestOptions } from "node:https";
import { connect } from "node:tls";
import { builtInKinds } from "@sluice/api";
import { expect, test } from "vitest";
import { type WireWorld, wireWorld } from "./wire-world.fixture.ts";

interface Answer {
  readonly code: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

function ask(world: WireWorld, options: RequestOptions & { path: string; body?: string | Buffer }): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = httpsRequest({
      host: "127.0.0.1",
      port: world.port,
      ca: world.authority,
      servername: "localhost",
      agent: false,
      ...options,
      headers: { authorization: `Bearer ${world.token}`, ...(options.headers as object) },
    });
    call.on("error", reject);
    call.on("response", (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text) => {
        body += text;
      });
      response.on("end", () => resolve({ code: response.statusCode ?? 0, headers: response.headers, body }));
      response.on("error", reject);
    });
    call.end(options.body);
  });
}

const inWorld = (name: string, story: (world: WireWorld) => Promise<void>) =>
  test(name, async () => {
    const world = await wireWorld(builtInKinds());
    try {
      await story(world);
    } finally {
      await world.close();
    }
  });

const configMaps = "/api/v1/namespaces/default/configmaps";
const json = { "content-type": "application/json" };

inWorld("no token, a wrong one, and other schemes are refused", async (world) => {
  for (const authorization of ["", "Bearer wrong", `Basic ${world.token}`, `Bearer ${world.token}x`]) {
    const { code, headers, body } = await ask(world, { path: "/api", headers: { authorization } });

    expect(code).toBe(401);
    expect(headers["www-authenticate"]).toContain("Bearer");
    expect(JSON.parse(body)).toMatchObject({ kind: "Status", reason: "Unauthorized", code: 401 });
    expect(body).not.toContain(world.token);
  }
});

inWorld("the path tells nothing to those without a token", async (world) => {
  const headers = { authorization: "" };

  expect((await ask(world, { path: "/api/v1/nothing", headers })).code).toBe(401);
  expect((await ask(world, { path: `${configMaps}/nothing`, headers })).code).toBe(401);
});

inWorld("health needs no token", async (world) => {
  for (const path of ["/livez", "/readyz", "/healthz", "/readyz/ping?verbose"]) {
    expect(await ask(world, { path, headers: { authorization: "" } })).toMatchObject({ code: 200, body: "ok" });
  }
});

inWorld("a foreign Host or Origin is refused, health included", async (world) => {
  const foreign = [
    { host: "evil.example" },
    { host: "127.0.0.1.evil.example:7443" },
    { host: "[::1].evil.example" },
    { origin: "https://evil.example" },
    { origin: "http://localhost:3000" },
    { origin: "null" },
    { "sec-fetch-site": "cross-site" },
  ];
  for (const headers of foreign) {
    for (const path of ["/livez", "/api"]) {
      const { code, body } = await ask(world, { path, headers });

      expect(code, JSON.stringify(headers)).toBe(403);
      expect(JSON.parse(body)).toMatchObject({ reason: "Forbidden" });
    }
  }
  expect((await ask(world, { path: "/api", headers: { host: `localhost:${world.port}` } })).code).toBe(200);
  expect((await ask(world, { path: "/api", headers: { host: `[::1]:${world.port}` } })).code).toBe(200);
});

inWorld("100 MB are refused before they are read", async (world) => {
  const before = process.memoryUsage().rss;
  const announced = await ask(world, {
    method: "POST",
    path: configMaps,
    headers: { ...json, "content-length": String(100 * 1024 * 1024) },
    body: "{",
  }).catch((error: Error) => error);

  expect(announced).toMatchObject({ code: 413 });
  expect(JSON.parse((announced as Answer).body)).toMatchObject({ reason: "RequestEntityTooLarge" });
  expect(process.memoryUsage().rss - before).toBeLessThan(50 * 1024 * 1024);
});

inWorld("a body that says nothing of its length is cut at the limit, with an answer", async (world) => {
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port: world.port, ca: world.authority, servername: "localhost" });
    let text = "";
    socket.on("data", (data) => {
      text += data;
    });
    socket.on("close", () => resolve(text));
    socket.on("error", (error) => (text === "" ? reject(error) : resolve(text)));
    socket.write(
      `POST ${configMaps} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${world.token}\r\n` +
        "content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
    );
    const chunk = Buffer.alloc(1024 * 1024, 32);
    for (let i = 0; i < 4; i++) {
      socket.write(`${chunk.length.toString(16)}\r\n`);
      socket.write(chunk);
      socket.write("\r\n");
    }
  });

  expect(answer).toContain("HTTP/1.1 413");
});

inWorld("too large a head is refused in words", async (world) => {
  const { code, body } = await ask(world, { path: "/api", headers: { "x-large": "x".repeat(64 * 1024) } });

  expect(code).toBe(431);
  expect(JSON.parse(body)).toMatchObject({ kind: "Status" });
});

const badBodies: readonly [string, string | Buffer, string, number][] = [
  ["no JSON", '{"data":{"password":"hunter2"', "application/json", 400],
  ["nested too deeply", `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`, "application/json", 400],
  ["YAML nested too deeply", "[".repeat(100_000), "application/yaml", 400],
  ["a YAML alias bomb", aliasBomb(), "application/yaml", 400],
  ["__proto__", '{"metadata":{"name":"x"},"__proto__":{"polluted":true}}', "application/json", 400],
  ["__proto__ in YAML", "metadata:\n  name: x\n__proto__: {polluted: true}\n", "application/yaml", 400],
  ["a list", "[]", "application/json", 400],
  ["nothing", "", "application/json", 400],
  ["metadata of another type", '{"metadata":"x"}', "application/json", 400],
  ["another kind", '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"}}', "application/json", 400],
  ["another namespace", '{"metadata":{"name":"x","namespace":"other"}}', "application/json", 400],
  ["an unknown type", "{}", "text/plain", 415],
  ["broken protobuf", Buffer.from("k8s\0\x0a\xff"), "application/vnd.kubernetes.protobuf", 400],
  ["no protobuf at all", Buffer.from("{}"), "application/vnd.kubernetes.protobuf", 400],
];

inWorld("bodies that are no object of the kind are refused, and nothing secret is in the words", async (world) => {
  for (const [name, body, type, code] of badBodies) {
    const answer = await ask(world, { method: "POST", path: configMaps, headers: { "content-type": type }, body });

    expect(answer.code, `${name}: ${answer.body}`).toBe(code);
    expect(JSON.parse(answer.body)).toMatchObject({ kind: "Status", status: "Failure" });
    expect(answer.body).not.toContain("hunter2");
  }
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});

inWorld("a doubled field is refused, told, or let pass, as the caller asks", async (world) => {
  const body = '{"metadata":{"name":"x"},"data":{"a":"1","a":"2"}}';
  const post = (validation: string) =>
    ask(world, {
      method: "POST",
      path: `${configMaps}?dryRun=All&fieldValidation=${validation}`,
      headers: json,
      body,
    });

  expect(await post("Strict")).toMatchObject({
    code: 400,
    body: expect.stringContaining('duplicate field \\"data.a\\"'),
  });
  expect((await post("Warn")).headers.warning).toContain('299 - "duplicate field \\"data.a\\""');
  expect((await post("Ignore")).headers.warning).toBeUndefined();
  expect((await post("Sometimes")).code).toBe(400);
});

inWorld("odd paths and methods are answered in the API's words", async (world) => {
  const cases: readonly [string, string, number][] = [
    ["GET", "/nothing", 404],
    ["GET", "/api/v2", 404],
    ["GET", "/api/v1/nothing", 404],
    ["GET", `${configMaps}/a/b/c`, 404],
    ["GET", "/api/v1/namespaces/default/namespaces", 404],
    ["GET", "/api/v1/configmaps/x", 404],
    ["GET", `${configMaps}/%2e%2e%2fsecrets`, 400],
    ["GET", `${configMaps}/%zz`, 400],
    ["POST", "/api/v1/configmaps", 405],
    ["PUT", configMaps, 405],
    ["DELETE", "/version", 405],
    ["TRACE", "/api", 405],
    ["OPTIONS", configMaps, 405],
    ["GET", `${configMaps}?limit=-1`, 400],
    ["GET", `${configMaps}?labelSelector=a%20b`, 400],
    ["GET", `${configMaps}?fieldSelector=spec.x%3D1`, 400],
    ["GET", `${configMaps}?continue=nonsense`, 400],
    ["GET", `${configMaps}?watch=perhaps`, 400],
    ["GET", `${configMaps}?watch=1&resourceVersion=x`, 400],
    ["GET", `${configMaps}?resourceVersion=999999999`, 504],
    ["GET", `${configMaps}?resourceVersionMatch=Exact`, 422],
    ["GET", `${configMaps}?watch=1&sendInitialEvents=true`, 422],
    ["GET", `${configMaps}?sendInitialEvents=true&resourceVersionMatch=NotOlderThan`, 422],
  ];
  for (const [method, path, code] of cases) {
    const answer = await ask(world, { method, path });

    expect(answer.code, `${method} ${path}: ${answer.body}`).toBe(code);
    expect(JSON.parse(answer.body)).toMatchObject({ kind: "Status", code });
  }
});

inWorld("what only others could read is refused", async (world) => {
  expect(
    (await ask(world, { path: configMaps, headers: { accept: "application/vnd.kubernetes.protobuf" } })).code,
  ).toBe(406);
  expect((await ask(world, { path: configMaps, headers: { accept: "text/html" } })).code).toBe(406);
  expect((await ask(world, { path: configMaps, headers: { accept: "*/*" } })).code).toBe(200);
});

inWorld("a large list is compressed for those who ask", async (world) => {
  const data = { text: "sluice ".repeat(30_000) };
  await world.store.create({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "large", namespace: "default" },
    data,
  } as never);

  const { headers, code } = await ask(world, { path: configMaps, headers: { "accept-encoding": "gzip" } });

  expect(code).toBe(200);
  expect(headers["content-encoding"]).toBe("gzip");
  expect(Number(headers["content-length"])).toBeLessThan(20_000);
  expect((await ask(world, { path: configMaps })).headers["content-encoding"]).toBeUndefined();
});

inWorld("only loopback is listened on", async (world) => {
  const { createWireServer } = await import("./wire-server.ts");
  const { serverIdentity } = await import("../tls/server-identity.ts");
  const { realClock } = await import("./wire-world.fixture.ts");
  const tls = await serverIdentity(`${world.folder}/tls`, realClock.now());
  const server = createWireServer({ client: world.store, kinds: world.kinds, clock: realClock, tls, tokens: [] });

  expect(() => server.listen(0, "0.0.0.0")).toThrow(/loopback only: found 0.0.0.0/);
});

function aliasBomb(): string {
  const levels = Array.from({ length: 12 }, (_, i) => `l${i + 1}: &l${i + 1} [${`*l${i}, `.repeat(10)}]`);
  return `l0: &l0 [x]\n${levels.join("\n")}\n`;
}
