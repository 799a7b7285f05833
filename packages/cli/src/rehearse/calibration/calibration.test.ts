import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtInKinds, type Client, type Decision, type Judgement, KindRegistry } from "@sluice/api";
import {
  after,
  formatInstant,
  type Instant,
  instant,
  millis,
  minutes,
  seconds,
  seededRandom,
  VirtualClock,
} from "@sluice/kernel";
import {
  defaultTraffic,
  faults,
  type Outcome,
  type RehearsedFault,
  type ReleaseOptions,
  rehearse,
  rehearseRelease,
} from "@sluice/rehearsal";
import { createStore } from "@sluice/store";
import { afterEach, expect, test } from "vitest";
import { WindowLogs } from "../../control-plane/judging/window-logs.ts";
import { stateFolder } from "../../state/state-folder.ts";
import { webPolicy } from "../history/history.fixture.ts";
import { calibrated } from "./calibration.ts";
import { endedReleases } from "./ended-releases.ts";
import { keepPrediction, type Prediction, readPredictions } from "./predictions.ts";
import { renderCalibration } from "./render-calibration.ts";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

const failing = faults.filter(({ name }) => name === "error +50pp");
const options = {
  traffic: defaultTraffic,
  runs: 6,
  goodRuns: 6,
  seed: 1,
  personMillis: minutes(10),
  noticeMillis: minutes(60),
  profiles: ["sluice"] as const,
  faults: failing,
};
const began = instant(1_800_000_000_000);

/** A release by the real controllers in virtual time, which is then what a Sluice has of it: Decisions, a Judgement, windows. */
async function released(client: Client, folder: string, play: Played, index: number): Promise<Outcome> {
  const outcome = await rehearseRelease({ ...play.release, fault: play.fault, seed: 77 + index });
  const beganAt = after(began, minutes(60 * (index + 1)));
  const at = (second: number): string => formatInstant(after(beganAt, millis(second * 1000)), "millis");
  const hash = `hash${index}`;
  const subject = { kind: "Rollout", name: "web", uid: "web-uid", revision: String(index), podTemplateHash: hash };
  for (const [place, { action, because, atSeconds }] of outcome.decisions.entries()) {
    const decision = {
      apiVersion: "sluice.dev/v1alpha1",
      kind: "Decision",
      metadata: { name: `web-${index}-${place}`, namespace: "shop" },
      spec: { subject, action, because, at: at(atSeconds), inputs: { stable: "before" } },
    };
    await client.create(decision as unknown as Decision);
  }
  const { metadata } = await client.create(judgementOf(hash, index, at(0)));
  const canary = { requests: outcome.canaryRequests, failures: outcome.harmed, latencyCounts: [] };
  const window = {
    ends: seconds(5),
    lasts: seconds(5),
    canary,
    stable: { requests: 100, failures: 0, latencyCounts: [] },
  };
  await new WindowLogs(folder).append(metadata.uid ?? "", [
    { type: "release", release: {} as never },
    { type: "window", window: window as never, verdict: { action: "continue", nats: 0, because: "" }, judge: 1 },
  ]);
  return outcome;
}

interface Played {
  readonly release: ReleaseOptions;
  readonly fault: RehearsedFault;
}

const judgementOf = (hash: string, revision: number, beganAt: string): Judgement => ({
  apiVersion: "sluice.dev/v1alpha1",
  kind: "Judgement",
  metadata: { name: `web-${hash}`, namespace: "shop" },
  spec: {
    rollout: { name: "web", uid: "web-uid" },
    revision: String(revision),
    canary: { podTemplateHash: hash, name: `v${revision}` },
    stable: { podTemplateHash: "before", name: "v0" },
    beganAt,
    plan: [{ weight: 10, seconds: 300 }],
    windowSeconds: 5,
    mode: "enforce",
  },
});

async function story(keepAt: Instant) {
  const folder = mkdtempSync(join(tmpdir(), "sluice-calibration-"));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const state = stateFolder(folder);
  const { client } = await createStore({
    kinds: new KindRegistry(builtInKinds()),
    clock: new VirtualClock(began),
    random: seededRandom(1),
    namespaces: ["shop"],
  });
  let plays: Played | undefined;
  const play = async (release: ReleaseOptions) => {
    plays ??= { release, fault: release.fault };
    return rehearseRelease(release);
  };
  const rehearsal = await rehearse(await webPolicy(), { ...options, play });
  await keepPrediction(state.rehearsals, rehearsal, keepAt);
  if (plays === undefined) throw new Error("nothing was played");
  const bad = failing[0] as RehearsedFault;
  const outcomes = [
    await released(client, state.judgements, plays, 0),
    await released(client, state.judgements, { ...plays, fault: bad }, 1),
  ];
  const releases = await endedReleases(client, "shop", state.judgements);
  return { outcomes, releases, predictions: await readPredictions(state.rehearsals, "shop", "web") };
}

test("real releases stand beside what was predicted before them: how long, how many harmed, how often within", async () => {
  const { outcomes, releases, predictions } = await story(began);

  const calibration = calibrated(releases, predictions);

  expect(outcomes.map(({ end }) => end)).toEqual(["promoted", "aborted"]);
  expect(releases).toMatchObject([
    { version: "v0", outcome: "promoted", harmed: 0 },
    { version: "v1", outcome: "rolledBack", harmed: outcomes[1]?.harmed },
  ]);
  for (const [place, { seconds: took }] of releases.entries())
    expect(took).toBeCloseTo(outcomes[place]?.seconds ?? 0, 0);
  expect(calibration.rolledBack).toBe(1);
  expect(calibration.within.durations[1]).toBe(2);
  expect(calibration.within.harms[1]).toBe(1);
  const [good, bad] = calibration.releases;
  // A good one takes what its steps take, whoever plays it.
  expect(good?.duration?.predicted.median).toBeCloseTo(good?.duration?.actual ?? 0, -1);
  expect(bad?.harmed?.actual).toBe(outcomes[1]?.harmed);
  const page = renderCalibration(calibration, false);
  expect(page).toMatch(/web@0 v0 +promoted +5 min( \(.*?\))? +5 min +0 %/);
  expect(page).toMatch(/web@1 v1 +taken back/);
  expect(page).toContain("1 of 2 were taken back");
});

test("a prediction that came after a release says nothing about it", async () => {
  const { releases, predictions } = await story(after(began, minutes(600)));

  const calibration = calibrated(releases, predictions);

  expect(calibration.releases.map(({ keptAt }) => keptAt)).toEqual([undefined, undefined]);
  expect(renderCalibration(calibration, false)).toContain("2 of 2 releases ended with no prediction kept before them");
  expect(renderCalibration(calibration, false)).toContain("--keep");
});

test("a second either way is no miss, since pauses end at whole seconds; two are", () => {
  const sure = { low: 11, median: 11, high: 11 };
  const prediction = { rollout: "web", keptAt: "2026-01-01T00:00:00.000Z", predicted: { good: sure } } as Prediction;
  const beganAt = instant(Date.parse("2026-01-02T00:00:00.000Z"));
  const ended = (seconds: number) =>
    ({ rollout: "web", revision: "2", version: "v2", outcome: "promoted", beganAt, seconds, harmed: 0 }) as const;

  const { within } = calibrated([ended(10.4), ended(11.9), ended(9)], [prediction]);

  expect(within.durations).toEqual([2, 3]);
});
