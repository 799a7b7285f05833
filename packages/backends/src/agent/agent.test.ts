import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Node } from "@sluice/api";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AgentWorld, conditionOf, containerOf, serverScript } from "./agent-world.fixture.ts";
import { readText } from "./files/atomic.ts";
import { isAlive, parseIdentity } from "./process/identity.ts";

let world: AgentWorld;
beforeEach(async () => {
  world = await AgentWorld.open();
  world.image("app:v1", { Entrypoint: ["node", "server.js"], WorkingDir: "/app" }, { "app/server.js": serverScript });
});
afterEach(() => world.close());

const mainOf = (uid: string, attempt = 0) =>
  parseIdentity(readText(join(world.stateFolder, `pods/${uid}/containers/main/${attempt}/main`)) ?? "")!;

test("a Pod runs with a probe, a mapped port and a log, and ends with its Pod", async () => {
  await world.run("web", {
    ports: [{ name: "http", containerPort: 8080 }],
    readinessProbe: { httpGet: { path: "/ready", port: "http" }, periodSeconds: 1 },
  });

  const pod = await world.untilReady("web");

  const main = mainOf(pod.metadata.uid!);
  const port = JSON.parse(pod.metadata.annotations!["sluice.dev/ports"]!)["8080"];
  const answer = await fetch(`http://${pod.status!.podIP}:${port}/`);
  expect(await answer.text()).toBe(`web ${main.pid}`);
  expect(await world.log(pod)).toBe(`listening on ${port}\n`);
  expect(pod.status).toMatchObject({
    phase: "Running",
    hostIP: "127.0.0.1",
    containerStatuses: [{ ready: true, started: true, restartCount: 0, image: "app:v1", state: { running: {} } }],
  });
  expect(containerOf(pod)!.containerID).toMatch(/^sluice:\/\/[0-9a-f]{64}$/);
  expect(world.agent.endpoints()).toEqual([
    {
      uid: pod.metadata.uid,
      namespace: "default",
      name: "web",
      isReady: true,
      isTerminating: false,
      ports: [{ containerPort: 8080, name: "http", host: pod.status!.podIP, port }],
    },
  ]);

  await world.delete("web");
  await world.until("web", (gone) => gone === undefined);

  expect(isAlive(main)).toBe(false);
  expect(await world.log(pod)).toContain("SIGTERM");
  expect(existsSync(join(world.stateFolder, "pods", pod.metadata.uid!))).toBe(false);
});

test("what crashes is started again, shows why it ended, and backs off", async () => {
  await world.run("crash", { command: ["sh", "-c", "echo $SLUICE_POD_ROOT >&2; exit 3"] });

  const pod = await world.until("crash", (each) => containerOf(each)?.state?.waiting?.reason === "CrashLoopBackOff");

  const { restartCount = 0 } = containerOf(pod) ?? {};
  expect(restartCount).toBeGreaterThan(0);
  // Ten seconds after the first restart, twice as long after each further one.
  expect(containerOf(pod)).toMatchObject({
    ready: false,
    state: {
      waiting: {
        message: expect.stringContaining(
          `back-off ${10 * 2 ** (restartCount - 1)}s restarting failed container=main pod=crash_default(`,
        ),
      },
    },
    lastState: { terminated: { exitCode: 3, reason: "Error" } },
  });
  await expect.poll(() => world.log(pod, "main", 1)).toContain(`/pods/${pod.metadata.uid}/containers/main/1/root`);
  await expect
    .poll(() => world.events())
    .toEqual(expect.arrayContaining(["Scheduled", "Pulled", "Created", "Started"]));
});

test("init containers run one after the other before the rest, and share volumes with it", async () => {
  const mounted = { volumeMounts: [{ name: "shared", mountPath: "/data" }], image: "app:v1" };
  await world.run(
    "job",
    {
      command: [
        "sh",
        "-c",
        "cd $SLUICE_POD_ROOT; cat data/log; cat etc/settings/mode; stat -L -c %a etc/keys/password",
      ],
      volumeMounts: [
        { name: "shared", mountPath: "/data" },
        { name: "settings", mountPath: "/etc/settings" },
        { name: "keys", mountPath: "/etc/keys" },
      ],
    },
    {
      restartPolicy: "Never",
      volumes: [
        { name: "shared", emptyDir: {} },
        { name: "settings", configMap: { name: "settings" } },
        { name: "keys", secret: { secretName: "keys" } },
      ],
      initContainers: [
        { ...mounted, name: "first", command: ["sh", "-c", "echo first >> $SLUICE_POD_ROOT/data/log"] },
        { ...mounted, name: "second", command: ["sh", "-c", "echo second >> ../data/log"] },
      ],
    },
  );
  await world.until("job", (each) => containerOf(each)?.state?.waiting?.reason === "PodInitializing");
  const blocked = await world.until(
    "job",
    (each) => each?.status?.initContainerStatuses?.[0]?.state?.waiting?.reason === "CreateContainerConfigError",
  );
  expect(blocked.status!.initContainerStatuses![0]!.state!.waiting!.message).toBe('configmap "settings" not found');

  await world.create({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "keys", namespace: "default" },
    data: { password: "aHVudGVyMg==" },
  } as never);
  await world.create({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "settings", namespace: "default" },
    data: { mode: "fast\n" },
  } as never);
  const pod = await world.until("job", (each) => each?.status?.phase === "Succeeded");

  expect(await world.log(pod)).toBe("first\nsecond\nfast\n600\n");
  expect(pod.status!.initContainerStatuses!.map(({ state, ready }) => [state?.terminated?.reason, ready])).toEqual([
    ["Completed", true],
    ["Completed", true],
  ]);
  expect(conditionOf(pod, "Ready")).toBe("False");
});

test.each([
  [{ image: "nowhere:v1" }, "ErrImagePull"],
  [{ image: "nowhere:v1", imagePullPolicy: "Never" }, "ErrImageNeverPull"],
  [{ envFrom: [{ configMapRef: { name: "nowhere" } }] }, "CreateContainerConfigError"],
] as const)("%j waits with reason %s", async (container, reason) => {
  await world.run("waits", container);

  await world.until("waits", (pod) => containerOf(pod)?.state?.waiting?.reason === reason);
});

test.each([
  [["no-such-program"], 'exec: "no-such-program": executable file not found in $PATH'],
  [["/app/server.js.txt"], 'exec: "/app/server.js.txt": stat /app/server.js.txt: no such file or directory'],
])("a command that can't start counts as a failed run: %j", async (command, message) => {
  await world.run("refused", { command }, { restartPolicy: "Never" });

  const pod = await world.until("refused", (each) => each?.status?.phase === "Failed");

  expect(containerOf(pod)?.state?.terminated).toMatchObject({ exitCode: 128, reason: "StartError", message });
});

test("a program that is deaf to SIGTERM is killed when its grace is over, with its children", async () => {
  await world.run(
    "deaf",
    { command: ["sh", "-c", "trap '' TERM; sleep 1000 & echo $! > child; while :; do sleep 0.1; done"] },
    { terminationGracePeriodSeconds: 1 },
  );
  const pod = await world.untilReady("deaf");
  const root = join(world.stateFolder, `pods/${pod.metadata.uid}/containers/main/0/root/app`);
  await expect.poll(() => readText(join(root, "child"))).toMatch(/\d/);
  const child = Number(readText(join(root, "child")));

  await world.delete("deaf");
  await world.until("deaf", (gone) => gone === undefined);

  await expect
    .poll(() => existsSync(`/proc/${child}`) && !/\) Z/.test(readText(`/proc/${child}/stat`) ?? ""))
    .toBe(false);
});

test("a failing liveness probe restarts, and readiness goes first", async () => {
  await world.run("ill", {
    command: ["sh", "-c", "touch well; sleep 0.5; rm well; sleep 1000"],
    livenessProbe: {
      exec: { command: ["test", "-f", "well"] },
      periodSeconds: 1,
      failureThreshold: 1,
      terminationGracePeriodSeconds: 1,
    },
  });

  const pod = await world.until("ill", (each) => (containerOf(each)?.restartCount ?? 0) > 0);

  expect(containerOf(pod)?.lastState?.terminated).toMatchObject({ reason: "Error" });
  await expect.poll(() => world.events()).toEqual(expect.arrayContaining(["Unhealthy", "Killing"]));
});

test("two programs on the same fixed port of every address: the second is told to read PORT", async () => {
  const fixed = "require('http').createServer((q, s) => s.end('hello')).listen(18473)";
  const container = { command: ["node", "-e", fixed], ports: [{ containerPort: 18473 }] };
  await world.run("one", container);
  const one = await world.until("one", (pod) => pod?.metadata.annotations?.["sluice.dev/ports"] === '{"18473":18473}');

  await world.run("two", container, { restartPolicy: "Never" });
  const two = await world.until("two", (pod) => pod?.status?.phase === "Failed");

  expect(await (await fetch(`http://${one.status!.podIP}:18473/`)).text()).toBe("hello");
  expect(containerOf(two)?.state?.terminated).toMatchObject({
    reason: "AddressInUse",
    message: "address in use: read PORT",
  });
});

test("programs that bind POD_IP keep the same port side by side", async () => {
  const bound = "require('http').createServer((q, s) => s.end(process.env.HOSTNAME)).listen(18474, process.env.POD_IP)";
  const container = { command: ["node", "-e", bound], ports: [{ containerPort: 18474 }] };
  await world.run("left", container);
  await world.run("right", container);

  for (const name of ["left", "right"]) {
    const pod = await world.until(
      name,
      (each) => each?.metadata.annotations?.["sluice.dev/ports"] === '{"18474":18474}',
    );
    expect(await (await fetch(`http://${pod.status!.podIP}:18474/`)).text()).toBe(name);
  }
});

test("a change of a mounted ConfigMap arrives while the program runs", async () => {
  const settings = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "live", namespace: "default" } };
  await world.create({ ...settings, data: { mode: "one" } } as never);
  await world.run(
    "reader",
    { command: ["sleep", "1000"], volumeMounts: [{ name: "live", mountPath: "/live" }] },
    { volumes: [{ name: "live", configMap: { name: "live" } }] },
  );
  const pod = await world.untilReady("reader");
  const file = join(world.stateFolder, `pods/${pod.metadata.uid}/containers/main/0/root/live/mode`);
  expect(readText(file)).toBe("one");

  await world.client.update({ ...settings, data: { mode: "two" } } as never);

  await expect.poll(() => readText(file)).toBe("two");
});

test("the Node says its architecture by the names that images and selectors use", async () => {
  const key = { apiVersion: "v1", kind: "Node", name: "local" };
  await expect.poll(async () => (await world.client.get<Node>(key))?.status?.nodeInfo).toBeDefined();

  const node = await world.client.get<Node>(key);

  expect(["amd64", "arm64"]).toContain(node?.metadata.labels?.["kubernetes.io/arch"]);
  expect(["amd64", "arm64"]).toContain(node?.status?.nodeInfo?.architecture);
});
