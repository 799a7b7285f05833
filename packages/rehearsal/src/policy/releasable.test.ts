import type { Resource, Rollout } from "@sluice/api";
import { expect, test } from "vitest";
import { canary, errors, named, options, policyOf } from "../rehearsal.fixture.ts";
import { rehearse } from "../report/rehearse.ts";
import { readPolicies } from "./policy.ts";

const namespace = "shop";
const { template: podTemplate } = (canary() as unknown as Rollout).spec;

/** The Rollout of the fixture with other fields. */
function rollout(fields: object, strategy: object = {}): Resource {
  const object = canary(strategy);
  return { ...object, spec: { ...(object.spec as object), ...fields } } as Resource;
}

async function caughtBySluice(...manifests: readonly Resource[]) {
  const policy = await policyOf(...manifests);
  const { profiles } = await rehearse(policy, {
    ...options,
    runs: 1,
    goodRuns: 1,
    profiles: ["sluice"],
    faults: named("error +50pp"),
  });
  return { policy, fault: profiles.sluice?.faults[0], good: profiles.sluice?.good };
}

const service = (name: string): Resource =>
  ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace },
    spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
  }) as Resource;

const rule = (host: string): Resource =>
  ({
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name: "web", namespace },
    spec: { host, subsets: [{ name: "canary" }, { name: "stable" }] },
  }) as Resource;

const services = { canaryService: "web-canary", stableService: "web" };

test.each<[string, readonly Resource[], readonly string[]]>([
  [
    "a workloadRef to a Deployment beside it",
    [
      rollout({
        template: undefined,
        selector: undefined,
        workloadRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
      }),
      {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "web", namespace },
        spec: { replicas: 0, template: podTemplate },
      } as Resource,
    ],
    [],
  ],
  [
    "a workloadRef to nothing among the files",
    [rollout({ template: undefined, workloadRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" } })],
    ["the Pod template of Deployment web"],
  ],
  [
    "a Rollout that somebody paused",
    [rollout({ paused: true })],
    ["somebody who resumes it: spec.paused holds every release until then"],
  ],
  [
    "Pods that an autoscaler counts",
    [
      rollout({ replicas: undefined }),
      {
        apiVersion: "autoscaling/v2",
        kind: "HorizontalPodAutoscaler",
        metadata: { name: "web", namespace },
        spec: { minReplicas: 3, scaleTargetRef: { kind: "Rollout", name: "web" } },
      } as Resource,
    ],
    ["3 Pods, the fewest that HorizontalPodAutoscaler web keeps"],
  ],
  ["Services of each version beside subsets", [rollout({}, services)], ["Service web-rehearsed"]],
  [
    "several VirtualServices",
    [
      rollout(
        {},
        { ...services, trafficRouting: { istio: { virtualServices: [{ name: "inner" }, { name: "outer" }] } } },
      ),
    ],
    ["VirtualService inner", "VirtualService outer"],
  ],
  [
    "ping and pong behind an ALB",
    [
      rollout(
        {},
        {
          pingPong: { pingService: "ping", pongService: "pong" },
          trafficRouting: { alb: { ingress: "web", servicePort: 80 } },
        },
      ),
    ],
    ["VirtualService web-rehearsed", "Service ping", "Service pong"],
  ],
  [
    "connections that are weighed",
    [
      rollout(
        {},
        { ...services, trafficRouting: { istio: { virtualService: { name: "web", tlsRoutes: [{ port: 443 }] } } } },
      ),
    ],
    ["the shares by http routes: tlsRoutes and tcpRoutes aren't modelled"],
  ],
  [
    "weights of a thousand",
    [
      rollout(
        {},
        {
          ...services,
          steps: [{ setWeight: 100 }, { pause: { duration: "5m" } }],
          trafficRouting: { nginx: { stableIngress: "web" }, maxTrafficWeight: 1000 },
        },
      ),
    ],
    ["weights in percent: maxTrafficWeight 1000 isn't supported here"],
  ],
])("%s is rehearsed, and what was made up for it is told", async (_, manifests, words) => {
  const { policy, fault, good } = await caughtBySluice(...manifests, errors());

  expect(policy.madeUp).toEqual(expect.arrayContaining([...words]));
  expect(good).toMatchObject({ falseAborts: 0, asked: 0 });
  // At the first weight: were it rehearsed with routes to nowhere, nothing would be seen there.
  expect(fault).toMatchObject({ caught: 1, weight: 0.1 });
});

test.each<[string, readonly Resource[], RegExp]>([
  [
    "no strategy",
    [rollout({ strategy: undefined })],
    /Rollout shop\/web: it would be refused:\n {2}spec.strategy: found nothing/,
  ],
  ["no Pods", [rollout({ replicas: 0 })], /spec.replicas: found 0, expected at least 1/],
  [
    "a subset of the stable version's Service",
    [rollout({}, services), rule("web"), service("web")],
    /destinationRule: found web, whose host is stableService web, expected the host of a Service that selects the Pods of both/,
  ],
])("%s is refused with the field", async (_, manifests, words) => {
  await expect(policyOf(...manifests, errors())).rejects.toThrow(words);
});

test("where users come in and find no Pod of it, that is said in place of figures", async () => {
  const elsewhere = { ...service("web"), spec: { selector: { app: "other" }, ports: [{ port: 80 }] } };
  const policy = await policyOf(rollout({}), rule("web"), elsewhere, errors());

  await expect(rehearse(policy, { ...options, faults: named("error +50pp") })).rejects.toThrow(
    "VirtualService shop/web: found nothing that leads to a Pod of the Rollout",
  );
});

test("of what stands more than once the last one counts, and that is told", async () => {
  const { policies, doubled } = await readPolicies([
    rollout({ replicas: 2 }),
    service("web"),
    rollout({}),
    service("web"),
  ]);

  expect(policies.map(({ rollout: { spec } }) => spec.replicas)).toEqual([4]);
  expect(doubled).toEqual([
    "Rollout shop/web stands more than once: the last one counts",
    "Service shop/web stands more than once: the last one counts",
  ]);
});

test("what was read from a cluster is rehearsed as somebody would have written it", async () => {
  const { metadata, ...rest } = canary();
  const read = { resourceVersion: "7", uid: "u", generation: 3, creationTimestamp: "2026-01-01T00:00:00Z" };

  const { rollout: known } = await policyOf(
    { ...rest, metadata: { ...metadata, ...read }, status: { phase: "Healthy" } } as Resource,
    errors(),
  );

  expect(known.metadata).toEqual({ name: "web", namespace });
  expect(known.status).toBeUndefined();
});

test.each<[string, Resource, boolean]>([
  ["a share that routes carry", rollout({}), true],
  ["Pods that are the traffic", rollout({}, { trafficRouting: undefined }), false],
  ["a switch", rollout({ strategy: { blueGreen: { activeService: "web" } } }), false],
])("a holdback is made up only where there can be one: %s", async (_, object, isHeld) => {
  const { madeUp } = await policyOf(object, errors());

  expect(madeUp.some((words) => words.includes("holds 5 % back"))).toBe(isHeld);
});

test("a metric that asks a person is named, and isn't told to decide nothing", async () => {
  const template = errors() as unknown as { spec: { metrics: readonly object[] } };
  const metrics = template.spec.metrics.map((metric) => ({
    ...metric,
    successCondition: "result[0] < 0",
    failureCondition: "result[0] > 0.9",
  }));
  const policy = await policyOf(canary(), { ...template, spec: { ...template.spec, metrics } } as unknown as Resource);

  const { profiles, idleRules } = await rehearse(policy, { ...options, profiles: ["argo"], faults: [] });

  expect(profiles.argo?.good.rules).toEqual({ "InconclusiveAnalysisRun: errors": 2 });
  expect(idleRules).toEqual([]);
});

test("an analysis that can't be run is told as that, in its own words", async () => {
  const template = errors() as unknown as { spec: object };
  const dry = { ...template, spec: { ...template.spec, measurementRetention: [{ metricName: "none", limit: 2 }] } };
  const policy = await policyOf(canary(), dry as unknown as Resource);

  const { words } = await rehearse(policy, { ...options, profiles: ["argo"], faults: [] });

  expect(words.join("\n")).toContain("invalid analysis: measurementRetention[0]");
  expect(words.join("\n")).not.toContain("initialDelay");
});
