import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Deployment, ReplicaSet } from "@sluice/api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answer, type Kubectl, refusal } from "../../../../../test/kubectl.ts";
import { type KubectlWorld, kubectlWorld, manifests, versions } from "./kubectl.fixture.ts";
import type { WireWorld } from "./wire-world.fixture.ts";

describe.each(versions)("kubectl %s writes", (version) => {
  let world: WireWorld;
  let command: Kubectl;
  let file: string;
  let scene: KubectlWorld["scene"];

  beforeAll(async () => {
    ({ world, command, file, scene } = await kubectlWorld(version));
  });
  afterAll(() => world?.close());

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
