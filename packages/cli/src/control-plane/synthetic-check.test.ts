import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { builtInKinds, type Client, KindRegistry, type Resource } from "@sluice/api";
import { type Clock, millis, seededRandom } from "@sluice/kernel";
import { createStore } from "@sluice/store";
import { afterEach, expect, test } from "vitest";
import { realClock } from "./real-clock.ts";
import { syntheticCheck } from "./synthetic-check.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A Pod of the version on its way and one of the old one, behind the same Service. */
async function world(answer: (request: IncomingMessage, turn: number) => readonly [number, string]): Promise<Client> {
  let turn = 0;
  const server = createServer((request, response) => {
    const [status, body] = answer(request, turn++);
    response.writeHead(status).end(body);
  });
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const { client } = await createStore({
    kinds: new KindRegistry(builtInKinds()),
    clock: realClock,
    random: seededRandom(1),
  });
  const namespace = "shop";
  await client.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  for (const hash of ["old", "new"]) {
    await client.create({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: hash, namespace, labels: { "rollouts-pod-template-hash": hash } },
      spec: { containers: [{ name: "web", image: "web:v1" }] },
    } as Resource);
  }
  const endpoint = (name: string, address: string) => ({ addresses: [address], targetRef: { kind: "Pod", name } });
  await client.create({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: "web", namespace, labels: { "kubernetes.io/service-name": "web" } },
    addressType: "IPv4",
    // Nothing listens at the old one's address: it must not be asked.
    endpoints: [endpoint("old", "127.0.0.2"), endpoint("new", "127.0.0.1")],
    ports: [{ name: "http", port, protocol: "TCP" }],
  } as Resource);
  return client;
}

/** Whoever waits has waited. */
const hasty: Clock = { ...realClock, after: (_, task) => realClock.after(millis(0), task) };
const never = { isCancelled: false, onCancel: () => {} };
const work = {
  do: "syntheticCheck",
  namespace: "shop",
  service: "web",
  podTemplateHash: "new",
  name: "home",
  everyMillis: 0,
  count: 3,
};

test("asks the Pods of the version alone, and says who asks", async () => {
  const heads: unknown[] = [];
  const client = await world(({ headers, url }) => {
    heads.push([url, headers.host, headers["sluice-synthetic"]]);
    return [204, "fine"];
  });

  const result = await syntheticCheck(client, realClock)({ ...work, path: "/a?b", expectStatus: 204 }, never);

  expect(result).toEqual({ passed: 3, failed: 0 });
  expect(heads).toEqual(Array.from({ length: 3 }, () => ["/a?b", "web", "home"]));
});

test.each([
  ["a wrong status", {}, [500, "fine"], /^GET \/ of 127.0.0.1:\d+: answered 500, expected 200$/],
  ["a wrong body", { expectBody: "^v2" }, [200, "fine"], /the body doesn't match \^v2$/],
  [
    "no Pod of the version",
    { podTemplateHash: "none" },
    [200, "fine"],
    /^no ready Pod of the version behind Service web$/,
  ],
  ["another port", { port: "grpc" }, [200, "fine"], /^no ready Pod/],
] as const)("%s is a failure, and the first one ends it", async (_name, fields, [status, body], message) => {
  const client = await world(() => [status, body]);

  const result = await syntheticCheck(client, hasty)({ ...work, ...fields }, never);

  expect(result).toEqual({ passed: 0, failed: 1, message: expect.stringMatching(message) });
});

test("what a Pod answers that somebody deletes meanwhile counts neither way; the one in its place is asked", async () => {
  const pod = { apiVersion: "v1", kind: "Pod", namespace: "shop", name: "new" };
  const client = await world((_request, turn) => {
    if (turn === 1) void client.delete(pod);
    return [turn === 1 ? 503 : 200, ""];
  });
  let waits = 0;
  const clock: Clock = {
    ...realClock,
    after: (_, task) => {
      const { apiVersion, kind, namespace, name } = pod;
      const metadata = { name, namespace, labels: { "rollouts-pod-template-hash": "new" } };
      const spec = { containers: [{ name: "web", image: "web:v1" }] };
      const again = { apiVersion, kind, metadata, spec } as Resource;
      if (++waits === 8) void client.create(again).then(task, task);
      return realClock.after(millis(0), waits === 8 ? () => {} : task);
    },
  };

  const result = await syntheticCheck(client, clock)(work, never);

  expect(result).toEqual({ passed: 3, failed: 0 });
  expect(waits).toBeGreaterThan(8);
});

test("some may fail", async () => {
  const client = await world((_request, turn) => [turn === 1 ? 503 : 200, ""]);

  const result = await syntheticCheck(client, realClock)({ ...work, failureLimit: 1 }, never);

  expect(result).toMatchObject({ passed: 2, failed: 1 });
});
