import type { Resource, VirtualService } from "@sluice/api";
import { type Millis, minutes } from "@sluice/kernel";
import { expect, test } from "vitest";
import { crashesBetween, World, type WorldOptions } from "../../laws/index.ts";
import { checkedFirst, failingChecks } from "../failing-check.fixture.ts";
import { analysis, Outside, pause, Release, type ReleaseOptions, reconcilers, setWeight } from "../release.fixture.ts";

// A verdict comes of answers, which a crash loses. Until they are there again nobody is sent back to what was just taken back.

const namespace = "shop";
const virtualServiceKind = { apiVersion: "networking.istio.io/v1", kind: "VirtualService" };

interface Case {
  readonly options: ReleaseOptions;
  /** Of what is measured; bad unless given. */
  readonly errors?: number;
  readonly beside?: readonly Resource[];
  /** So many of its Pods come; all unless given. */
  readonly available?: number;
  /** How long nobody is there after the crash. */
  readonly away?: Millis;
}

/** What the new version was given by any route, in the order in which it was written. */
async function given({ options, errors = 0.5, beside = [], available }: Case, crash?: WorldOptions["crash"]) {
  const outside = new Outside();
  const tasks = failingChecks(outside);
  const world = await World.create({ reconcilers, tasks, ...(crash === undefined ? {} : { crash }) });
  const release = new Release(world, outside);
  await release.prepare();
  await world.apply(...beside);
  const rises = new Map<string, number[]>();
  let givenAt = 0;
  const watch = world.client.watch<VirtualService>(virtualServiceKind);
  const looking = (async () => {
    for await (const event of watch) {
      if (event.type !== "MODIFIED") continue;
      const { metadata, spec } = event.object;
      const known = rises.get(metadata.name) ?? [];
      const weight = spec.http?.find(({ name }) => name === "primary")?.route?.[1]?.weight ?? 0;
      const added = spec.http?.some(({ name }) => name === "testers") === true ? 0.5 : 0;
      if (weight + added === (known.at(-1) ?? 0)) continue;
      rises.set(metadata.name, [...known, weight + added]);
      if (givenAt === 0) givenAt = world.effects;
    }
  })();
  await release.push("web:v1", options);
  outside.answers = { errors: [errors], latency: [errors] };
  await release.push("web:v2", options);
  if (available !== undefined) await release.limit("web:v2", available);
  await world.run(minutes(10));
  watch.stop();
  await looking;
  const { abort } = await release.status();
  const { effects } = world;
  world.stop();
  return { rises: [...rises.values()], abort, givenAt, effects };
}

/** Once it fell, it rose again. */
const isGivenAgain = (weights: readonly number[]): boolean =>
  weights.some((weight, index) => index > 1 && weight > (weights[index - 1] ?? 0) && (weights[index - 1] ?? 0) === 0);

const istio = { destinationRule: { name: "web", canarySubsetName: "canary", stableSubsetName: "stable" } };
const route = (subset: string, weight: number) => ({ destination: { host: "web", subset }, weight });
const other = {
  ...virtualServiceKind,
  metadata: { name: "web-shop", namespace },
  spec: { hosts: ["shop"], http: [{ name: "primary", route: [route("stable", 100), route("canary", 0)] }] },
} as Resource;
const testers = { name: "testers", match: [{ headerName: "X-Tester", headerValue: { exact: "yes" } }] };
const background: ReleaseOptions = {
  steps: [setWeight(20), pause("5m")],
  canary: { analysis: { templates: [{ templateName: "latency" }] } },
};
const measured = [setWeight(20), analysis(), setWeight(60), pause()];

test.each<[string, Case]>([
  ["an analysis step", { options: { steps: measured } }],
  ["a background analysis", { options: background }],
  [
    "an analysis step from two VirtualServices",
    {
      options: {
        steps: measured,
        canary: {
          trafficRouting: { istio: { ...istio, virtualServices: ["web", "web-shop"].map((name) => ({ name })) } },
        },
      },
      beside: [other],
    },
  ],
  [
    "an analysis step with a route for testers",
    {
      options: {
        steps: [setWeight(20), { setHeaderRoute: testers }, analysis(), setWeight(60)],
        canary: {
          trafficRouting: {
            managedRoutes: [{ name: "testers" }],
            istio: { ...istio, virtualService: { name: "web" } },
          },
        },
      },
    },
  ],
  [
    "a deadline",
    {
      options: { steps: [setWeight(20), pause("10s"), setWeight(60)], spec: { progressDeadlineSeconds: 60 } },
      available: 1,
      away: minutes(5),
    },
  ],
  ["a synthetic check", { options: background, errors: 0, beside: [checkedFirst] }],
  [
    "a synthetic check of what only testers get",
    {
      options: {
        steps: [{ setCanaryScale: { replicas: 1 } }, { setHeaderRoute: testers }, pause("5m")],
        canary: {
          ...background.canary,
          trafficRouting: {
            managedRoutes: [{ name: "testers" }],
            istio: { ...istio, virtualService: { name: "web" } },
          },
        },
      },
      errors: 0,
      beside: [checkedFirst],
    },
  ],
])("what %s took back gets nothing again, wherever all crashes from then on", async (_name, release) => {
  const calm = await given(release);

  const again: string[] = [];
  for (const crash of crashesBetween(calm.givenAt, calm.effects)) {
    const { rises, abort } = await given(release, {
      ...crash,
      ...(release.away === undefined ? {} : { away: release.away }),
    });
    if (abort !== true || rises.some(isGivenAgain))
      again.push(`${crash.when} effect ${crash.at}: ${rises.join(" and ")}`);
  }

  expect(calm.abort).toBe(true);
  expect(calm.rises.every((weights) => (weights[0] ?? 0) > 0 && weights.at(-1) === 0)).toBe(true);
  expect(again).toEqual([]);
});
