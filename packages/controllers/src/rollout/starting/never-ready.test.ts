import {
  keyOf,
  type Pod,
  type PodSpec,
  type PodStatus,
  type Probe,
  type ReplicaSet,
  type RolloutSpec,
} from "@sluice/api";
import { formatInstant, type Millis, minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { podHashLabel } from "../../version/index.ts";
import { pause, Release, type ReleaseOptions, setWeight } from "../release.fixture.ts";
import { pausePatch } from "../status/patches.ts";
import { probeBudget } from "./start-limit.ts";

const steps = [setWeight(20), pause("1m"), setWeight(50), pause("1m")];
const gate = "sluice.dev/gate-never-ready";

/** A stable version is there, and its Pods took so long to be ready. */
async function released(startSeconds: number | "unknown" = 3, options: ReleaseOptions = {}): Promise<Release> {
  const release = await Release.begin();
  await release.push("web:v1", { steps, ...options });
  if (startSeconds !== "unknown") await note(release, startSeconds);
  return release;
}

async function note(release: Release, startSeconds: number): Promise<void> {
  const [stable] = await release.replicaSets();
  const value = { metadata: { annotations: { "sluice.dev/start-seconds": String(startSeconds) } } };
  await release.world.client.patch(keyOf(stable as ReplicaSet), { type: "merge", value });
  await release.world.settle();
}

const noted = ({ metadata }: ReplicaSet): string | undefined => metadata.annotations?.["sluice.dev/start-seconds"];

/** Pods of the version on its way. */
async function young(release: Release): Promise<readonly Pod[]> {
  const { currentPodHash = "" } = await release.status();
  const labels = { [podHashLabel]: currentPodHash };
  return release.world.list<Pod>({ apiVersion: "v1", kind: "Pod" }, { namespace: "shop", labels });
}

async function tell(release: Release, change: (status: PodStatus, index: number) => PodStatus): Promise<void> {
  for (const [index, pod] of (await young(release)).entries()) {
    await release.world.client.update({ ...pod, status: change(pod.status ?? {}, index) } as Pod, {
      subresource: "status",
    });
  }
  await release.world.settle();
}

const waitsFor = (reason: string) => (status: PodStatus) => ({
  ...status,
  containerStatuses: (status.containerStatuses ?? []).map((one) => ({
    ...one,
    state: { waiting: { reason, message: "so it is" } },
  })),
});

/** How long until it is taken back, looked at each second; undefined: not within 11 minutes. */
async function takenBackAfter(release: Release): Promise<Millis | undefined> {
  for (let waited = 0; waited <= 660; waited++) {
    if ((await release.status()).abort === true) return seconds(waited);
    await release.world.run(seconds(1));
  }
  return undefined;
}

const probing = (probe: Probe): Partial<RolloutSpec> => ({
  template: {
    metadata: { labels: { app: "web" } },
    spec: { containers: [{ name: "web", image: "web:unready", readinessProbe: probe }] },
  },
});

test.each<[string, number | "unknown", ReleaseOptions, number | undefined]>([
  ["at 60 s where the stable version starts quickly", 3, {}, 60],
  ["after three times what the stable version took", 40, {}, 120],
  ["after all that its own probes allow", 3, { spec: probing({ initialDelaySeconds: 30, periodSeconds: 20 }) }, 91],
  ["at its deadline where that is sooner", 3, { spec: { progressDeadlineSeconds: 45 } }, 45],
  ["at its deadline where nobody knows how long the stable version took", "unknown", {}, 601],
  ["at its deadline where an annotation says so", 3, { annotations: { [gate]: "off" } }, 601],
  ["never where a person asked for the original's way", 3, { spec: { progressDeadlineAbort: false } }, undefined],
  [
    "never without the gate of the deadline",
    3,
    { annotations: { "sluice.dev/gate-progress-deadline": "off" } },
    undefined,
  ],
])("a version whose Pods run and are never ready is taken back %s", async (_when, start, options, expected) => {
  const release = await released(start);

  await release.push("web:unready", { steps, ...options });
  const waited = await takenBackAfter(release);

  expect(waited).toBe(expected === undefined ? undefined : seconds(expected));
  expect(await release.weight()).toBe(0);
});

test("it is told what it is taken back for, quarantined, and the next version is let in", async () => {
  const release = await released();

  await release.push("web:unready", { steps });
  await release.world.run(seconds(61));

  expect((await release.status()).message).toMatch(
    /^RolloutAborted: Rollout aborted update to revision 2: never ready: Pod web-.*-0 runs for 60 s and isn't ready; Pods of the stable version took 3 s at most, its own probes allow 0 s$/,
  );
  expect((await release.quarantines())[0]?.spec.reason).toMatch(/^never ready: /);
  await release.push("web:v3", { steps });
  expect(await release.weight()).toBe(20);
});

test.each<[string, number | undefined, boolean]>([
  ["InvalidImageName", 0, true],
  ["ErrImageNeverPull", 0, true],
  ["CreateContainerConfigError", 20, true],
  ["ImagePullBackOff", 30, false],
  ["ContainerCreating", 601, true],
  ["ErrImagePull", 601, true],
])(
  "a version whose containers wait because of %s is taken back after %s s; blamed: %s",
  async (reason, expected, isBlamed) => {
    const release = await released("unknown");
    await release.push("web:unready", { steps });

    await tell(release, waitsFor(reason));
    const waited = await takenBackAfter(release);

    expect(waited).toBe(seconds(expected ?? 0));
    expect(await release.quarantines()).toHaveLength(isBlamed ? 1 : 0);
    if (expected !== 601) {
      expect((await release.status()).message).toMatch(
        new RegExp(`: can't start: Pod web-.*/web: ${reason}: so it is$`),
      );
    }
  },
);

test.each<[string, (release: Release) => Promise<void>]>([
  [
    "one of its Pods is ready",
    (release) => tell(release, (status, index) => (index > 0 ? status : ready(status, release))),
  ],
  [
    "they were ready, and aren't any more",
    async (release) => {
      await release.world.run(seconds(5));
      await tell(release, (status) => unready(status, release));
    },
  ],
  ["they have no place", (release) => tell(release, () => unschedulable)],
  ["their image is being pulled", (release) => tell(release, waitsFor("ContainerCreating"))],
  ["most of the stable version isn't ready either", async (release) => release.limit("web:v1", 1)],
  ["a person holds the release", (release) => release.ask(pausePatch)],
])("Pods that aren't ready are left to the deadline where %s", async (_why, happens) => {
  const release = await released(3, { isRouted: true });
  await release.push("web:unready", { steps, spec: { replicas: 10 } });

  await happens(release);
  await release.world.run(minutes(5));

  expect((await release.status()).abort).toBeUndefined();
});

const ready = (status: PodStatus, { world }: Release): PodStatus => ({
  ...status,
  conditions: [{ type: "Ready", status: "True", lastTransitionTime: formatInstant(world.clock.now()) }],
});

const unready = (status: PodStatus, { world }: Release): PodStatus => ({
  ...status,
  conditions: [{ type: "Ready", status: "False", lastTransitionTime: formatInstant(world.clock.now()) }],
});

const unschedulable: PodStatus = {
  phase: "Pending",
  conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable" }],
};

test("a machine that slept, or nobody who looked, is no fault of the version: its deadline counts", async () => {
  const release = await released();
  await release.push("web:unready", { steps });

  release.world.stop();
  await release.world.run(minutes(5));
  await release.world.restart();
  await release.world.run(minutes(2));

  expect((await release.status()).abort).toBeUndefined();
});

test("each of two edits in a row has its own time", async () => {
  const release = await released();
  await release.push("web:unready", { steps });
  await release.world.run(seconds(50));

  await release.push("web:unready2", { steps });
  const waited = await takenBackAfter(release);

  expect(waited).toBe(seconds(60));
});

test("how long the Pods of what everybody has took is noted once", async () => {
  const release = await Release.begin();
  await release.push("web:pods-v1", { steps });
  const [first] = await release.replicaSets();

  await release.push("web:pods-v2", { steps });
  await release.world.run(minutes(1));
  const underway = (await release.replicaSets()).map(noted);
  await release.world.run(minutes(2));

  expect(first && noted(first)).toBe("0");
  expect(underway).toContain(undefined);
  expect((await release.replicaSets()).map(noted)).toEqual(["0", "0"]);
});

test("a preview that is never ready is taken back, too", async () => {
  const blueGreen = { strategy: { blueGreen: { activeService: "web", previewService: "web-preview" } } };
  const release = await Release.begin();
  for (const name of ["web", "web-preview"]) {
    await release.world.apply({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: "shop" },
      spec: {},
    } as never);
  }
  await release.push("web:v1", { spec: blueGreen });
  await note(release, 3);

  await release.push("web:unready", { spec: blueGreen });
  const waited = await takenBackAfter(release);

  expect(waited).toBe(seconds(60));
});

test.each<[string, PodSpec["containers"], number]>([
  ["no probe", [{ name: "a" }], 0],
  ["a readiness probe with nothing said", [{ name: "a", readinessProbe: {} }], 31],
  ["a startup probe, then readiness", [{ name: "a", startupProbe: { failureThreshold: 30 }, readinessProbe: {} }], 332],
  ["many successes in a row", [{ name: "a", readinessProbe: { successThreshold: 12, periodSeconds: 5 } }], 61],
  [
    "the slowest of several",
    [
      { name: "a", readinessProbe: {} },
      { name: "b", readinessProbe: { initialDelaySeconds: 90 } },
    ],
    121,
  ],
])("probes allow their tries: %s", (_what, containers, expected) => {
  expect(probeBudget({ containers })).toBe(seconds(expected));
});
