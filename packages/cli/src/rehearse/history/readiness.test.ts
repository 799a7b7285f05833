import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Pod, ReplicaSet } from "@sluice/api";
import { openSqlitePersistence } from "@sluice/backends/embedded";
import { formatInstant, instant } from "@sluice/kernel";
import { labelsOf } from "@sluice/metrics";
import { createMetricsStore } from "@sluice/metrics/node";
import { afterEach, expect, test } from "vitest";
import { wallClock } from "../../control-plane/real-clock.ts";
import { stateFolder } from "../../state/state-folder.ts";
import { ownHistory } from "./door.ts";
import { webPolicy } from "./history.fixture.ts";
import { ordinaryDays } from "./ordinary-days.ts";
import { readinessOfMetrics, readinessOfPods } from "./readiness.ts";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

const created = 1_767_571_200_000;
const at = (seconds: number) => formatInstant(instant(created + seconds * 1000));
const { rollout } = await webPolicy();

interface Given {
  readonly took: number;
  readonly isReady?: boolean;
  readonly set?: string;
  readonly namespace?: string;
  readonly restarts?: number;
}

const pod = ({ took, isReady = true, set = "web-5d4f", namespace = "shop", restarts = 0 }: Given, place = 0): Pod =>
  ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `${set}-${place}`,
      namespace,
      creationTimestamp: at(0),
      ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: set, uid: "u" }],
    },
    status: {
      conditions: [{ type: "Ready", status: isReady ? "True" : "False", lastTransitionTime: at(took) }],
      containerStatuses: [{ name: "web", ready: isReady, restartCount: restarts }],
    },
  }) as unknown as Pod;

test("the Rollout's Pods that are ready for the first time tell how long they took", () => {
  const pods = [
    pod({ took: 6 }),
    pod({ took: 8, set: "web-7f9c" }),
    pod({ took: 600, restarts: 1 }),
    pod({ took: 600, isReady: false }),
    pod({ took: 600, set: "web-api-5d4f" }),
    pod({ took: 600, namespace: "other" }),
  ];

  const { readiness, words } = readinessOfPods(rollout, { pods, replicaSets: [] }, "Sluice's store");

  expect(readiness).toEqual({ millis: 6000, spread: 0, pods: 2 });
  expect(words).toEqual(["Sluice's store: of its 4 Pods 2 tell: ready 6 s after they were created"]);
});

test("where no Pod tells, that is said", () => {
  expect(
    readinessOfPods(rollout, { pods: [pod({ took: 6, set: "db-1" })], replicaSets: [] }, "Sluice's store"),
  ).toEqual({
    words: ["Sluice's store: of its 0 Pods none tells how long it took to be ready: as assumed, unless you say"],
  });
});

const version = (name: string, startSeconds?: string, rolloutName = "web"): ReplicaSet =>
  ({
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name,
      namespace: "shop",
      annotations: startSeconds === undefined ? {} : { "sluice.dev/start-seconds": startSeconds },
      ownerReferences: [{ apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: rolloutName, uid: "r" }],
    },
    spec: {},
  }) as unknown as ReplicaSet;

test("where no Pod tells, its earlier versions do, by what they noted when their Pods were new", () => {
  const pods = [pod({ took: 600, restarts: 1 })];
  const replicaSets = [
    version("web-1", "9"),
    version("web-2", "12"),
    version("web-3"),
    version("web-4", "10"),
    version("db-1", "400", "db"),
  ];

  expect(readinessOfPods(rollout, { pods, replicaSets }, "Sluice's store")).toEqual({
    readiness: { millis: 10_000, spread: 0, pods: 3 },
    words: [
      "Sluice's store: of its 1 Pod none tells, but 3 versions noted how long their slowest took: ready 10 s after they were started",
    ],
  });
});

function folder() {
  const path = mkdtempSync(join(tmpdir(), "sluice-readiness-"));
  cleanups.push(() => rmSync(path, { recursive: true, force: true }));
  return stateFolder(path);
}

test("of a Sluice that has ended its store tells, and is left as it is; what was said isn't asked for", async () => {
  const state = folder();
  const store = await createMetricsStore({ folder: state.metrics, clock: wallClock });
  await store.close();
  const persistence = openSqlitePersistence(state.database);
  persistence.commit({
    reserved: 10,
    changes: [4, 5, 6].map((took, place) => {
      const after = pod({ took }, place);
      return { table: "pods", row: `shop\u0000${after.metadata.name}`, revision: place + 1, after };
    }),
  } as never);
  persistence.commit({
    reserved: 20,
    changes: [{ table: "replicasets.apps", row: "shop\u0000db-1", revision: 11, after: version("db-1", "7", "db") }],
  } as never);
  persistence.close();
  const before = readdirSync(state.path);
  const policies = [await webPolicy()];

  const [learned] = await ordinaryDays(policies, { data: state.path });
  const [said] = await ordinaryDays(policies, { data: state.path, ready: "9s" });

  expect(learned?.readiness).toEqual({ millis: 5000, spread: 0, pods: 3 });
  expect(learned?.words.at(-1)).toContain("of its 3 Pods 3 tell: ready 5 s");
  expect(said?.readiness).toBeUndefined();
  const { rollout: other, ...beside } = await webPolicy();
  const db = { ...other, metadata: { ...other.metadata, name: "db" } };
  const [left] = await ordinaryDays([{ ...beside, rollout: db }], { data: state.path });
  expect(left?.readiness).toEqual({ millis: 7000, spread: 0, pods: 1 });
  expect(readdirSync(state.path)).toEqual(before);
});

test("a Prometheus with kube-state-metrics tells it of the Pods of a week, a later illness left out", async () => {
  const state = folder();
  const now = instant(created + 6 * 3_600_000);
  const store = await createMetricsStore({ folder: state.metrics, clock: wallClock });
  const tell = (name: string, labels: Readonly<Record<string, string>>, value: (hour: number) => number) => {
    const series = store.seriesFor(labelsOf({ __name__: name, namespace: "shop", ...labels }));
    if (series === undefined) throw new Error("no series");
    for (let hour = 0; hour <= 6; hour++) store.append(series, created + hour * 3_600_000, value(hour));
  };
  const given = [
    { pod: "web-5d4f-aaaaa", owner: "web-5d4f", kind: "ReplicaSet", took: () => 30 },
    { pod: "web-5d4f-bbbbb", owner: "web-5d4f", kind: "ReplicaSet", took: (hour: number) => (hour < 3 ? 40 : 9000) },
    { pod: "web-api-77f8-ccccc", owner: "web-api-77f8", kind: "ReplicaSet", took: () => 500 },
    { pod: "web-agent-ddddd", owner: "web-agent", kind: "DaemonSet", took: () => 500 },
  ];
  for (const { pod: name, owner, kind, took } of given) {
    tell("kube_pod_created", { pod: name }, () => created / 1000);
    tell("kube_pod_status_ready_time", { pod: name }, (hour) => created / 1000 + took(hour));
    tell("kube_pod_owner", { pod: name, owner_kind: kind, owner_name: owner }, () => 1);
  }
  await store.close();
  const door = await ownHistory(state);

  const { readiness, words } = await readinessOfMetrics(door, rollout, now);
  await door.close();

  expect(readiness).toEqual({ millis: 30_000, spread: 0, pods: 2 });
  expect(words[0]).toMatch(/kube_pod_status_ready_time of shop\/web: of 2 Pods 2 tell: ready 30 s/);
});
