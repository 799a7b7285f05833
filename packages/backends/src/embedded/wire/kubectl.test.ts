import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type Deployment, type Event, keyOf } from "@sluice/api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answer, columns, type Kubectl, refusal } from "../../../../../test/kubectl.ts";
import { type KubectlWorld, kubectlWorld, versions } from "./kubectl.fixture.ts";
import { realClock, type WireWorld } from "./wire-world.fixture.ts";

describe.each(versions)("kubectl %s reads", (version) => {
  let world: WireWorld;
  let command: Kubectl;
  let file: string;
  let scene: KubectlWorld["scene"];

  beforeAll(async () => {
    ({ world, command, file, scene } = await kubectlWorld(version));
  });
  afterAll(() => world?.close());

  test("api-resources lists kinds with their short names", async () => {
    const rows = answer(await command("api-resources", "-o", "wide")).split("\n");

    expect(rows.find((row) => row.startsWith("deployments"))).toMatch(
      /deployments +deploy +apps\/v1 +true +Deployment +create,delete,deletecollection,get,list,patch,update,watch/,
    );
    expect(rows.find((row) => row.startsWith("rollouts"))).toMatch(/ro +argoproj.io\/v1alpha1 +true +Rollout/);
    expect(answer(await command("api-versions"))).toContain("apps/v1");
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
});

const statusPatch = (status: unknown) => ({ type: "merge", value: { status } }) as const;

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
