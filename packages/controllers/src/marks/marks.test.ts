import type { DestinationRule, Resource, Service, VirtualService } from "@sluice/api";
import { seconds } from "@sluice/kernel";
import { describe, expect, test } from "vitest";
import { destinationRuleReconciler } from "../destinationrule/index.ts";
import { serviceReconciler } from "../endpointslice/index.ts";
import { settles, survivesConflicts, survivesCrashes, survivesStaleReads, World } from "../laws/index.ts";
import type { Effects } from "../loop/index.ts";
import { virtualServiceReconciler } from "../virtualservice/index.ts";
import { claimsOn, managedByAnnotation, weighedByAnnotation, withClaims, withoutAdded } from "./index.ts";

const namespace = "shop";
const hash = "rollouts-pod-template-hash";
const managed = { [managedByAnnotation]: "web" };
const rollout = (canary: object = {}): Resource =>
  ({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name: "web", namespace },
    spec: {
      strategy: {
        canary: {
          stableService: "web-stable",
          trafficRouting: { istio: { virtualService: { name: "web" }, destinationRule: { name: "web" } } },
          ...canary,
        },
      },
    },
  }) as unknown as Resource;
const service = (name = "web-stable"): Service => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace, annotations: managed },
  spec: { selector: { app: "web", [hash]: "a" }, ports: [{ port: 80 }] },
});
const rule: DestinationRule = {
  apiVersion: "networking.istio.io/v1",
  kind: "DestinationRule",
  metadata: { name: "web", namespace, annotations: managed },
  spec: {
    host: "web",
    subsets: [
      { name: "stable", labels: { [hash]: "a" } },
      { name: "canary", labels: { [hash]: "b", tier: "front" } },
    ],
  },
};
const share = (host: string, weight: number) => ({ destination: { host }, weight });
const routes = (weighedBy: string): VirtualService => ({
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: {
    name: "web",
    namespace,
    annotations: { [weighedByAnnotation]: weighedBy, "rings.sluice.dev/web": "{}" },
  },
  spec: {
    hosts: ["web"],
    http: [
      { name: "testers", route: [share("web-canary", 100)] },
      { name: "primary", route: [share("web-stable", 70), share("web-canary", 20), share("web-baseline", 10)] },
    ],
  },
});
const pod = (version: string): Resource =>
  ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `web-${version}`, namespace, labels: { app: "web", [hash]: version } },
    spec: { containers: [{ name: "main" }] },
  }) as unknown as Resource;

const reconcilers = (effects: Effects) => [
  virtualServiceReconciler(effects),
  destinationRuleReconciler(effects),
  serviceReconciler(effects, { allocatesAddresses: false }),
];
const namespaces = [namespace, "elsewhere"].map(
  (name): Resource => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } }),
);
const keyOf = (apiVersion: string, kind: string, name: string) => ({ apiVersion, kind, namespace, name });
const rolloutKey = keyOf("argoproj.io/v1alpha1", "Rollout", "web");
const everything = "shop/web=20/testers/web-baseline";

/** What leads users somewhere, as far as a Rollout writes it. */
async function led(world: World) {
  const istio = "networking.istio.io/v1";
  const found = await world.get<Service>(keyOf("v1", "Service", "web-stable"));
  const subsets = await world.get<DestinationRule>(keyOf(istio, "DestinationRule", "web"));
  const routed = await world.get<VirtualService>(keyOf(istio, "VirtualService", "web"));
  const annotations = routed?.metadata.annotations ?? {};
  return {
    selects: found?.spec.selector?.[hash] ?? "all",
    subsets: subsets?.spec.subsets?.map(({ labels }) => labels ?? {}),
    routes: routed?.spec.http?.map(({ name, route }) => `${name} ${route?.map(({ weight }) => weight).join("/")}`),
    claims: Object.fromEntries(Object.entries(annotations).filter(([key]) => key.includes("sluice.dev"))),
    managers: [found, subsets].map((one) => one?.metadata.annotations?.[managedByAnnotation]),
  };
}
const asItWas = {
  selects: "a",
  subsets: [{ [hash]: "a" }, { [hash]: "b", tier: "front" }],
  routes: ["testers 100", "primary 70/20/10"],
  claims: { [weighedByAnnotation]: everything, "rings.sluice.dev/web": "{}" },
  managers: ["web", "web"],
};
const nobodys = {
  selects: "all",
  subsets: [{}, { tier: "front" }],
  routes: ["primary 80/20"],
  claims: {},
  managers: [undefined, undefined],
};

const elsewhere = rollout({
  stableService: "web-other",
  trafficRouting: { istio: { virtualService: { name: "other" } } },
});
const byPods = rollout({ stableService: undefined, trafficRouting: undefined });
const aborted = { ...byPods, status: { abort: true } };
const another = { ...rollout(), metadata: { name: "api", namespace } };
const selectsAll = { selects: "all", managers: [undefined, "web"] };

test.each<[string, readonly Resource[], object]>([
  ["is there", [rollout()], asItWas],
  ["is gone, and its last Pods aren't: nobody is sent elsewhere", [pod("a")], { ...nobodys, ...ofPods() }],
  ["is gone with its Pods", [], nobodys],
  ["names other Services and routes now, and has no Pods", [elsewhere], nobodys],
  ["does so while all its Pods are of one version", [elsewhere, pod("a")], { ...nobodys, ...ofPods(), ...selectsAll }],
  ["does so while it tries another version", [elsewhere, pod("a"), pod("b")], { ...nobodys, ...ofPods() }],
  ["leads nobody any more: who has Pods has users", [byPods, pod("a"), pod("b")], nobodys],
  ["does so and took a version back", [aborted, pod("a"), pod("b")], { ...nobodys, ...ofPods() }],
  ["left them to another one", [elsewhere, another, pod("a"), pod("b")], { ...nobodys, ...ofPods() }],
  [
    "of the same name is in another namespace",
    [{ ...rollout(), metadata: { name: "web", namespace: "elsewhere" } }],
    nobodys,
  ],
])("where the Rollout that wrote them %s", async (_name, objects, expected) => {
  const world = await World.create({ reconcilers });
  await world.apply(...namespaces, ...objects);
  for (const object of objects.filter(({ status }) => status !== undefined)) {
    const value = { status: object.status };
    await world.client.patch(rolloutKey, { type: "merge", value }, { subresource: "status" });
  }

  await world.apply(service(), rule, routes(everything));
  await world.run(seconds(1));

  expect(await led(world)).toEqual(expected);
  world.stop();
});

function ofPods() {
  const { selects, subsets, managers } = asItWas;
  return { selects, subsets, managers };
}

test("what another Rollout that is there has added as well stays, and so does its claim", async () => {
  const world = await World.create({ reconcilers });
  await world.apply(...namespaces, { ...rollout(), metadata: { name: "api", namespace } });

  await world.apply(routes(`${everything},shop/api=5/testers`));
  await world.run(seconds(1));

  const { routes: left, claims } = await led(world);
  expect(left).toEqual(["testers 100", "primary 80/20"]);
  expect(claims).toEqual({ [weighedByAnnotation]: "shop/api=5/testers" });
  world.stop();
});

test("claims are read as they were written, by a Sluice of before as well", () => {
  const plain = { ...routes(""), metadata: { name: "web" } };
  const claims = [{ rollout: "shop/web", weight: 20, added: ["a,b=c/d", "web.shop.svc"] }];

  expect(claimsOn(withClaims(plain, claims))).toEqual(claims);
  expect(claimsOn(routes("shop/web=20"))).toEqual([{ rollout: "shop/web", weight: 20, added: [] }]);
  expect(withClaims(plain, [])).toBe(plain);
  expect(withoutAdded(plain, [])).toBe(plain);
  expect(withoutAdded(plain, ["elsewhere"])).toBe(plain);
});

const scenario = {
  world: { reconcilers },
  story: async (world: World) => {
    await world.apply(...namespaces, rollout(), pod("a"), service(), rule, routes(everything));
    await world.client.delete(rolloutKey);
    await world.run(seconds(1));
    await world.client.delete(keyOf("v1", "Pod", "web-a"));
    await world.run(seconds(1));
  },
  end: led,
};
/** It names other Services, first while it tries a version, then at rest; and at last leads nobody. */
const renamed = {
  world: { reconcilers },
  story: async (world: World) => {
    await world.apply(...namespaces, rollout(), pod("a"), pod("b"), service(), rule, routes(everything));
    await world.apply(elsewhere);
    await world.run(seconds(1));
    await world.client.delete(keyOf("v1", "Pod", "web-b"));
    await world.run(seconds(1));
    await world.apply(byPods);
    await world.run(seconds(1));
  },
  end: led,
};

test("a Service that its Rollout names no more is led to no version that is tried, and to all once that is over", async () => {
  const world = await World.create(renamed.world);
  const selects: string[] = [];
  const watch = world.client.watch<Service>({ apiVersion: "v1", kind: "Service" });
  void (async () => {
    for await (const event of watch) {
      if (event.type !== "ADDED" && event.type !== "MODIFIED") continue;
      const pods = await world.list({ apiVersion: "v1", kind: "Pod" });
      selects.push(`${event.object.spec.selector?.[hash] ?? "all"} of ${pods.length}`);
    }
  })();

  await renamed.story(world);
  watch.stop();

  expect(selects.at(-1)).toBe("all of 1");
  expect(selects).not.toContain("all of 2");
  world.stop();
});

describe.each([
  ["gone", scenario],
  ["elsewhere", renamed],
])("laws: its Rollout is %s", (_, told) => {
  test("it settles", async () => {
    await settles(told);
  });
  test("a crash between any two effects changes nothing in the end", async () => {
    await survivesCrashes(told);
  });
  test("stale reads converge", async () => {
    await survivesStaleReads(told);
  });
  test("that somebody else writes at the same time stalls nothing", async () => {
    await survivesConflicts(told);
  });
});
