import { writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { builtInKinds, type Deployment, type Event, keyOf, type ReplicaSet } from "@sluice/api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CommandResult, type Kubectl, kubectl } from "../../../../../test/kubectl.ts";
import type { PodLogs } from "./pod-logs.ts";
import { realClock, type WireWorld, wireWorld } from "./wire-world.fixture.ts";

const manifests = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, labels: {app: shop}}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
      - name: web
        image: shop:v1
        ports: [{containerPort: 8080, name: http}]
        readinessProbe: {httpGet: {path: /, port: http}}
      - {name: side, image: "side:v1"}
      volumes: [{name: tmp, emptyDir: {}}]
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  selector: {app: shop}
  ports: [{port: 80, targetPort: http}]
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: front}
spec:
  replicas: 2
  selector: {matchLabels: {app: front}}
  template:
    metadata: {labels: {app: front}}
    spec:
      containers: [{name: web, image: "shop:v1"}]
  strategy: {canary: {steps: [{setWeight: 20}, {pause: {}}]}}
`;

/** Says what it was asked, then goes on as a container would. */
const spokenLogs: PodLogs = {
  async *read(pod, options) {
    const lines = [`${pod.metadata.name} ${options.container}${options.previous ? " before" : ""}\n`, "second\n"];
    for (const line of options.tailLines === 1 ? lines.slice(1) : lines) yield Buffer.from(line);
    if (options.follow) yield Buffer.from("followed\n");
  },
};

/** Succeeded, and had nothing to say beside its answer. */
function answer({ code, stdout, stderr }: CommandResult): string {
  expect({ code, stderr, stdout: code === 0 ? "" : stdout }).toEqual({ code: 0, stderr: "", stdout: "" });
  return stdout.trimEnd();
}

function refusal({ code, stderr }: CommandResult): string {
  expect(code).not.toBe(0);
  return stderr.trimEnd();
}

const columns = (table: string): readonly (readonly string[])[] =>
  table.split("\n").map((line) => line.trim().split(/\s{2,}|\s(?=\S+$)/));

describe.each(["1.31", "1.35"] as const)("kubectl %s", (version) => {
  let world: WireWorld;
  let command: Kubectl;
  let file: string;
  let namespaces = 0;

  beforeAll(async () => {
    world = await wireWorld(builtInKinds(), { podLogs: spokenLogs });
    command = kubectl(version, world.kubeconfig, join(world.folder, "cache"));
    file = join(world.folder, "shop.yaml");
    await writeFile(file, manifests);
  });
  afterAll(() => world?.close());

  /** kubectl in a namespace of its own. */
  async function scene() {
    const namespace = `scene-${++namespaces}`;
    await world.store.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
    const run = (...parameters: readonly string[]) => command("--namespace", namespace, ...parameters);
    const shop = { apiVersion: "apps/v1", kind: "Deployment", namespace, name: "shop" };
    return { namespace, run, shop, deployment: async () => (await world.store.get<Deployment>(shop)) as Deployment };
  }

  test("api-resources lists kinds with their short names", async () => {
    const rows = answer(await command("api-resources", "-o", "wide")).split("\n");

    expect(rows.find((row) => row.startsWith("deployments"))).toMatch(
      /deployments +deploy +apps\/v1 +true +Deployment +create,delete,deletecollection,get,list,patch,update,watch/,
    );
    expect(rows.find((row) => row.startsWith("rollouts"))).toMatch(/ro +argoproj.io\/v1alpha1 +true +Rollout/);
    expect(answer(await command("api-versions"))).toContain("apps/v1");
  });

  test("create: from a file, and each generator, also as protobuf", async () => {
    const { run, namespace } = await scene();

    expect(answer(await run("create", "-f", file))).toBe(
      "deployment.apps/shop created\nservice/shop created\nrollout.argoproj.io/front created",
    );
    answer(await run("create", "configmap", "c", "--from-literal=a=1"));
    answer(await run("create", "secret", "generic", "s", "--from-literal=password=hunter2"));
    answer(await run("create", "deployment", "d", "--image=x:1", "--replicas=0", "--port=80"));
    answer(await run("create", "service", "clusterip", "v", "--tcp=80:8080"));
    answer(await run("create", "serviceaccount", "a"));
    answer(await run("create", "job", "j", "--image=x:1", "--", "true"));
    expect(answer(await run("get", "job", "j", "-o", "jsonpath={.spec.template.spec.restartPolicy}"))).toBe("Never");
    expect(answer(await run("get", "job", "j"))).toMatch(/^NAME +STATUS .*\nj +Running +0\/1/);
    answer(await run("create", "namespace", `${namespace}-more`));
    answer(await run("run", "p", "--image=x:1", "--env=A=B", "--labels=run=p", "--port=80"));
    expect(answer(await run("get", "cm,secret", "-o", "name"))).toBe("configmap/c\nsecret/s");
    expect(answer(await run("get", "secret", "s", "-o", "jsonpath={.data.password}"))).toBe(
      Buffer.from("hunter2").toString("base64"),
    );
    expect(answer(await run("get", "deploy", "d", "-o", "jsonpath={.spec.replicas}"))).toBe("0");
    expect(answer(await run("get", "pod", "p", "-o", "jsonpath={.spec.containers[0].env}"))).toBe(
      '[{"name":"A","value":"B"}]',
    );
    expect(refusal(await run("create", "-f", file))).toContain(
      "Error from server (AlreadyExists): error when creating",
    );
  });

  test("get: wide, yaml, json, jsonpath, name, selectors, all namespaces, categories", async () => {
    const { run, namespace } = await scene();
    answer(await run("create", "-f", file));

    expect(columns(answer(await run("get", "deploy,svc,ro", "-o", "wide")))[0]).toEqual([
      "NAME",
      "READY",
      "UP-TO-DATE",
      "AVAILABLE",
      "AGE",
      "CONTAINERS",
      "IMAGES",
      "SELECTOR",
    ]);
    expect(answer(await run("get", "deploy", "shop"))).toMatch(
      /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nshop +0\/2 +0 +0 +\d+s$/,
    );
    expect(answer(await run("get", "deploy", "-o", "yaml"))).toContain("kind: Deployment");
    expect(JSON.parse(answer(await run("get", "deploy", "shop", "-o", "json")))).toMatchObject({ kind: "Deployment" });
    expect(answer(await run("get", "deploy", "shop", "-o", "jsonpath={.spec.template.spec.containers[*].name}"))).toBe(
      "web side",
    );
    expect(answer(await run("get", "all", "-o", "name")).split("\n")).toEqual(
      expect.arrayContaining(["service/shop", "deployment.apps/shop", "rollout.argoproj.io/front"]),
    );
    expect(answer(await run("get", "deploy", "-l", "app in (shop)", "-o", "name"))).toBe("deployment.apps/shop");
    expect(answer(await run("get", "deploy", "-l", "app!=shop", "--ignore-not-found"))).toBe("");
    expect(answer(await run("get", "deploy", "--field-selector", "metadata.name=shop", "-o", "name"))).toBe(
      "deployment.apps/shop",
    );
    expect(answer(await command("get", "deploy", "-A"))).toMatch(new RegExp(`${namespace} +shop`));
    expect(answer(await run("get", "deploy", "--show-labels", "--sort-by=.metadata.name"))).toContain("app=shop");
    expect(answer(await run("get", "deploy", "-o", "custom-columns=N:.metadata.name"))).toBe("N\nshop");
    expect(answer(await run("get", "deploy", "--chunk-size=1", "-o", "name"))).toBe("deployment.apps/shop");
    expect(answer(await run("get", "--raw", "/readyz"))).toBe("ok");
    expect(refusal(await run("get", "pod", "nothing"))).toBe('Error from server (NotFound): pods "nothing" not found');
    expect(refusal(await run("get", "deploy", "nothing"))).toBe(
      'Error from server (NotFound): deployments.apps "nothing" not found',
    );
  });

  test("get -w shows changes as they come", async () => {
    const { run, namespace } = await scene();
    answer(await run("create", "-f", file));
    const child = command.start("--namespace", namespace, "get", "deploy", "-w");
    const seen: string[] = [];
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const until = async (text: RegExp) => {
      while (!seen.some((line) => text.test(line))) seen.push((await lines.next()).value ?? "");
    };

    await until(/^shop +0\/2/);
    answer(await run("scale", "deploy/shop", "--replicas=7"));
    await until(/^shop +0\/7/);
    answer(await run("delete", "deploy/shop"));
    child.kill("SIGTERM");

    expect(seen.filter((line) => line.startsWith("NAME"))).toHaveLength(1);
  });

  test("apply, diff and apply again, for built-in and for other kinds", async () => {
    const { run, deployment } = await scene();

    expect(answer(await run("apply", "-f", file))).toContain("deployment.apps/shop created");
    expect(answer(await run("diff", "-f", file))).toBe("");
    const changed = join(world.folder, "changed.yaml");
    await writeFile(
      changed,
      manifests.replaceAll("replicas: 2", "replicas: 3").replace('      - {name: side, image: "side:v1"}\n', ""),
    );
    const { code, stdout, stderr } = await run("diff", "-f", changed);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    expect(stdout).toMatch(/-\s+replicas: 2\n\+\s+replicas: 3/);
    expect(answer(await run("apply", "-f", changed))).toBe(
      "deployment.apps/shop configured\nservice/shop unchanged\nrollout.argoproj.io/front configured",
    );
    expect((await deployment()).spec.template.spec.containers.map(({ name }) => name)).toEqual(["web"]);
  });

  test("apply --server-side: ownership, conflicts, force", async () => {
    const { run, deployment } = await scene();
    const changed = join(world.folder, "server-side.yaml");
    await writeFile(changed, manifests.replaceAll("replicas: 2", "replicas: 4"));

    expect(answer(await run("apply", "--server-side", "-f", file))).toContain(
      "deployment.apps/shop serverside-applied",
    );
    expect(answer(await run("apply", "--server-side", "-f", file))).toContain(
      "rollout.argoproj.io/front serverside-applied",
    );
    expect(answer(await run("diff", "--server-side", "-f", file))).toBe("");
    const refused = refusal(await run("apply", "--server-side", "--field-manager=other", "-f", changed));
    expect(refused).toContain('Apply failed with 1 conflict: conflict with "kubectl" using apps/v1: .spec.replicas');
    answer(await run("apply", "--server-side", "--force-conflicts", "--field-manager=other", "-f", changed));

    expect((await deployment()).spec.replicas).toBe(4);
    expect((await deployment()).metadata.managedFields?.map(({ manager }) => manager).sort()).toEqual([
      "kubectl",
      "other",
    ]);
  });

  test("a move from client-side to server-side apply goes without conflict", async () => {
    const { run, deployment } = await scene();
    answer(await run("apply", "-f", file));

    answer(await run("apply", "--server-side", "-f", file));

    expect(
      (await deployment()).metadata.managedFields?.map(({ manager, operation }) => `${manager} ${operation}`),
    ).toContain("kubectl Apply");
  });

  test("edit, replace, label, annotate, scale, set image", async () => {
    const { run, namespace, deployment } = await scene();
    answer(await run("create", "-f", file));
    const images = async () => (await deployment()).spec.template.spec.containers.map(({ image }) => image);

    const edit = ["--namespace", namespace, "edit", "deploy/shop"] as const;
    expect(answer(await command.with({ env: { EDITOR: "sed -i s/shop:v1/shop:v2/" } }, ...edit))).toBe(
      "deployment.apps/shop edited",
    );
    expect(await images()).toEqual(["shop:v2", "side:v1"]);
    const live = (await run("get", "deploy", "shop", "-o", "json")).stdout;
    const replaced = await command.with(
      { input: live.replace("shop:v2", "shop:v3") },
      "--namespace",
      namespace,
      "replace",
      "-f",
      "-",
    );
    expect(answer(replaced)).toBe("deployment.apps/shop replaced");
    const stale = await command.with({ input: live }, "--namespace", namespace, "replace", "-f", "-");
    expect(refusal(stale)).toContain(
      "the object has been modified; please apply your changes to the latest version and try again",
    );
    expect(answer(await run("label", "deploy/shop", "tier=web"))).toBe("deployment.apps/shop labeled");
    expect(answer(await run("label", "deploy/shop", "tier-"))).toBe("deployment.apps/shop unlabeled");
    expect(answer(await run("annotate", "deploy/shop", "note=x"))).toBe("deployment.apps/shop annotated");
    expect(answer(await run("scale", "deploy/shop", "--replicas=5"))).toBe("deployment.apps/shop scaled");
    expect(answer(await run("scale", "ro/front", "--replicas=1", "--current-replicas=2"))).toBe(
      "rollout.argoproj.io/front scaled",
    );
    expect(answer(await run("set", "image", "deploy/shop", "web=shop:v4"))).toBe("deployment.apps/shop image updated");

    expect(await images()).toEqual(["shop:v4", "side:v1"]);
    expect((await deployment()).spec.replicas).toBe(5);
    expect((await deployment()).metadata.annotations).toEqual({ note: "x" });
  });

  test("patch: strategic, merge, JSON, status", async () => {
    const { run, deployment } = await scene();
    answer(await run("create", "-f", file));
    const strategic = { spec: { template: { spec: { containers: [{ name: "web", image: "shop:v9" }] } } } };

    expect(answer(await run("patch", "deploy/shop", "-p", JSON.stringify(strategic)))).toBe(
      "deployment.apps/shop patched",
    );
    answer(await run("patch", "deploy/shop", "--type=merge", "-p", '{"spec":{"paused":true}}'));
    answer(await run("patch", "deploy/shop", "--type=json", "-p", '[{"op":"remove","path":"/spec/paused"}]'));
    answer(
      await run("patch", "deploy/shop", "--subresource=status", "--type=merge", "-p", '{"status":{"replicas":2}}'),
    );
    const { spec, status } = await deployment();

    expect(spec.template.spec.containers.map(({ image }) => image)).toEqual(["shop:v9", "side:v1"]);
    expect(spec.paused).toBeUndefined();
    expect(status?.replicas).toBe(2);
    expect(refusal(await run("patch", "ro/front", "-p", "{}"))).toContain(
      "Rollout accepts JSON patch, merge patch and apply",
    );
  });

  test("wait for a condition, a field, a deletion", async () => {
    const { run, shop, deployment } = await scene();
    answer(await run("create", "-f", file));
    const available = run("wait", "--for=condition=Available", "deploy/shop", "--timeout=20s");
    const replicas = run("wait", "--for=jsonpath={.status.replicas}=2", "deploy/shop", "--timeout=20s");
    const gone = run("wait", "--for=delete", "deploy/shop", "--timeout=20s");

    await world.store.patch(shop, statusPatch({ replicas: 2, conditions: [{ type: "Available", status: "True" }] }), {
      subresource: "status",
    });
    expect(answer(await available)).toBe("deployment.apps/shop condition met");
    expect(answer(await replicas)).toBe("deployment.apps/shop condition met");
    // Who begins to wait for what is gone already has nothing to say.
    await expect.poll(() => world.openStreams(), { timeout: 15_000 }).toBe(1);
    await world.store.delete(keyOf(await deployment()));
    expect(answer(await gone)).toBe("deployment.apps/shop condition met");
  });

  test("rollout status, history, undo, restart, pause and resume", async () => {
    const { run, shop, deployment } = await scene();
    answer(await run("create", "-f", file));
    for (const [revision, image] of ["shop:v0", "shop:v1"].entries()) {
      await world.store.create(replicaSetOf(await deployment(), revision + 1, image));
    }
    await world.store.patch(shop, {
      type: "merge",
      value: { metadata: { annotations: { "deployment.kubernetes.io/revision": "2" } } },
    });
    const status = run("rollout", "status", "deploy/shop", "--timeout=20s");
    const done = { observedGeneration: 1, replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 };
    await world.store.patch(shop, statusPatch({ observedGeneration: 1, replicas: 2, updatedReplicas: 1 }), {
      subresource: "status",
    });
    await world.store.patch(shop, statusPatch(done), { subresource: "status" });

    expect(answer(await status)).toContain('deployment "shop" successfully rolled out');
    expect(answer(await run("rollout", "history", "deploy/shop"))).toMatch(
      /REVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>/,
    );
    expect(answer(await run("rollout", "history", "deploy/shop", "--revision=1"))).toContain("shop:v0");
    expect(answer(await run("rollout", "undo", "deploy/shop"))).toBe("deployment.apps/shop rolled back");
    expect((await deployment()).spec.template.spec.containers[0]?.image).toBe("shop:v0");
    answer(await run("rollout", "pause", "deploy/shop"));
    answer(await run("rollout", "resume", "deploy/shop"));
    answer(await run("rollout", "restart", "deploy/shop"));
    expect((await deployment()).spec.template.metadata?.annotations).toHaveProperty([
      "kubectl.kubernetes.io/restartedAt",
    ]);
  });

  test("logs: follow, previous, tail, containers", async () => {
    const { run } = await scene();
    answer(await run("create", "-f", file));
    answer(await run("run", "solo", "--image=x:1"));
    answer(await run("create", "-f", podFile(world, "pair")));

    expect(answer(await run("logs", "solo"))).toBe("solo solo\nsecond");
    expect(answer(await run("logs", "solo", "-f"))).toBe("solo solo\nsecond\nfollowed");
    expect(answer(await run("logs", "solo", "--previous", "--tail=2"))).toBe("solo solo before\nsecond");
    expect(answer(await run("logs", "solo", "--tail=1"))).toBe("second");
    expect(answer(await run("logs", "solo", "--limit-bytes=4"))).toBe("solo");
    expect(answer(await run("logs", "pair", "-c", "b"))).toBe("pair b\nsecond");
    expect(answer(await run("logs", "pair", "--all-containers", "--prefix"))).toContain("[pod/pair/b] pair b");
    expect(answer(await run("logs", "-l", "pair=yes", "-c", "a"))).toContain("pair a");
    expect(refusal(await run("logs", "pair", "-c", "z"))).toContain("container z is not valid for pod pair");
    expect(refusal(await run("logs", "nothing"))).toContain('(NotFound): pods "nothing" not found');
  });

  test("describe and events", async () => {
    const { run, namespace, deployment } = await scene();
    answer(await run("create", "-f", file));
    answer(await run("run", "solo", "--image=x:1"));
    await world.store.create(eventFor(await deployment()));

    expect(answer(await run("describe", "deploy", "shop"))).toMatch(
      /Events:[\s\S]*Normal +ScaledUp .* deployment-controller +Scaled up/,
    );
    expect(answer(await run("describe", "svc", "shop"))).toContain("TargetPort:");
    expect(answer(await run("describe", "pod", "solo"))).toContain("Containers:");
    expect(answer(await run("describe", "ro", "front"))).toContain("Kind:         Rollout");
    expect(answer(await command("describe", "ns", namespace))).toContain("Status:       Active");
    expect(answer(await run("events", "--for", "deploy/shop"))).toMatch(
      /Normal +ScaledUp +Deployment\/shop +Scaled up/,
    );
    expect(answer(await run("get", "events"))).toMatch(/LAST SEEN +TYPE +REASON +OBJECT +MESSAGE/);
  });

  test("explain", async () => {
    expect(answer(await command("explain", "deployment.spec.replicas"))).toContain("FIELD: replicas <integer>");
    expect(answer(await command("explain", "rollout.spec.strategy.canary"))).toContain("FIELDS:");
    expect(answer(await command("explain", "pod.spec.containers", "--recursive"))).toContain("imagePullPolicy");
    expect(answer(await command("explain", "service.metadata.labels"))).toContain("map[string]string");
  });

  test("delete: by file, name, label, all, with finalizers, and what isn't there", async () => {
    const { run, namespace } = await scene();
    answer(await run("create", "-f", file));
    for (const name of ["a", "b", "c"]) answer(await run("create", "configmap", name));
    answer(await run("label", "cm/a", "x=y"));
    answer(await run("patch", "cm/b", "--type=merge", "-p", '{"metadata":{"finalizers":["test.sluice.dev/hold"]}}'));

    expect(answer(await run("delete", "-f", file))).toContain('deployment.apps "shop" deleted');
    expect(answer(await run("delete", "cm", "-l", "x=y"))).toContain('configmap "a" deleted');
    expect(answer(await run("delete", "cm/b", "--wait=false"))).toContain('configmap "b" deleted');
    expect(answer(await run("get", "cm", "-o", "name"))).toBe("configmap/b\nconfigmap/c");
    answer(await run("patch", "cm/b", "--type=json", "-p", '[{"op":"remove","path":"/metadata/finalizers"}]'));
    expect(answer(await run("delete", "cm", "--all"))).toContain('configmap "c" deleted');
    expect(refusal(await run("delete", "cm/c"))).toContain('configmaps "c" not found');
    expect(answer(await command("delete", "ns", namespace, "--timeout=20s"))).toContain(
      `namespace "${namespace}" deleted`,
    );
  });

  test("what is wrong is said with its field; an unknown one is refused", async () => {
    const { namespace } = await scene();
    const apply = (text: string, ...more: readonly string[]) =>
      command.with({ input: text }, "--namespace", namespace, "apply", "-f", "-", ...more);

    expect(refusal(await apply(manifests.replace("replicas: 2", "replicas: -1")))).toMatch(
      /The Deployment "shop" is invalid: .*spec.replicas: Invalid value: /,
    );
    expect(refusal(await apply(manifests.replace("replicas: 2", "replics: 2")))).toContain(
      "spec.replics: Unsupported value: an unknown field holding a number",
    );
    expect(refusal(await apply(manifests.replace("replicas: 2", "replicas: two")))).toContain("spec.replicas");
    const { code, stderr } = await apply(manifests.replace("replicas: 2", "replics: 2"), "--validate=warn");
    expect(code).toBe(0);
    expect(stderr).toMatch(/^Warning: spec.replics: .*did you mean/);
  });

  test("a kind that isn't served is named, in a known group and in an unknown one", async () => {
    const { run } = await scene();
    const apply = (apiVersion: string, kind: string, ...more: readonly string[]) =>
      command.with(
        { input: JSON.stringify({ apiVersion, kind, metadata: { name: "x" } }) },
        "apply",
        "-f",
        "-",
        ...more,
      );

    expect(refusal(await apply("apps/v1", "StatefulSet"))).toContain('no matches for kind "StatefulSet" in version');
    expect(refusal(await apply("example.com/v1", "Tea"))).toContain("ensure CRDs are installed first");
    expect(refusal(await apply("example.com/v1", "Tea", "--server-side"))).toContain('no matches for kind "Tea"');
    expect(refusal(await run("create", "cronjob", "x", "--image=x", "--schedule=@daily"))).toContain(
      "could not find the requested resource",
    );
  });

  test("auth can-i, whoami; exec says why not; cluster-info", async () => {
    const { run } = await scene();
    answer(await run("run", "solo", "--image=x:1"));

    expect(answer(await run("auth", "can-i", "create", "pods"))).toBe("yes");
    expect(answer(await command("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"))).toBe("admin");
    expect(refusal(await run("exec", "solo", "--", "ls"))).toContain(
      "exec is not served: pod solo is a process of this machine",
    );
    expect(refusal(await run("port-forward", "pod/solo", "1:1"))).not.toBe("");
  });

  test("custom kinds work like the built-in ones", async () => {
    const { run, namespace } = await scene();
    const crd = join(world.folder, "crd.yaml");
    await writeFile(crd, customKind);

    answer(await command("apply", "-f", crd));
    answer(await command("wait", "--for=condition=Established", "crd/widgets.example.com", "--timeout=10s"));
    const widget = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\nspec: {size: 3}";
    const applied = await command.with({ input: widget }, "--namespace", namespace, "apply", "-f", "-");
    expect(answer(applied)).toBe("widget.example.com/w created");
    expect(answer(await run("get", "wd"))).toMatch(/NAME +SIZE +AGE\nw +3 +\d+s/);
    expect(answer(await run("explain", "widget.spec.size"))).toContain("How large.");
    const wrong = await command.with(
      { input: widget.replace("3", "many") },
      "--namespace",
      namespace,
      "apply",
      "-f",
      "-",
    );
    expect(refusal(wrong)).toContain("spec.size");
    answer(await command("delete", "crd", "widgets.example.com", "--timeout=10s"));
    expect(refusal(await run("get", "widgets"))).toContain("could not find the requested resource");
  });
});

const statusPatch = (status: unknown) => ({ type: "merge", value: { status } }) as const;

function replicaSetOf(owner: Deployment, revision: number, image: string): ReplicaSet {
  const labels = { app: "shop", "pod-template-hash": String(revision) };
  const [web, ...others] = owner.spec.template.spec.containers;
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `shop-${revision}`,
      namespace: owner.metadata.namespace as string,
      labels,
      annotations: { "deployment.kubernetes.io/revision": String(revision) },
      ownerReferences: [
        {
          apiVersion: "apps/v1",
          kind: "Deployment",
          name: "shop",
          uid: owner.metadata.uid as string,
          controller: true,
        },
      ],
    },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ ...(web as { name: string }), image }, ...others] } },
    },
  } as ReplicaSet;
}

function eventFor({ apiVersion, kind, metadata }: Deployment): Event {
  const now = new Date(realClock.now()).toISOString().replace(/\.\d+/, "");
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: "shop.1", namespace: metadata.namespace as string },
    involvedObject: { apiVersion, kind, name: "shop", namespace: metadata.namespace, uid: metadata.uid },
    reason: "ScaledUp",
    message: "Scaled up",
    type: "Normal",
    count: 1,
    firstTimestamp: now,
    lastTimestamp: now,
    source: { component: "deployment-controller" },
  } as Event;
}

/** kubectl reads JSON as it does YAML. */
function podFile(world: WireWorld, name: string): string {
  const path = join(world.folder, `${name}.json`);
  const containers = ["a", "b"].map((container) => ({ name: container, image: "x:1" }));
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name, labels: { pair: "yes" } }, spec: { containers } };
  writeFileSync(path, JSON.stringify(pod));
  return path;
}

const customKind = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, listKind: WidgetList, shortNames: [wd]}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              size: {type: integer, description: How large.}
    additionalPrinterColumns:
    - {name: Size, type: integer, jsonPath: .spec.size}
    - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
`;
