import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Judgement, JudgementSpec } from "@sluice/api";
import type { JudgedWindows } from "@sluice/controllers";
import { formatInstant, instant, seededRandom } from "@sluice/kernel";
import type { MetricsStore } from "@sluice/metrics/node";
import { afterEach, beforeEach, expect, test } from "vitest";
import { render } from "../../commands/judge-train.ts";
import { asMetrics, began, counted, never } from "./counted.fixture.ts";
import { judgeWindows } from "./judge-windows.ts";
import { pastReleases, readTeamModel, trainTeamModel, usableTeamModel } from "./team-model.ts";
import { replayedOf, wholeLog } from "./whole-log.fixture.ts";
import { WindowLogs } from "./window-logs.ts";

let folder: string;
let logs: WindowLogs;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-team-model-"));
  logs = new WindowLogs(join(folder, "judgements"));
  path = join(folder, "judge-model.json");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Thirty-five minutes of two versions; the canary fails about `badShare` of its 10 requests a second. */
function metricsOf(badShare: number, seed: number): MetricsStore {
  const random = seededRandom(seed);
  const failed = (perSecond: number, share: number) => {
    let lost = 0;
    return () => {
      for (let request = 0; request < 5 * perSecond; request++) if (random.next() < share) lost++;
      return lost;
    };
  };
  const versions = [
    { hash: "stable", perSecond: 40, from: -1800, failed: failed(40, 0.004) },
    { hash: "canary", perSecond: 10, from: 0, failed: failed(10, badShare) },
  ];
  return asMetrics(counted(versions, 5));
}

const specOf = (index: number): JudgementSpec => ({
  rollout: { name: "shop", uid: "r" },
  revision: String(index),
  canary: { podTemplateHash: "canary", name: `v${index}` },
  stable: { podTemplateHash: "stable", name: "v1" },
  beganAt: formatInstant(began, "millis"),
  plan: [{ weight: 20, seconds: 600 }],
  windowSeconds: 5,
  mode: "enforce",
});

/** Five minutes of a release as the control plane judges it, with what it keeps. */
async function judged(index: number, badShare: number, outcome: JudgementSpec["outcome"]): Promise<Judgement> {
  const uid = `release-${index}`;
  const judge = judgeWindows({
    store: metricsOf(badShare, index),
    logs,
    now: () => instant(began + 300_000),
    teamModel: () => usableTeamModel(path),
  });
  const work = {
    do: "judgeWindows",
    uid,
    namespace: "shop",
    spec: specOf(index),
    known: 0,
    upTo: 60,
    weight: 20,
    step: 0,
  };
  const replicas = { stepSince: began, canary: { pods: 1, restarts: 0 }, stable: { pods: 4, restarts: 0 } };
  const { windows } = (await judge({ ...work, ...replicas }, never)) as JudgedWindows;
  expect(windows).toBe(60);
  return { metadata: { name: `shop-${index}`, uid }, spec: { ...specOf(index), outcome } } as Judgement;
}

/** Bad enough that what was learned helps the judge, and not so bad that it needs no help. */
async function history(badOutcome: (index: number) => JudgementSpec["outcome"]): Promise<Judgement[]> {
  const judgements: Judgement[] = [];
  for (let index = 0; index < 18; index++) {
    const isBad = index % 2 === 1;
    judgements.push(await judged(index, isBad ? 0.025 : 0.006, isBad ? badOutcome(index) : "promoted"));
  }
  return judgements;
}

test("what people took back teaches the judge, which the next release is judged with; its verdicts can be worked out again", async () => {
  const judgements = await history(() => "rolledBack");

  const trained = await trainTeamModel(judgements, logs, path, 1);

  expect(trained.is).toBe("learned");
  expect(render(trained, path)).toContain("learned from 12 releases");
  const model = await readTeamModel(path);
  const next = await judged(99, 0.004, "promoted");
  const kept = await wholeLog(logs, "release-99");
  expect(kept?.learned).toEqual(model);
  expect(kept && replayedOf(next, kept)).toMatchObject({ windows: 60, differing: [] });
});

test("a model that does worse on the releases held out is refused, and what was there stays", async () => {
  const judgements = await history(() => "rolledBack");
  await trainTeamModel(judgements, logs, path, 1);
  const before = await readFile(path, "utf8");
  // From here on people keep what hurts and take back what is well, but for every third release, which is held out.
  const well = judgements.filter(({ spec }) => spec.outcome === "promoted");
  const hurting = judgements.filter(({ spec }) => spec.outcome === "rolledBack");
  const taken = (count: number, from: readonly Judgement[], other: Judgement[], outcome: JudgementSpec["outcome"]) =>
    Array.from({ length: count }, (_, index) => (index % 3 === 2 ? from : other)[index]).flatMap((one) =>
      one === undefined ? [] : [{ ...one, spec: { ...one.spec, outcome } } as Judgement],
    );
  const turned = [...taken(9, well, hurting, "promoted"), ...taken(9, hurting, well, "rolledBack")].map(
    (one, index) => ({
      ...one,
      spec: { ...one.spec, beganAt: formatInstant(instant(began + index), "millis") },
    }),
  );

  const trained = await trainTeamModel(turned, logs, path, 1);

  expect(trained.is).toBe("worse");
  expect(render(trained, path)).toMatch(
    /refused, the judge stays as it is: it (takes back|leaves|catches|learned nothing)/,
  );
  expect(await readFile(path, "utf8")).toBe(before);
});

test("a handful of releases teaches nothing, and superseded ones don't count", async () => {
  const judgements = [await judged(1, 0.012, "rolledBack"), await judged(2, 0.004, "superseded")];

  const trained = await trainTeamModel(judgements, logs, path, 1);

  expect((await pastReleases(judgements, logs)).playbacks).toHaveLength(1);
  expect(trained).toMatchObject({ is: "too few", good: 0, bad: 1 });
  expect(await readTeamModel(path)).toBeUndefined();
});

test("what a person stopped without a word against it teaches nothing, also once only its windows are kept", async () => {
  const stopped = await judged(1, 0.012, "rolledBack");
  const bad = await judged(2, 0.012, "rolledBack");
  const judgements = [
    { ...stopped, spec: { ...stopped.spec, blamed: false } },
    { ...bad, spec: { ...bad.spec, blamed: true } },
  ];
  await logs.noteEnds(judgements);

  expect(await pastReleases(judgements, logs)).toMatchObject({ playbacks: { length: 1 } });
  expect(await pastReleases([], logs)).toMatchObject({ playbacks: { length: 1 } });
});

test("releases teach as long as their windows are kept: their Judgements go much sooner", async () => {
  const first = await judged(1, 0.012, "rolledBack");
  const store = metricsOf(0.004, 2);
  const asked: string[] = [];
  const judge = judgeWindows({
    store,
    logs,
    now: () => instant(began + 300_000),
    judgementsOf: async (namespace, rollout) => {
      asked.push(`${namespace}/${rollout}`);
      return [first];
    },
  });
  const replicas = { canary: { pods: 1, restarts: 0 }, stable: { pods: 4, restarts: 0 } };
  const of = {
    do: "judgeWindows",
    namespace: "shop",
    spec: specOf(2),
    known: 0,
    weight: 20,
    step: 0,
    stepSince: began,
  };

  for (const upTo of [1, 2]) await judge({ ...of, uid: "release-2", upTo, ...replicas }, never);

  expect(asked).toEqual(["shop/shop"]);
  expect(await pastReleases([], logs)).toMatchObject({ playbacks: [{ isBad: true }], unreadable: 0 });
  expect(await wholeLog(logs, "release-1")).toMatchObject({ ended: { outcome: "rolledBack" } });
});

test("how a release ended is noted once, and after a restart its windows aren't read for that", async () => {
  const ended = await judged(1, 0.012, "rolledBack");
  let reads = 0;
  class Counted extends WindowLogs {
    override async read(...asked: Parameters<WindowLogs["read"]>) {
      reads++;
      return super.read(...asked);
    }
  }
  const none = { ...ended, metadata: { ...ended.metadata, uid: "nothing-kept" } };

  for (let restart = 0; restart < 3; restart++) await new Counted(join(folder, "judgements")).noteEnds([ended, none]);

  const lines = (await readFile(logs.path("release-1"), "utf8")).trimEnd().split("\n");
  expect(lines.filter((line) => line.includes('"ended"'))).toHaveLength(1);
  expect(await logs.uids()).toEqual(["release-1"]);
  expect(reads).toBe(0);
});

test("what nobody asked anything of, as at a preview, is no good release", async () => {
  const preview = await judged(1, 0.004, "promoted");
  const kept = await wholeLog(logs, "release-1");
  if (kept === undefined) throw new Error("nothing was kept");
  await rm(logs.path("release-1"));
  const none = { requests: 0, failures: 0, latencyCounts: [], endpoints: [] };
  const quiet = kept.windows.map(({ window, ...line }) => ({
    ...line,
    window: { ...window, canary: { ...window.canary, ...none } },
  }));
  await logs.append("release-1", [{ type: "release", release: kept.release }]);
  for (const line of quiet) await logs.append("release-1", [{ type: "window", judge: 1, ...line }]);

  expect(await wholeLog(logs, "release-1")).toMatchObject({ windows: { length: 60 } });
  expect(await pastReleases([preview], logs)).toEqual({ playbacks: [], unreadable: 0 });
});

test("a preview that was passed is no good release where what came after its switch was taken back", async () => {
  const preview = await judged(1, 0.012, "promoted");
  const switched = await judged(2, 0.012, "rolledBack");
  const { revision } = preview.spec;
  const later = formatInstant(instant(began + 300_000), "millis");
  const taken = { ...switched, spec: { ...switched.spec, revision, beganAt: later } };
  await logs.noteEnds([preview, taken]);

  expect(await pastReleases([preview, taken], logs)).toMatchObject({ playbacks: [{ isBad: true }] });
  expect(await pastReleases([], logs)).toMatchObject({ playbacks: [{ isBad: true }], unreadable: 0 });
});

test.each([
  ["{}", "found no model"],
  ['{"model":{"parts":{},"inputs":["age"],"version":2}}', "inputs"],
  ["half a", "found no model"],
])("a file with %s is refused by name, and the built-in judge goes on", async (text, fault) => {
  await writeFile(path, text);

  await expect(readTeamModel(path)).rejects.toThrow(fault);
  expect(await usableTeamModel(path)).toBeUndefined();
});
