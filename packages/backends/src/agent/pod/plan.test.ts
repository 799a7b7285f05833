import type { Pod } from "@sluice/api";
import { type Instant, instant, minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { nextBackoff } from "./backoff.ts";
import { type PodAction, planPod } from "./plan.ts";
import { podStatus } from "./status.ts";
import type { ContainerView, Ended, PodView, RunView } from "./view.ts";

const start = instant(1_000_000_000);
const later = (wait: number): Instant => instant(start + wait);

const ended = (exitCode: number, more: Partial<Ended> = {}): Ended => ({
  containerId: "c",
  exitCode,
  reason: exitCode === 0 ? "Completed" : "Error",
  startedAt: start,
  finishedAt: start,
  ...more,
});
const none: RunView = { is: "none" };
const over = (exitCode: number, attempt = 0, backoffMillis = 0): RunView => ({
  is: "ended",
  attempt,
  ended: ended(exitCode),
  backoffMillis,
});
const running = (more: Partial<RunView & { is: "running" }> = {}): RunView => ({
  is: "running",
  attempt: 0,
  containerId: "c",
  startedAt: start,
  isStarted: true,
  isReady: true,
  isStopping: false,
  ...more,
});
const container = (name: string, kind: ContainerView["kind"], run: RunView): ContainerView => ({
  container: { name },
  kind,
  image: "app:v1",
  imageId: "",
  run,
});
const view = (containers: readonly ContainerView[], more: Partial<PodView> = {}): PodView => ({
  restartPolicy: "Always",
  containers,
  ...more,
});
const words = (actions: readonly PodAction[]) =>
  actions.map((action) => ("container" in action ? `${action.do} ${action.container}` : action.do));

const init = (run: RunView, name = "init") => container(name, "init", run);
const sidecar = (run: RunView) => container("side", "sidecar", run);
const main = (run: RunView, name = "main") => container(name, "main", run);

test.each<[string, PodView, string[]]>([
  [
    "everything starts at once where nothing comes first",
    view([main(none, "a"), main(none, "b")]),
    ["start a", "start b"],
  ],
  ["init containers go one by one", view([init(none, "a"), init(none, "b"), main(none)]), ["start a"]],
  ["the next one after success", view([init(over(0), "a"), init(none, "b"), main(none)]), ["start b"]],
  ["the main one after the last", view([init(over(0)), main(none)]), ["start main"]],
  ["a failed init container is tried again", view([init(over(1)), main(none)]), ["start init"]],
  ["but not with Never", view([init(over(1)), main(none)], { restartPolicy: "Never" }), []],
  ["a sidecar lets the rest start once it has started", view([sidecar(running()), main(none)]), ["start main"]],
  ["and not before", view([sidecar(running({ isStarted: false })), main(none)]), []],
  ["a sidecar is started again beside the main one", view([sidecar(over(0)), main(running())]), ["start side"]],
  [
    "a sidecar is stopped when the main one is over",
    view([sidecar(running()), main(over(0))], { restartPolicy: "Never" }),
    ["stop side"],
  ],
  ["OnFailure restarts failures", view([main(over(1))], { restartPolicy: "OnFailure" }), ["start main"]],
  ["OnFailure leaves successes", view([main(over(0))], { restartPolicy: "OnFailure" }), []],
  ["Always restarts successes too", view([main(over(0))]), ["start main"]],
  [
    "leaving stops the main one first",
    view([sidecar(running()), main(running())], { leaving: { because: "deleted", graceSeconds: 5 } }),
    ["stop main"],
  ],
  [
    "then the sidecar",
    view([sidecar(running()), main(over(0))], { leaving: { because: "deleted", graceSeconds: 5 } }),
    ["stop side"],
  ],
  [
    "nothing is stopped twice",
    view([main(running({ isStopping: true }))], { leaving: { because: "deleted", graceSeconds: 5 } }),
    [],
  ],
  ["then it is removed", view([main(over(0))], { leaving: { because: "deleted", graceSeconds: 5 } }), ["remove"]],
  ["a deadline stops and doesn't remove", view([main(over(137))], { deadlineAt: start }), []],
])("%s", (_, pod, expected) => {
  expect(words(planPod(pod, start).actions)).toEqual(expected);
});

test("restarts wait 0, 10, 20 … 300 seconds, and start afresh after ten good minutes", () => {
  const waits: number[] = [];
  let backoff = 0;
  for (let attempt = 0; attempt < 8; attempt++) {
    backoff = nextBackoff(attempt, backoff, ended(1));
    waits.push(backoff / 1000);
  }

  expect(waits).toEqual([0, 10, 20, 40, 80, 160, 300, 300]);
  expect(nextBackoff(7, 300_000, ended(1, { finishedAt: later(minutes(10)) }))).toBe(0);
  expect(nextBackoff(7, 300_000, ended(1, { isPlanned: true }))).toBe(0);
});

test("a back-off is waited for, to the millisecond, and a clock that is set back doesn't prolong it", () => {
  const crashing = view([main(over(1, 2, 10_000))]);

  expect(planPod(crashing, start)).toMatchObject({ actions: [], wakeAt: later(seconds(20)) });
  expect(planPod(crashing, later(19_999)).actions).toEqual([]);
  expect(planPod(crashing, later(20_000)).actions).toEqual([
    { do: "start", container: "main", attempt: 3, backoffMillis: 20_000 },
  ]);
  expect(words(planPod(crashing, later(-60_000)).actions)).toEqual(["start main"]);
});

const statusOf = (pod: PodView, now = start) => {
  const resource: Pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web", namespace: "shop", uid: "u" },
    spec: { containers: pod.containers.map((each) => each.container) },
  };
  return podStatus(
    {
      pod: resource,
      view: pod,
      podIP: "127.128.0.1",
      hostIP: "127.0.0.1",
      startedAt: start,
      notEnforced: ["affinity"],
    },
    now,
  );
};

test.each<[string, PodView, string, object | undefined]>([
  ["nothing began", view([main(none)]), "Pending", { waiting: { reason: "ContainerCreating" } }],
  [
    "an image is missing",
    view([main({ is: "none", waiting: { reason: "ErrImagePull", message: "no" } })]),
    "Pending",
    { waiting: { reason: "ErrImagePull", message: "no" } },
  ],
  ["runs", view([main(running())]), "Running", undefined],
  ["crashed once", view([main(over(1))]), "Running", { waiting: { reason: "ContainerCreating" } }],
  [
    "crashed twice",
    view([main(over(1, 1))]),
    "Running",
    {
      waiting: { reason: "CrashLoopBackOff", message: "back-off 10s restarting failed container=main pod=web_shop(u)" },
    },
  ],
  [
    "crashed often",
    view([main(over(1, 5, 80_000))]),
    "Running",
    {
      waiting: {
        reason: "CrashLoopBackOff",
        message: "back-off 2m40s restarting failed container=main pod=web_shop(u)",
      },
    },
  ],
  ["ended well", view([main(over(0))], { restartPolicy: "Never" }), "Succeeded", undefined],
  ["ended badly", view([main(over(2))], { restartPolicy: "OnFailure" }), "Running", undefined],
  ["ended badly for good", view([main(over(2))], { restartPolicy: "Never" }), "Failed", undefined],
  [
    "one of two failed for good",
    view([main(over(0), "a"), main(over(1), "b")], { restartPolicy: "Never" }),
    "Failed",
    undefined,
  ],
  ["too late", view([main(running())], { deadlineAt: start }), "Failed", undefined],
])("phase: %s", (_, pod, phase, state) => {
  const status = statusOf(pod);

  expect(status.phase).toBe(phase);
  if (state !== undefined) expect(status.containerStatuses?.[0]?.state).toEqual(state);
});

test("conditions say who isn't ready, since when, and what isn't enforced", () => {
  const status = statusOf(view([main(running(), "a"), main(running({ isReady: false }), "b")]));

  expect(status.conditions).toEqual([
    { type: "PodScheduled", status: "True", lastTransitionTime: "1970-01-12T13:46:40Z" },
    { type: "Initialized", status: "True", lastTransitionTime: "1970-01-12T13:46:40Z" },
    {
      type: "ContainersReady",
      status: "False",
      reason: "ContainersNotReady",
      message: "containers with unready status: [b]",
      lastTransitionTime: "1970-01-12T13:46:40Z",
    },
    {
      type: "Ready",
      status: "False",
      reason: "ContainersNotReady",
      message: "containers with unready status: [b]",
      lastTransitionTime: "1970-01-12T13:46:40Z",
    },
    {
      type: "NotEnforced",
      status: "True",
      reason: "NoMeaningForProcesses",
      message: "accepted, without effect on this node: affinity",
      lastTransitionTime: "1970-01-12T13:46:40Z",
    },
  ]);
});
