import type { CanaryComparison, ConfigMap, Resource } from "@sluice/api";
import { builtInKinds, KindRegistry } from "@sluice/api";
import { seededRandom, VirtualClock } from "@sluice/kernel";
import { createStore } from "@sluice/store";
import { expect, test } from "vitest";
import { canaryComparison } from "./canary-comparison.ts";
import { pluginDoor } from "./metric-plugins.ts";

const comparison = (fields: Partial<CanaryComparison> = {}): CanaryComparison => ({
  metrics: [{ name: "latency", control: "latency{version='stable'}", experiment: "latency{version='canary'}" }],
  ...fields,
});

/** Twenty values around what a query is said to answer. */
const answering =
  (means: Readonly<Record<string, number | undefined>>) => async (query: { readonly query?: string }) => {
    const [, mean] = Object.entries(means).find(([part]) => query.query?.includes(part)) ?? [];
    const values = Array.from({ length: 20 }, (_, index) => (mean ?? 0) * (1 + index / 200));
    return { parsed: mean === undefined ? [] : values };
  };

test.each([
  [
    { stable: 100, canary: 101 },
    { score: 100, classification: "Pass" },
  ],
  [
    { stable: 100, canary: 190 },
    { score: 0, classification: "Fail", metrics: [{ classification: "High" }] },
  ],
])("a canary of %j is judged against its control", async (means, judged) => {
  expect((await canaryComparison(comparison(), answering(means))).parsed).toMatchObject(judged);
});

test("a comparison without data answers nothing, not a score", async () => {
  expect(await canaryComparison(comparison(), answering({}))).toEqual({ value: "[]", parsed: [] });
});

test("both versions are asked over the same time", async () => {
  const asked: unknown[] = [];
  await canaryComparison(comparison({ lookback: "10m", step: "30s", address: "http://p:9090" }), async (query) => {
    asked.push(query);
    return { parsed: [1] };
  });

  const rangeQuery = { start: 'now() - duration("10m")', end: "now()", step: "30s" };
  expect(asked).toEqual([
    { address: "http://p:9090", query: "latency{version='stable'}", rangeQuery },
    { address: "http://p:9090", query: "latency{version='canary'}", rangeQuery },
  ]);
});

async function clientWith(plugins: string | undefined) {
  const clock = new VirtualClock();
  const kinds = new KindRegistry(builtInKinds());
  const { client } = await createStore({ kinds, clock, random: seededRandom(1) });
  const namespace = "argo-rollouts";
  await client.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } } as Resource);
  if (plugins === undefined) return client;
  const data = { metricProviderPlugins: plugins };
  await client.create({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "argo-rollouts-config", namespace },
    data,
  } as ConfigMap);
  return client;
}

const registered = `
- name: acme/ask
  location: file:///opt/acme/ask
  args: [--fast]
  timeoutSeconds: 5
- { name: acme/web, url: "http://127.0.0.1:9/ask" }
- { name: acme/download, location: "https://example.com/plugin" }
- { name: acme/slow, location: "file:///opt/acme/ask", timeoutSeconds: 900 }
`;

test("a plugin is what the operator registered", async () => {
  const client = await clientWith(registered);

  expect(await pluginDoor(client, "acme/ask")).toEqual({
    is: "program",
    name: "acme/ask",
    path: "/opt/acme/ask",
    arguments: ["--fast"],
    timeoutSeconds: 5,
  });
  expect(await pluginDoor(client, "acme/web")).toMatchObject({ is: "endpoint", url: "http://127.0.0.1:9/ask" });
});

test.each([
  [
    registered,
    "acme/none",
    /acme\/none is not registered: ConfigMap argo-rollouts-config .* it has acme\/ask, acme\/web/,
  ],
  [undefined, "acme/ask", /is not registered: .* it has none/],
  [registered, "acme/download", /location: expected file:.*nothing is downloaded/],
  [registered, "acme/slow", /timeoutSeconds: expected 1 to 300/],
  ["just a text", "acme/ask", /expected a list of plugins/],
  ["a: [", "acme/ask", /found no YAML/],
])("a registration that can't be used is refused (%#)", async (plugins, name, message) => {
  const client = await clientWith(plugins);

  await expect(pluginDoor(client, name)).rejects.toThrow(message);
});
