import type { Deployment, Quarantine, Resource, Rollout, VirtualService } from "@sluice/api";
import { inspectApplication, workloadDigests } from "@sluice/controllers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RealPlatform } from "./platform.ts";

const shop = (image: string, replicas = 2) => `
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  selector: {app: shop}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, labels: {app: api}}
spec:
  replicas: 1
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      containers:
        - name: api
          image: api:v1
          ports: [{containerPort: 8080}]
          env: [{name: MODE, value: "on"}]
          resources: {requests: {cpu: 500m, memory: 64Mi}, limits: {cpu: "1"}}
          readinessProbe: {httpGet: {path: /health, port: 8080}}
      volumes: [{name: tmp, emptyDir: {}}]
---
apiVersion: v1
kind: Secret
metadata: {name: key}
stringData: {token: hush}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {greeting: hello}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [shop]
  http:
    - name: primary
      route:
        - destination: {host: shop, subset: stable}
          weight: 100
        - destination: {host: shop, subset: canary}
          weight: 0
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: shop}
spec:
  host: shop
  subsets:
    - {name: stable, labels: {app: shop}}
    - {name: canary, labels: {app: shop}}
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
        - name: web
          image: ${image}
  strategy:
    canary:
      trafficRouting:
        istio:
          virtualService: {name: shop, routes: [primary]}
          destinationRule: {name: shop, canarySubsetName: canary, stableSubsetName: stable}
      steps: [{setWeight: 20}, {pause: {}}]
`;

let platform: RealPlatform;

beforeEach(async () => {
  platform = new RealPlatform();
  await platform.start();
});

afterEach(() => platform.stop());

const syncedTo = (name: string, sha: string) =>
  expect
    .poll(async () => (await platform.getApplication(name))?.status?.sync, { timeout: 5000, interval: 5 })
    .toMatchObject({ status: "Synced", revision: sha });

const start = async (annotations: Record<string, string> = {}) => {
  const first = platform.repository.push({ "app/shop.yaml": shop("shop:v1") }, "v1");
  await platform.client.create(platform.application("shop", {}, annotations));
  await syncedTo("shop", first);
  return first;
};

test("every built-in kind is in sync right after a sync, and a push arrives at once", async () => {
  await start();
  const rollout = () => platform.get<Rollout>("argoproj.io/v1alpha1", "Rollout", "shop");

  const git = platform.repository;
  git.write({ "app/shop.yaml": shop("shop:v2") });
  git.git("commit", "--quiet", "-am", "v2");
  git.git("push", "--quiet", "origin", "HEAD");
  const pushedAt = performance.now();
  await expect
    .poll(async () => (await rollout())?.spec.template?.spec?.containers?.[0]?.image, { interval: 1 })
    .toBe("shop:v2");
  const took = performance.now() - pushedAt;

  await syncedTo("shop", git.git("rev-parse", "HEAD"));
  const application = await platform.getApplication("shop");
  expect(application?.status?.history).toHaveLength(2);
  expect(application?.status?.summary?.images).toEqual(["api:v1", "shop:v2"]);
  expect(took).toBeLessThan(1000);
});

test("live weights, hashes and replicas that others claim are neither drift nor overwritten", async () => {
  await start();
  const key = (kind: string, apiVersion = "networking.istio.io/v1") => ({
    apiVersion,
    kind,
    namespace: "default",
    name: "shop",
  });
  const as = { fieldManager: "rollouts" };
  await platform.client.patch(
    key("VirtualService"),
    {
      type: "json",
      operations: [
        { op: "replace", path: "/spec/http/0/route/0/weight", value: 80 },
        { op: "replace", path: "/spec/http/0/route/1/weight", value: 20 },
      ],
    },
    as,
  );
  await platform.client.patch(
    key("DestinationRule"),
    {
      type: "json",
      operations: [{ op: "add", path: "/spec/subsets/1/labels/rollouts-pod-template-hash", value: "abc" }],
    },
    as,
  );
  await platform.client.patch(
    key("Service", "v1"),
    {
      type: "merge",
      value: {
        metadata: { annotations: { "argo-rollouts.argoproj.io/managed-by-rollouts": "shop" } },
        spec: { selector: { "rollouts-pod-template-hash": "abc" } },
      },
    },
    as,
  );

  const sha = platform.repository.push({ "app/shop.yaml": shop("shop:v1", 4) }, "more replicas");
  await syncedTo("shop", sha);

  const live = await platform.client.get<VirtualService>(key("VirtualService"));
  const rule = await platform.client.get<Resource & { spec: { subsets: { labels: object }[] } }>(
    key("DestinationRule"),
  );
  const service = await platform.client.get<Resource & { spec: { selector: object } }>(key("Service", "v1"));
  expect(live?.spec.http?.[0]?.route?.map(({ weight }) => weight)).toEqual([80, 20]);
  expect(rule?.spec.subsets[1]?.labels).toEqual({ app: "shop", "rollouts-pod-template-hash": "abc" });
  expect(service?.spec.selector).toEqual({ app: "shop", "rollouts-pod-template-hash": "abc" });
  const state = (await platform.getApplication("shop"))?.status?.operationState;
  expect(state?.operation.sync?.selfHealAttemptsCount).toBeUndefined();
  expect((await platform.get<Rollout>("argoproj.io/v1alpha1", "Rollout", "shop"))?.spec.replicas).toBe(4);
});

test("a manifest that the API refuses stops the whole sync, and says where", async () => {
  const first = await start();
  const broken = shop("shop:v2").replace('value: "on"', 'valu: "on"').replace("greeting: hello", "greeting: bye");

  platform.repository.push({ "app/shop.yaml": broken }, "broken");

  await expect
    .poll(async () => (await platform.getApplication("shop"))?.status?.operationState?.message, { timeout: 5000 })
    .toMatch(/not valid: app\/shop\.yaml:9: .*valu/);
  const settings = await platform.get<Resource & { data: object }>("v1", "ConfigMap", "settings");
  expect(settings?.data).toEqual({ greeting: "hello" });
  expect((await platform.getApplication("shop"))?.status?.history?.at(-1)?.revision).toBe(first);
});

test("what would change is shown field by field, secrets masked", async () => {
  await start();
  const key = { apiVersion: "argoproj.io/v1alpha1", kind: "Application", namespace: "argocd", name: "shop" };
  await platform.client.patch(key, { type: "merge", value: { spec: { syncPolicy: { automated: null } } } });
  const sha = platform.repository.push({ "app/shop.yaml": shop("shop:v2").replace("hush", "louder") }, "v2");
  const application = await platform.getApplication("shop");
  if (application === undefined) throw new Error("gone");
  const rendered = await platform.sources.fetchManifests({
    repoURL: platform.repository.url,
    revision: sha,
    path: "app",
  });

  const { resources, errors } = await inspectApplication(platform.client, application, rendered, (kind) =>
    platform.kinds.byKind(kind),
  );

  const changes = resources.flatMap(({ comparison, changes: all }) =>
    all.map((change) => ({ kind: comparison.reference.kind, ...change })),
  );
  expect(errors).toEqual([]);
  expect(changes).toEqual([
    { kind: "Secret", path: "data.token", live: "++++++++", desired: "+++++++++" },
    { kind: "Rollout", path: "spec.template.spec.containers[name=web].image", live: "shop:v1", desired: "shop:v2" },
  ]);
});

test("an unneeded push changes nothing, and costs nothing but the revision", async () => {
  await start();
  const versions = async () =>
    (await platform.client.list<Deployment>({ apiVersion: "apps/v1", kind: "Deployment" })).items.map(
      ({ metadata }) => metadata.resourceVersion,
    );
  const before = await versions();

  const sha = platform.repository.push({ "README.md": "words" }, "docs");
  await syncedTo("shop", sha);

  expect(await versions()).toEqual(before);
});

test("a quarantined version is reverted in git, and git's answer is synced", async () => {
  await start({ "sluice.dev/revert": "commit" });
  const bad = platform.repository.push({ "app/shop.yaml": shop("shop:v2") }, "v2");
  await syncedTo("shop", bad);
  const rollout = await platform.get<Rollout>("argoproj.io/v1alpha1", "Rollout", "shop");
  const [digest = ""] = rollout === undefined ? [] : workloadDigests(() => undefined)(rollout);
  const quarantine: Quarantine = {
    apiVersion: "sluice.dev/v1alpha1",
    kind: "Quarantine",
    metadata: { name: "shop-x", namespace: "default" },
    spec: {
      application: "shop",
      namespace: "default",
      workload: { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: "shop" },
      podTemplateHash: "abc",
      templateDigest: digest,
      images: ["shop:v2"],
      reason: "metric error-rate failed",
      decision: "d1",
    },
  };

  await platform.client.create(quarantine);

  const revertOf = async () =>
    (await platform.get<Quarantine>("sluice.dev/v1alpha1", "Quarantine", "shop-x"))?.status?.gitRevert;
  await expect.poll(async () => (await revertOf())?.phase, { timeout: 10_000 }).toBe("Committed");
  expect(await revertOf()).toMatchObject({ reverts: bad, branch: "main" });
  await syncedTo("shop", platform.repository.origin("rev-parse", "main"));
  expect(
    (await platform.get<Rollout>("argoproj.io/v1alpha1", "Rollout", "shop"))?.spec.template?.spec?.containers?.[0]
      ?.image,
  ).toBe("shop:v1");
});
