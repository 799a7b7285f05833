import { builtInKinds, KindRegistry, type Resource } from "@sluice/api";
import { instant, seconds } from "@sluice/kernel";
import { describe, expect, test } from "vitest";
import { diffResource } from "./comparison/diff.ts";
import { ignoredPointers, withLiveValues } from "./comparison/ignore-differences.ts";
import { overlayClaims } from "./comparison/overlay.ts";
import { trackedBy, trackingId } from "./comparison/resource-reference.ts";
import { healthOf } from "./health/health.ts";
import { applicationFieldManager } from "./names.ts";
import { healWait, mayRetry, retryAt } from "./sync/backoff.ts";
import { inOrder, waveOf } from "./sync/order.ts";

const kinds = new KindRegistry(builtInKinds());
const diff = (desired: object, live: object) =>
  diffResource(desired as Resource, live as Resource, kinds.byKind(desired as Resource)).map(({ path }) => path);

describe("order", () => {
  const task = (kind: string, name: string, wave = 0, namespace = "a") => {
    const resource = {
      apiVersion: kind === "Thing" ? "x.io/v1" : "v1",
      kind,
      metadata: { name, ...(kind === "Namespace" ? {} : { namespace }) },
      ...(kind === "CustomResourceDefinition" ? { spec: { group: "x.io", names: { kind: "Thing" } } } : {}),
    } as Resource;
    return { kind, name, wave, resource };
  };
  const order = (...tasks: ReturnType<typeof task>[]) =>
    inOrder(tasks, (moved, wave) => ({ ...moved, wave })).map(({ kind, name, wave }) => `${wave} ${kind} ${name}`);

  test("wave, then kind as Argo CD lists them, then name; unknown kinds last", () => {
    const sorted = order(
      task("Thing", "t"),
      task("Deployment", "d"),
      task("Service", "b"),
      task("Service", "a"),
      task("Pod", "p", -1),
      task("Secret", "s"),
    );

    expect(sorted).toEqual(["-1 Pod p", "0 Secret s", "0 Service a", "0 Service b", "0 Deployment d", "0 Thing t"]);
  });

  test("a Namespace goes before what is in it, a CustomResourceDefinition before its first object, with its wave", () => {
    const sorted = order(
      task("Namespace", "a", 3),
      task("Service", "x", 1),
      task("CustomResourceDefinition", "c", 2),
      task("Thing", "t", 1, "b"),
    );

    expect(sorted).toEqual(["1 Namespace a", "1 Service x", "1 CustomResourceDefinition c", "1 Thing t"]);
  });

  test.each([
    ["5", 5],
    ["-3", -3],
    ["five", 0],
    [undefined, 0],
  ])("sync-wave %s is %d", (text, wave) => {
    const annotations = text === undefined ? {} : { "argocd.argoproj.io/sync-wave": text };

    expect(waveOf({ apiVersion: "v1", kind: "Pod", metadata: { name: "p", annotations } })).toBe(wave);
  });
});

describe("differences", () => {
  const container = { name: "web", image: "shop:v1", ports: [{ containerPort: 80 }] };
  const deployment = (spec: object, meta: object = {}) => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "d", ...meta },
    spec,
  });
  const pod = (...containers: object[]) => ({ template: { spec: { containers } } });
  const defaulted = { ...container, imagePullPolicy: "IfNotPresent", ports: [{ containerPort: 80, protocol: "TCP" }] };

  test("defaults and what others added are none", () => {
    expect(
      diff(deployment(pod(container)), deployment({ ...pod(defaulted, { name: "sidecar" }), replicas: 3 })),
    ).toEqual([]);
  });

  test("list items are found by their keys, in any order", () => {
    const other = { name: "b", image: "b:1" };

    expect(diff(deployment(pod(container, other)), deployment(pod(other, { ...defaulted, image: "shop:v2" })))).toEqual(
      ["spec.template.spec.containers[name=web].image"],
    );
  });

  test("amounts are compared as amounts, only where they are amounts", () => {
    const cpu = (value: unknown) => deployment(pod({ name: "c", resources: { requests: { cpu: value } } }));

    expect(diff(cpu("1000m"), cpu("1"))).toEqual([]);
    expect(diff(cpu("1000m"), cpu("2"))).toHaveLength(1);
    expect(diff(deployment({ paused: "1" }), deployment({ paused: "1000m" }))).toHaveLength(1);
  });

  test("a field of ours that git no longer asks for", () => {
    const managedFields = [
      {
        manager: applicationFieldManager,
        operation: "Apply",
        fieldsV1: {
          "f:spec": {
            "f:replicas": {},
            "f:template": {
              "f:spec": { "f:containers": { 'k:{"name":"web"}': { ".": {}, "f:image": {}, "f:command": {} } } },
            },
          },
        },
      },
    ];
    const live = deployment(
      { replicas: 2, ...pod({ ...defaulted, command: ["x"], args: ["not ours"] }) },
      { managedFields },
    );

    expect(diff(deployment(pod(container)), live)).toEqual([
      "spec.replicas",
      "spec.template.spec.containers[name=web].command",
    ]);
  });

  test("empty values are as good as absent ones", () => {
    expect(
      diff(
        deployment({ template: { metadata: { labels: {} }, spec: { volumes: [] } } }),
        deployment({ template: { spec: {} } }),
      ),
    ).toEqual([]);
  });

  test("an empty object may mean something", () => {
    const rollout = (...steps: object[]) => ({
      apiVersion: "argoproj.io/v1alpha1",
      kind: "Rollout",
      metadata: { name: "r" },
      spec: { strategy: { canary: { steps } } },
    });
    const volume = (more: object) => deployment({ template: { spec: { volumes: [{ name: "tmp", ...more }] } } });

    expect(diff(rollout({ setWeight: 20 }, { pause: {} }), rollout({ setWeight: 20 }, { setWeight: 50 }))).toEqual([
      "spec.strategy.canary.steps[1].pause",
      "spec.strategy.canary.steps[1].setWeight",
    ]);
    expect(diff(volume({ emptyDir: {} }), volume({}))).toEqual(["spec.template.spec.volumes[name=tmp].emptyDir"]);
  });

  test("inside an atomic list, what git no longer says is a difference", () => {
    const service = (more: object) => ({
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata: { name: "v" },
      spec: { hosts: ["x"], http: [{ route: [{ destination: { host: "x" } }], ...more }] },
    });

    expect(diff(service({}), service({ timeout: "5s" }))).toEqual(["spec.http[0].timeout"]);
    expect(diff(service({}), service({}))).toEqual([]);
  });

  test("a Secret's values never show", () => {
    const secret = (value: string) => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s" },
      data: { password: value },
    });

    const changes = diffResource(
      secret("bmV3") as Resource,
      secret("b2xk") as Resource,
      kinds.byKind({ apiVersion: "v1", kind: "Secret" }),
    );
    const added = diffResource(secret("bmV3") as Resource, undefined, undefined);

    expect(changes).toEqual([{ path: "data.password", live: "++++++++", desired: "+++++++++" }]);
    expect(JSON.stringify(added)).not.toContain("bmV3");
  });

  test("ignored places take their live value, wherever the pointer leads", () => {
    const desired = deployment({ replicas: 1, ...pod(container) }) as unknown as Resource;
    const live = deployment({ replicas: 9, ...pod(defaulted) }) as unknown as Resource;
    const pointers = (jsonPointers: string[]) =>
      ignoredPointers(desired, [{ group: "apps", kind: "Deployment", jsonPointers }]);

    expect(withLiveValues(desired, live, pointers(["/spec/replicas"])).spec).toMatchObject({ replicas: 9 });
    expect(
      withLiveValues(desired, live, pointers(["/spec/nothing/there", "/spec/template/spec/containers/7"])),
    ).toEqual(desired);
    expect(ignoredPointers(desired, [{ group: "", kind: "Deployment", jsonPointers: ["/spec"] }])).toEqual([]);
  });
});

describe("claims", () => {
  const virtualService = (...weights: number[]) =>
    ({
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata: { name: "shop", namespace: "a" },
      spec: {
        http: [
          {
            name: "primary",
            route: [
              { destination: { host: "s", subset: "stable" }, weight: weights[0] },
              { destination: { host: "s", subset: "canary" }, weight: weights[1] },
            ],
          },
          { name: "other", route: [{ destination: { host: "o" }, weight: weights[2] ?? 100 }] },
        ],
      },
    }) as Resource;
  const rollout = (name: string, routes?: string[]) =>
    ({
      apiVersion: "argoproj.io/v1alpha1",
      kind: "Rollout",
      metadata: { name: "r", namespace: "a" },
      spec: { strategy: { canary: { trafficRouting: { istio: { virtualService: { name, routes } } } } } },
    }) as never;
  const weights = (resource: Resource) =>
    (resource.spec as { http: { route: { weight: number }[] }[] }).http.flatMap(({ route }) =>
      route.map(({ weight }) => weight),
    );

  test("the weights of a managed route are the Rollout's, the others git's", () => {
    const overlaid = overlayClaims(virtualService(100, 0, 50), virtualService(80, 20, 70), {
      rollouts: [rollout("shop", ["primary"])],
      isAutoscaled: false,
    });

    expect(weights(overlaid)).toEqual([80, 20, 50]);
  });

  test.each([
    ["another VirtualService", rollout("else", ["primary"])],
    ["another namespace", rollout("shop.b", ["primary"])],
    ["no route named where there are several", rollout("shop")],
  ])("%s: git's weights count", (_name, other) => {
    const overlaid = overlayClaims(virtualService(100, 0), virtualService(80, 20), {
      rollouts: [other],
      isAutoscaled: false,
    });

    expect(weights(overlaid)).toEqual([100, 0, 100]);
  });

  const whole = (canary: object) =>
    ({
      apiVersion: "argoproj.io/v1alpha1",
      kind: "Rollout",
      metadata: { name: "r", namespace: "a" },
      spec: { strategy: { canary } },
    }) as never;
  const rule = { name: "shop", canarySubsetName: "canary", stableSubsetName: "stable" };
  const istioOf = (kind: string, spec: object) =>
    ({
      apiVersion: "networking.istio.io/v1",
      kind,
      metadata: { name: "shop", namespace: "a" },
      spec,
    }) as Resource;
  const to = (subset: string, weight: number) => ({ destination: { host: "s", subset }, weight });
  const istio = { virtualService: { name: "shop" }, destinationRule: rule };

  test("what goes beside both versions is the Rollout's, too", () => {
    const beside = { destination: { host: "web-fresh-baseline" }, weight: 20 };
    const live = istioOf("VirtualService", { http: [{ route: [to("stable", 60), to("canary", 20), beside] }] });
    const desired = istioOf("VirtualService", { http: [{ route: [to("stable", 100), to("canary", 0)] }] });

    expect(
      overlayClaims(desired, live, { rollouts: [whole({ trafficRouting: { istio } })], isAutoscaled: false }).spec,
    ).toEqual(live.spec);
  });

  test("routes that steps added are the Rollout's, before all others", () => {
    const added = { name: "testers", match: [{ headers: { "x-a": { exact: "b" } } }], route: [to("canary", 100)] };
    const primary = { name: "primary", route: [to("stable", 100), to("canary", 0)] };
    const desired = istioOf("VirtualService", { http: [primary] });
    const live = istioOf("VirtualService", { http: [added, { name: "by hand" }, primary] });

    const overlaid = overlayClaims(desired, live, {
      rollouts: [whole({ trafficRouting: { istio, managedRoutes: [{ name: "testers" }] } })],
      isAutoscaled: false,
    });

    expect(overlaid.spec).toEqual({ http: [added, primary] });
  });

  test("destinations and subsets of neither version don't come back with each sync", () => {
    const rollouts = [whole({ trafficRouting: { istio } })];
    const subsets = [{ name: "stable" }, { name: "canary" }, { name: "third" }];
    const live = [
      { name: "stable", labels: { "rollouts-pod-template-hash": "one" } },
      { name: "canary", labels: { "rollouts-pod-template-hash": "two" } },
    ];

    const routes = overlayClaims(
      istioOf("VirtualService", { http: [{ route: [to("stable", 90), to("canary", 0), to("third", 10)] }] }),
      istioOf("VirtualService", { http: [{ route: [to("stable", 80), to("canary", 20)] }] }),
      { rollouts, isAutoscaled: false },
    );
    const overlaid = overlayClaims(
      istioOf("DestinationRule", { host: "s", subsets }),
      istioOf("DestinationRule", { host: "s", subsets: live }),
      { rollouts, isAutoscaled: false },
    );

    const named = { ...istio, destinationRule: { ...rule, additionalSubsetNames: ["third"] } };
    const kept = overlayClaims(
      istioOf("DestinationRule", { host: "s", subsets }),
      istioOf("DestinationRule", { host: "s", subsets: [...live, { name: "third" }] }),
      { rollouts: [whole({ trafficRouting: { istio: named } })], isAutoscaled: false },
    );

    expect(routes.spec).toEqual({ http: [{ route: [to("stable", 80), to("canary", 20)] }] });
    expect(overlaid.spec).toEqual({ host: "s", subsets: live });
    expect(kept.spec).toEqual({ host: "s", subsets: [...live, { name: "third" }] });
  });

  test("tls and tcp weights are the Rollout's too, git's where a version is new to a route", () => {
    const l4 = (first: object[], second: object[]) =>
      istioOf("VirtualService", {
        tls: [{ match: [{ port: 443 }], route: first }],
        tcp: [{ match: [{ port: 1 }], route: second }],
      });
    const named = { name: "shop", tlsRoutes: [{ port: 443 }], tcpRoutes: [{ port: 1 }] };

    const overlaid = overlayClaims(
      l4([to("stable", 100), to("canary", 0)], [to("stable", 100), to("canary", 0)]),
      l4([to("stable", 70), to("canary", 30)], [to("stable", 100)]),
      { rollouts: [whole({ trafficRouting: { istio: { ...istio, virtualService: named } } })], isAutoscaled: false },
    );

    expect(overlaid).toEqual(l4([to("stable", 70), to("canary", 30)], [to("stable", 100), to("canary", 0)]));
  });

  test("replicas belong to an autoscaler only where there is one", () => {
    const deployment = (replicas: number) =>
      ({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "d" }, spec: { replicas } }) as Resource;

    const claimed = overlayClaims(deployment(1), deployment(7), { rollouts: [], isAutoscaled: true });
    const free = overlayClaims(deployment(1), deployment(7), { rollouts: [], isAutoscaled: false });

    expect([claimed.spec, free.spec]).toEqual([{ replicas: 7 }, { replicas: 1 }]);
  });

  test("the replicas of a Deployment that a Rollout took over are the Rollout's", () => {
    const deployment = (replicas: number) =>
      ({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "d" }, spec: { replicas } }) as Resource;
    const { metadata, ...rest } = deployment(0);
    const live = { ...rest, metadata: { ...metadata, annotations: { "sluice.dev/replicas-before": "3" } } };

    const overlaid = overlayClaims(deployment(3), live, { rollouts: [], isAutoscaled: false });

    expect(overlaid).toEqual(deployment(0));
  });
});

describe("health", () => {
  const of = (apiVersion: string, kind: string, spec: object, status: object, generation = 1) =>
    healthOf({ apiVersion, kind, metadata: { name: "x", generation }, spec, status } as Resource)?.status;
  const up = { observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: 2 };

  test.each([
    ["Deployment", { paused: true }, {}, "Suspended"],
    ["Deployment", { replicas: 2 }, up, "Healthy"],
    ["Deployment", { replicas: 0 }, { observedGeneration: 1 }, "Healthy"],
    ["Deployment", { replicas: 2 }, { ...up, observedGeneration: 0 }, "Progressing"],
    ["Deployment", { replicas: 2 }, { ...up, updatedReplicas: 1 }, "Progressing"],
    ["Deployment", { replicas: 2 }, { ...up, replicas: 3 }, "Progressing"],
    ["Deployment", { replicas: 2 }, { ...up, availableReplicas: 1 }, "Progressing"],
    [
      "Deployment",
      { replicas: 2 },
      { ...up, conditions: [{ type: "Progressing", reason: "ProgressDeadlineExceeded" }] },
      "Degraded",
    ],
    ["ReplicaSet", { replicas: 2 }, { observedGeneration: 1, availableReplicas: 1 }, "Progressing"],
    [
      "ReplicaSet",
      { replicas: 2 },
      { observedGeneration: 1, conditions: [{ type: "ReplicaFailure", status: "True" }] },
      "Degraded",
    ],
    ["StatefulSet", { replicas: 1 }, {}, "Progressing"],
    [
      "StatefulSet",
      { replicas: 1, updateStrategy: { type: "RollingUpdate", rollingUpdate: {} } },
      { observedGeneration: 1, readyReplicas: 1, updateRevision: "b", currentRevision: "a" },
      "Healthy",
    ],
    [
      "StatefulSet",
      { replicas: 1 },
      { observedGeneration: 1, readyReplicas: 1, updateRevision: "b", currentRevision: "a" },
      "Progressing",
    ],
    [
      "DaemonSet",
      {},
      { observedGeneration: 1, desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1 },
      "Progressing",
    ],
  ])("apps %s %j %j: %s", (kind, spec, status, expected) => {
    expect(of("apps/v1", kind, spec, status)).toBe(expected);
  });

  const running = (container: object) => ({ phase: "Running", containerStatuses: [container] });
  test.each([
    [{ phase: "Pending" }, {}, "Progressing"],
    [{ phase: "Succeeded" }, {}, "Healthy"],
    [{ phase: "Failed" }, {}, "Degraded"],
    [{ phase: "Running", conditions: [{ type: "Ready", status: "True" }] }, {}, "Healthy"],
    [running({ state: { waiting: { reason: "CrashLoopBackOff" } } }), {}, "Degraded"],
    [running({ state: { waiting: { reason: "ErrImagePull" } } }), {}, "Degraded"],
    [running({ state: { waiting: { reason: "CrashLoopBackOff" } } }), { restartPolicy: "Never" }, "Progressing"],
    [running({ lastState: { terminated: { exitCode: 1 } } }), {}, "Degraded"],
    [running({}), {}, "Progressing"],
  ])("Pod %j %j: %s", (status, spec, expected) => {
    expect(of("v1", "Pod", spec, status)).toBe(expected);
  });

  test.each([
    [{}, "Progressing"],
    [{ observedGeneration: "1", phase: "Healthy" }, "Healthy"],
    [{ observedGeneration: "1", phase: "Paused" }, "Suspended"],
    [{ observedGeneration: "1", phase: "Degraded", message: "aborted" }, "Degraded"],
    [{ observedGeneration: "0", phase: "Healthy" }, "Progressing"],
  ])("Rollout %j: %s", (status, expected) => {
    expect(of("argoproj.io/v1alpha1", "Rollout", {}, status)).toBe(expected);
  });

  test.each([
    ["batch/v1", "Job", {}, { conditions: [{ type: "Suspended", status: "False" }] }, "Healthy"],
    ["batch/v1", "Job", {}, { conditions: [{ type: "Failed", status: "False" }] }, "Degraded"],
    ["v1", "Service", { type: "LoadBalancer" }, {}, "Progressing"],
    ["v1", "Service", {}, {}, "Healthy"],
    ["v1", "ConfigMap", {}, {}, undefined],
    ["v1", "PersistentVolumeClaim", {}, { phase: "Lost" }, "Degraded"],
    ["networking.k8s.io/v1", "Ingress", {}, {}, "Progressing"],
    [
      "autoscaling/v2",
      "HorizontalPodAutoscaler",
      {},
      { conditions: [{ type: "ScalingActive", reason: "FailedGetScale" }] },
      "Degraded",
    ],
  ])("%s %s %j %j: %s", (apiVersion, kind, spec, status, expected) => {
    expect(of(apiVersion, kind, spec, status)).toBe(expected);
  });

  test("what is being deleted is on its way", () => {
    const doomed = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "x", deletionTimestamp: "2026-01-01T00:00:00Z" },
    };

    expect(healthOf(doomed)).toEqual({ status: "Progressing", message: "Pending deletion" });
  });
});

describe("waits", () => {
  test("self-heal: 0, 2, 6, 18 s, at most 300", () => {
    expect([0, 1, 2, 3, 10].map(healWait)).toEqual([0, 2000, 6000, 18_000, 300_000]);
  });

  test("retries: the listing's 5 s, times 2, at most 3 min; Argo CD's defaults are the same", () => {
    const waits = (strategy: Parameters<typeof retryAt>[2]) =>
      [0, 1, 2, 9].map((attempts) => retryAt(instant(0), attempts, strategy) / 1000);

    expect(waits({ backoff: { duration: "5s", factor: 2, maxDuration: "3m" } })).toEqual([5, 10, 20, 180]);
    expect(waits({})).toEqual([5, 10, 20, 180]);
    expect(waits({ backoff: { duration: "7", factor: 1 } })).toEqual([7, 7, 7, 7]);
    expect([
      mayRetry(2, { limit: 3 }),
      mayRetry(3, { limit: 3 }),
      mayRetry(99, { limit: -1 }),
      mayRetry(0, {}),
    ]).toEqual([true, false, true, false]);
    expect(seconds(1)).toBe(1000);
  });
});

test("a tracking id that was copied onto another object claims nothing", () => {
  const reference = { group: "apps", version: "v1", kind: "Deployment", namespace: "a", name: "web" };
  const id = trackingId("shop", reference);
  const own = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web", namespace: "a" } };
  const child = { apiVersion: "apps/v1", kind: "ReplicaSet", metadata: { name: "web-1", namespace: "a" } };

  expect(id).toBe("shop:apps/Deployment:a/web");
  expect([trackedBy(own, id), trackedBy(child, id)]).toEqual(["shop", undefined]);
});
