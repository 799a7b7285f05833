import { builtInKinds, type Client, KindRegistry, type Resource, type Service } from "@sluice/api";
import { Fault, seededRandom, VirtualClock } from "@sluice/kernel";
import { createStore } from "@sluice/store";
import { expect, test } from "vitest";
import { failureAsJson } from "../terminal/failure.ts";
import { applyAll } from "./apply.ts";

const settings = (name: string, data: object): Resource =>
  ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data }) as Resource;
const well = settings("well", { a: "1" });
const wrong = settings("wrong", { a: 1 });

async function storing(): Promise<Client> {
  const kinds = new KindRegistry(builtInKinds());
  const { client } = await createStore({ kinds, clock: new VirtualClock(), random: seededRandom(1) });
  return client;
}

/** A store that answers to one name as `fault` says. */
const refusing = (client: Client, name: string, fault: Fault): Client => ({
  ...client,
  get: (key) => client.get(key),
  patch: async (key, ...rest) => {
    if (key.name === name) throw fault;
    return client.patch(key, ...rest);
  },
});

const applied = async (client: Client, ...resources: readonly Resource[]) => {
  const manifests = resources.map((resource, index) => ({ resource, file: "all.yaml", line: 1 + 5 * index }));
  const told: string[] = [];
  const options = { namespace: "default", dryRun: false };
  const thrown = await applyAll(client, manifests, options, ({ name }) => told.push(name)).catch((fault) => fault);
  return { thrown, told, json: failureAsJson(thrown) };
};

test("what is refused and what was taken are one document", async () => {
  const { json, told } = await applied(await storing(), well, wrong);

  expect(told).toEqual(["well"]);
  expect(json).toMatchObject({
    applied: [{ kind: "ConfigMap", namespace: "default", name: "well", result: "created" }],
    refused: [{ file: "all.yaml", line: 6, kind: "ConfigMap", name: "wrong", reason: "invalid" }],
    error: expect.stringMatching(/^all\.yaml:6: .*data/s),
    kind: "invalid",
  });
});

test("where nobody answers any more, what was taken before is told", async () => {
  const client = refusing(await storing(), "late", new Fault("unavailable", "nobody answers"));

  const { json } = await applied(client, well, settings("late", {}));

  expect(json).toMatchObject({
    applied: [{ name: "well" }],
    refused: [],
    error: "nobody answers",
    kind: "unavailable",
  });
});

test.each([
  ["conflict", "somebody else writes spec.replicas"],
  ["forbidden", "the namespace is being deleted"],
] as const)(
  "manifests aren't at fault where one of them is refused for a %s, which the exit code tells",
  async (kind, message) => {
    const client = refusing(await storing(), "held", new Fault(kind, message));

    const { thrown } = await applied(client, wrong, settings("held", {}));

    expect(thrown.kind).toBe(kind);
    expect(thrown.message).toContain(`all.yaml:6: ${message}`);
    expect(thrown.message).toMatch(/^all\.yaml:1: /);
  },
);

const hash = "rollouts-pod-template-hash";
const selecting = (selector: object): Resource =>
  ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web-stable" },
    spec: { selector, ports: [{ port: 80 }] },
  }) as Resource;

const routed = (stable: number): Resource =>
  ({
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: "web" },
    spec: {
      hosts: ["web"],
      http: [
        {
          name: "primary",
          route: [
            { destination: { host: "web-stable" }, weight: stable },
            { destination: { host: "web-canary" }, weight: 100 - stable },
          ],
        },
      ],
    },
  }) as Resource;

const releasing = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: "web" },
  spec: {
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "web:v2" }] } },
    strategy: {
      canary: {
        stableService: "web-stable",
        canaryService: "web-canary",
        trafficRouting: { istio: { virtualService: { name: "web", routes: ["primary"] } } },
        steps: [{ setWeight: 20 }, { pause: {} }],
      },
    },
  },
} as Resource;

test("weights of a release under way stay as they are while the manifests are applied again", async () => {
  const client = await storing();
  const key = { apiVersion: "networking.istio.io/v1", kind: "VirtualService", namespace: "default", name: "web" };
  await applied(client, releasing, routed(100));
  await client.patch(key, { type: "merge", value: { spec: routed(80).spec } });

  await applied(client, releasing, routed(100));

  expect((await client.get(key))?.spec).toMatchObject(routed(80).spec as object);
});

const serviceKey = { apiVersion: "v1", kind: "Service", namespace: "default", name: "web-stable" };

test.each<[string, readonly Resource[], object]>([
  ["a Rollout names it", [releasing], {}],
  [
    "a Rollout did, which is on its way out",
    [],
    { annotations: { "argo-rollouts.argoproj.io/managed-by-rollouts": "web" } },
  ],
])("whom a Service selects stays as it is while its manifest is applied again: %s", async (_, others, metadata) => {
  const client = await storing();
  await applied(client, ...others, selecting({ app: "web" }));
  await client.patch(serviceKey, { type: "merge", value: { metadata, spec: { selector: { [hash]: "v1" } } } });

  const { told } = await applied(client, selecting({ app: "web" }));

  expect(told).toEqual(["web-stable"]);
  expect((await client.get<Service>(serviceKey))?.spec.selector).toEqual({ app: "web", [hash]: "v1" });
});

test("a version that no Rollout speaks of goes out of a Service with its manifest", async () => {
  const client = await storing();
  const { strategy: _, ...spec } = releasing.spec as { strategy: unknown };
  const elsewhere = { ...releasing, spec: { ...spec, strategy: { canary: {} } } } as Resource;
  await applied(client, elsewhere, selecting({ app: "web", [hash]: "v1" }));

  await applied(client, selecting({ app: "web" }));

  expect((await client.get<Service>(serviceKey))?.spec.selector).toEqual({ app: "web" });
});
