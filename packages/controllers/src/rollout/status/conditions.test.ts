import type { Event, Rollout } from "@sluice/api";
import { minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { abortPatch, pausePatch, promotePatch, retryPatch } from "../index.ts";
import { analysis, pause, Release, type ReleaseOptions, setWeight } from "../release.fixture.ts";

const options: ReleaseOptions = {
  steps: [setWeight(20), pause()],
  annotations: { "sluice.dev/gate-progress-deadline": "off" },
};

async function released(): Promise<Release> {
  const release = await Release.begin();
  await release.push("web:v1", options);
  await release.world.run(seconds(5));
  return release;
}

async function underway(): Promise<Release> {
  const release = await released();
  await release.push("web:v2", options);
  await release.world.run(seconds(5));
  return release;
}

async function after(begin: Promise<Release>, act: (release: Release) => Promise<unknown>): Promise<Release> {
  const release = await begin;
  await act(release);
  await release.world.run(seconds(1));
  return release;
}

async function timedOut(): Promise<Release> {
  const release = await released();
  await release.push("web:stuck", options);
  await release.world.run(minutes(11));
  return release;
}

type Row = readonly [type: string, status: string, reason: string, message: string];

const available: Row = ["Available", "True", "AvailableReason", "Rollout has minimum availability"];
const succeeded = 'ReplicaSet "web-HASH" has successfully progressed.';

/** As argo-rollouts utils/conditions/conditions.go writes them. */
const states: readonly (readonly [string, () => Promise<Release>, readonly Row[]])[] = [
  [
    "the first version is out",
    released,
    [
      ["Progressing", "True", "NewReplicaSetAvailable", succeeded],
      available,
      ["Completed", "True", "RolloutCompleted", "RolloutCompleted"],
      ["Healthy", "True", "RolloutHealthy", "Rollout is healthy"],
    ],
  ],
  [
    "a pause step",
    underway,
    [
      ["Progressing", "Unknown", "RolloutPaused", "Rollout is paused"],
      available,
      ["Completed", "False", "RolloutCompleted", "RolloutCompleted"],
      ["Healthy", "False", "RolloutHealthy", "Rollout is not healthy"],
      ["Paused", "True", "RolloutPaused", "Rollout is paused"],
    ],
  ],
  [
    "paused by hand",
    () => after(released(), (release) => release.ask(pausePatch)),
    [
      ["Progressing", "Unknown", "RolloutPaused", "Rollout is paused"],
      ["Paused", "True", "RolloutPaused", "Rollout is paused"],
    ],
  ],
  [
    "promoted",
    () => after(underway(), (release) => release.ask((rollout) => promotePatch(rollout))),
    [
      ["Progressing", "True", "NewReplicaSetAvailable", succeeded],
      ["Paused", "False", "RolloutPaused", "Rollout is not paused"],
      ["Completed", "True", "RolloutCompleted", "RolloutCompleted"],
      ["Healthy", "True", "RolloutHealthy", "Rollout is healthy"],
    ],
  ],
  [
    "aborted by a person",
    () => after(underway(), (release) => release.ask((rollout) => abortPatch(rollout))),
    [
      ["Progressing", "False", "RolloutAborted", "Rollout aborted update to revision 2"],
      ["Completed", "False", "RolloutCompleted", "RolloutCompleted"],
    ],
  ],
  [
    "timed out, and not aborted",
    timedOut,
    [["Progressing", "False", "ProgressDeadlineExceeded", 'ReplicaSet "web-HASH" has timed out progressing.']],
  ],
  [
    "invalid",
    () =>
      after(released(), (release) =>
        release.push("web:v1", { ...options, canary: { analysis: { templates: [{ templateName: "nobody" }] } } }),
      ),
    [["InvalidSpec", "True", "InvalidSpec", 'The Rollout "web" is invalid: spec.strategy.canary.analysis.templates: ']],
  ],
];

test.each(states)("conditions: %s", async (_name, begin, rows) => {
  const release = await begin();

  const { conditions = [] } = await release.status();
  for (const [type, status, reason, message] of rows) {
    const found = conditions.find((condition) => condition.type === type);
    expect([found?.type, found?.status, found?.reason]).toEqual([type, status, reason]);
    expect(found?.message?.replace(/web-[a-z0-9]+/, "web-HASH").slice(0, message.length)).toBe(message);
  }
});

/** What Progressing said, one after the other, from now on. */
function progressTold(release: Release): { readonly told: string[]; stop(): void } {
  const told: string[] = [];
  let last: string | undefined;
  const watch = release.world.client.watch<Rollout>({ apiVersion: "argoproj.io/v1alpha1", kind: "Rollout" }, {});
  void (async () => {
    for await (const event of watch) {
      if (event.type === "BOOKMARK") continue;
      const found = event.object.status?.conditions?.find(({ type }) => type === "Progressing");
      const line = `${found?.status} ${found?.reason}: ${found?.message?.replace(/web-[a-z0-9]+/, "web-HASH")}`;
      if (found !== undefined && line !== last) told.push(line);
      last = line;
    }
  })();
  return { told, stop: () => watch.stop() };
}

const created = 'True NewReplicaSetCreated: Created new replica set "web-HASH"';
const updated = 'True ReplicaSetUpdated: ReplicaSet "web-HASH" is progressing.';
const isDone = `True NewReplicaSetAvailable: ${succeeded}`;

test("Progressing, from the first version over an abort and its retry to the end of the second one", async () => {
  const release = await Release.begin();
  const { told, stop } = progressTold(release);
  await release.push("web:v1", options);
  await release.world.run(seconds(5));
  expect(told.splice(0)).toEqual([updated, created, isDone]);

  await release.push("web:v2", options);
  await release.world.run(seconds(5));
  expect(told.splice(0)).toEqual([updated, created, updated, "Unknown RolloutPaused: Rollout is paused"]);

  await release.ask((rollout) => abortPatch(rollout));
  expect(told.splice(0)).toEqual(["False RolloutAborted: Rollout aborted update to revision 2"]);
  await release.ask(retryPatch);
  await release.world.run(seconds(5));
  const again = ["Unknown RolloutRetry: Retrying Rollout after abort", updated];
  expect(told.splice(0)).toEqual([...again, "Unknown RolloutPaused: Rollout is paused"]);

  await release.ask((rollout) => promotePatch(rollout));
  await release.world.run(seconds(5));
  expect(told.splice(0)).toEqual(["Unknown RolloutResumed: Rollout is resumed", isDone]);
  stop();
});

test("a ReplicaSet that is there before any status, as after a restore, is found", async () => {
  const release = await released();
  const { told, stop } = progressTold(release);
  const rollout = await release.rollout();

  await release.world.client.update({ ...rollout, status: {} } as Rollout, { subresource: "status" });
  await release.world.run(seconds(5));

  const at = told.indexOf('True FoundNewReplicaSet: Found new replica set "web-HASH"');
  expect(at).toBeGreaterThanOrEqual(0);
  expect(told.at(-1)).toBe(isDone);
  expect(told.slice(at)).not.toContain(created);
  stop();
});

/** Reasons and messages as argo-rollouts records them. */
const events: readonly (readonly [string, string, string])[] = [
  ["Normal", "RolloutNotCompleted", "Rollout not completed, started update to revision 2 (HASH)"],
  ["Normal", "RolloutUpdated", "Rollout updated to revision 2"],
  ["Normal", "NewReplicaSetCreated", "Created ReplicaSet web-HASH (revision 2)"],
  ["Normal", "RolloutStepCompleted", "Rollout step 1/2 completed (setWeight: 20)"],
  ["Normal", "TrafficWeightUpdated", "Traffic weight updated from 0 to 20"],
  ["Normal", "RolloutPaused", "Rollout is paused (CanaryPauseStep)"],
  ["Warning", "RolloutAborted", "Rollout aborted update to revision 2"],
  ["Normal", "TrafficWeightUpdated", "Traffic weight updated from 20 to 0"],
  ["Normal", "RolloutRetry", "Retrying Rollout after abort"],
  ["Normal", "RolloutResumed", "Rollout is resumed"],
  ["Normal", "RolloutCompleted", "Rollout completed update to revision 2 (HASH): Completed all 2 canary steps"],
  ["Normal", "ScalingReplicaSet", "Scaled up ReplicaSet web-HASH (revision 2) from 1 to 4"],
];

test("events: a release, its abort, its retry and its end", async () => {
  const release = await underway();
  await release.ask((rollout) => abortPatch(rollout));
  await release.ask(retryPatch);
  await release.world.run(seconds(5));
  await release.ask((rollout) => promotePatch(rollout));
  await release.world.run(seconds(5));

  const { currentPodHash = "" } = await release.status();
  const recorded = await release.world.list<Event>({ apiVersion: "v1", kind: "Event" });
  const told = recorded.map(({ type, reason, message }) => [type, reason, message?.replaceAll(currentPodHash, "HASH")]);
  for (const line of events) expect(told).toContainEqual(line);
});

const told = async (release: Release, about: RegExp): Promise<readonly (string | undefined)[]> => {
  const { currentPodHash = "" } = await release.status();
  const recorded = await release.world.list<Event>({ apiVersion: "v1", kind: "Event" });
  return recorded
    .filter(({ involvedObject, reason = "" }) => involvedObject?.kind === "Rollout" && about.test(reason))
    .map(({ type, reason, message }) => `${type} ${reason}: ${message?.replaceAll(currentPodHash, "HASH")}`)
    .toSorted();
};

/** Notifications are triggered by these: argo-rollouts rollout/analysis.go emitAnalysisRunStatusChanges. */
test("events: what the runs of a release come to stands at the Rollout, and so does its status after the abort", async () => {
  const release = await Release.begin();
  const canary = { analysis: { templates: [{ templateName: "latency" }] } };
  await release.push("web:v1", { steps: [setWeight(20), analysis(), pause()], canary });
  release.outside.answers = { errors: [0.5], latency: [0.01] };

  await release.push("web:v2", { steps: [setWeight(20), analysis(), pause()], canary });
  await release.world.run(seconds(20));

  expect(await told(release, /^AnalysisRun/)).toEqual([
    "Normal AnalysisRunRunning: Background Analysis Run 'web-HASH-2' Status New: 'Running' Previous: 'NoPreviousStatus'",
    "Warning AnalysisRunFailed: Step Analysis Run 'web-HASH-2-1' Status New: 'Failed' Previous: 'NoPreviousStatus'",
  ]);
  const { currentStepAnalysisRunStatus, currentBackgroundAnalysisRunStatus } = (await release.status()).canary ?? {};
  expect(currentStepAnalysisRunStatus).toMatchObject({ status: "Failed" });
  expect(currentBackgroundAnalysisRunStatus).toMatchObject({ status: "Successful", message: "Run Terminated" });
});

test("an abort of what everybody has already is forgotten, and nobody is said to have retried it", async () => {
  const release = await released();
  const before = await release.status();

  for (const fields of [{ abort: true }, { abort: true, promoteFull: true }]) {
    await release.ask(() => [{ patch: { type: "merge", value: { status: fields } }, subresource: "status" }]);
    await release.world.run(seconds(5));
  }

  expect(await release.status()).toEqual(before);
  expect(await release.decisions()).toEqual(["begin", "promote"]);
  expect(await told(release, /Retry|Abort/)).toEqual([]);
});
