import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Judgement, JudgementSpec } from "@sluice/api";
import { after, formatInstant, hours, instant, millis } from "@sluice/kernel";
import { afterEach, beforeEach, expect, test } from "vitest";
import { render } from "../../commands/why-replay.ts";
import { asMetrics, began, counted, countedSpec, never } from "./counted.fixture.ts";
import { judgeWindows } from "./judge-windows.ts";
import { replayedOf, wholeLog } from "./whole-log.fixture.ts";
import { WindowLogs } from "./window-logs.ts";

let folder: string;
let logs: WindowLogs;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-starts-"));
  logs = new WindowLogs(folder);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const store = asMetrics(
  counted([
    { hash: "stable", perSecond: 200, from: -1800, failed: (total) => Math.round(total * 0.002) },
    { hash: "canary", perSecond: 50, from: 0, failed: (total) => Math.round(total * 0.002) },
  ]),
);

const specOf = (rollout: string, begins = began, revision = "2"): JudgementSpec => ({
  ...countedSpec,
  rollout: { name: rollout, uid: rollout },
  revision,
  beganAt: formatInstant(begins, "millis"),
});

let judgements: Judgement[] = [];
beforeEach(() => {
  judgements = [];
});

/** Judges four minutes of a release, after which it ends so. */
async function released(
  uid: string,
  rollout: string,
  outcome: JudgementSpec["outcome"],
  after = 0,
  revision = String(2 + after / 1000),
): Promise<Judgement> {
  const judge = judgeWindows({
    store,
    logs,
    now: () => instant(began + 300_000),
    judgementsOf: async () => judgements,
  });
  // In the order in which they were, though the counters are those of one time.
  const spec = specOf(rollout, instant(began + after), revision);
  const work = { do: "judgeWindows", uid, namespace: "shop", spec, known: 0, upTo: 48, weight: 20, step: 0 };
  await judge({ ...work, stepSince: began, canary: { pods: 1, restarts: 0 }, stable: { pods: 4, restarts: 0 } }, never);
  const judgement = { metadata: { name: uid, uid }, spec: { ...spec, outcome } } as Judgement;
  judgements.push(judgement);
  return judgement;
}

const beganWith = async (uid: string) => (await wholeLog(logs, uid))?.release.starts;

test("a release begins with what the Rollout's last good one left, and its verdicts can be worked out again", async () => {
  await released("first", "shop", "promoted");
  const second = await released("second", "shop", "promoted", 1000);
  await released("third", "shop", undefined, 2000);

  expect(await beganWith("first")).toBeUndefined();
  expect(await beganWith("second")).toMatchObject({ releases: 1 });
  expect(await beganWith("third")).toMatchObject({ releases: 2 });
  const log = await wholeLog(logs, "second");
  const replayed = log && replayedOf(second, log);
  expect(replayed).toMatchObject({ windows: 48, differing: [], startsKnownFrom: 1 });
  expect(replayed && render(replayed)).toContain("knowing how the Pods of 1 earlier release started");
});

test("releases that were taken back or passed by, of other Rollouts, and later ones teach nothing", async () => {
  await released("taken-back", "shop", "rolledBack");
  await released("passed-by", "shop", "superseded");
  await released("elsewhere", "cart", "promoted");
  await released("later", "shop", "promoted", 5000);

  await released("next", "shop", undefined, 1000);

  expect(await beganWith("next")).toBeUndefined();
});

test("a preview teaches neither what comes after its own switch, nor the next release where that was taken back", async () => {
  await released("preview", "shop", "promoted", 0, "2");
  await released("switched", "shop", "rolledBack", 1000, "2");
  await released("next", "shop", undefined, 2000, "3");

  expect(await beganWith("switched")).toBeUndefined();
  expect(await beganWith("next")).toBeUndefined();
});

test("what was taken back and is good when it is tried again teaches", async () => {
  await released("first-try", "shop", "rolledBack", 0, "2");
  await released("second-try", "shop", "promoted", 1000, "2");
  await released("next", "shop", undefined, 2000, "3");

  expect(await beganWith("next")).toMatchObject({ releases: 1 });
});

test("what can't be read is passed over for what came before it", async () => {
  await released("first", "shop", "promoted");
  await released("broken", "shop", "promoted", 1000);
  await writeFile(join(folder, "broken.starts.json"), '{"releases":');

  await released("next", "shop", undefined, 2000);

  expect(await beganWith("next")).toMatchObject({ releases: 1 });
});

test("it is forgotten with its release", async () => {
  await released("first", "shop", "promoted");
  const longAgo = new Date(after(began, millis(-hours(24 * 91))));
  for (const name of await readdir(folder)) await utimes(join(folder, name), longAgo, longAgo);

  await new WindowLogs(folder).sweep(began);

  expect(await readdir(folder)).toEqual([]);
});
