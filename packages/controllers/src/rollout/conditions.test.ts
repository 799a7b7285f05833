import type { Event } from "@sluice/api";
import { minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { abortPatch, pausePatch, promotePatch, retryPatch } from "./index.ts";
import { pause, Release, type ReleaseOptions, setWeight } from "./release.fixture.ts";

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

/** Reasons and messages as argo-rollouts records them. */
const events: readonly (readonly [string, string, string])[] = [
  ["Normal", "RolloutUpdated", "Rollout updated to revision 2"],
  ["Normal", "NewReplicaSetCreated", "Created ReplicaSet web-HASH (revision 2)"],
  ["Normal", "RolloutStepCompleted", "Rollout step 1/2 completed (setWeight: 20)"],
  ["Normal", "TrafficWeightUpdated", "Traffic weight updated from 0 to 20"],
  ["Normal", "RolloutPaused", "Rollout is paused (CanaryPauseStep)"],
  ["Warning", "RolloutAborted", "Rollout aborted update to revision 2"],
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
