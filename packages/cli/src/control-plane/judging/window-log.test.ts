import { constants } from "node:buffer";
import { mkdtemp, readFile, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Judgement } from "@sluice/api";
import { millis, ratio } from "@sluice/kernel";
import { judgeVersion } from "@sluice/verdict";
import { afterEach, beforeEach, expect, test } from "vitest";
import { render, replayOne } from "../../commands/why-replay.ts";
import { recordedBy } from "../../rehearse/recorded-windows.ts";
import { pastReleases } from "./team-model.ts";
import { replayedOf, wholeLog } from "./whole-log.fixture.ts";
import type { LogLine } from "./window-log.ts";
import { WindowLogs } from "./window-logs.ts";

let folder: string;
let logs: WindowLogs;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-window-log-"));
  logs = new WindowLogs(folder);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const begun: LogLine = { type: "release", release: { plan: [], bucketEdgesMs: [100], history: [] } };

function window(index: number): LogLine {
  const served = { requests: 50, failures: 0, latencyCounts: [50, 0], endpoints: [], exposures: 0, conversions: 0 };
  const version = { ...served, restarts: 0, pods: 1 };
  const ends = millis(index * 5000);
  const times = { ends, lasts: millis(5000), weight: ratio(0.2), step: 0, stepAge: ends };
  return {
    type: "window",
    window: { ...times, canary: version, stable: version },
    verdict: { action: "continue", nats: 0, because: "" },
    judge: judgeVersion,
  };
}

const judgement = {
  metadata: { name: "shop-canary-2", uid: "one" },
  spec: {
    rollout: { name: "shop", uid: "r" },
    revision: "2",
    canary: { podTemplateHash: "canary", name: "v2" },
    stable: { podTemplateHash: "stable", name: "v1" },
    beganAt: "2027-01-15T08:00:00Z",
    plan: [],
    windowSeconds: 5,
    mode: "enforce",
    outcome: "promoted",
  },
} as unknown as Judgement;

const endsOf = async (): Promise<readonly number[] | undefined> =>
  (await wholeLog(logs, "one"))?.windows.map(({ window: { ends } }) => ends);

test("wherever a crash cuts the last line short, what is judged next is kept, and the loss is told", async () => {
  await logs.append("one", [begun, window(1)]);
  const { length: before } = await readFile(logs.path("one"));
  await logs.append("one", [window(2)]);
  const { length: after } = await readFile(logs.path("one"));

  for (let cut = before + 1; cut < after - 1; cut += 7) {
    await truncate(logs.path("one"), cut);
    await logs.append("one", [window(2), window(3)]);

    expect(await endsOf()).toEqual([5000, 10_000, 15_000]);
    expect(await wholeLog(logs, "one")).toMatchObject({ unreadable: 1 });
    await truncate(logs.path("one"), before);
    await logs.append("one", [window(2)]);
  }
  await truncate(logs.path("one"), after - 1);
  await logs.append("one", [window(3)]);

  // Only the line's end was missing.
  expect(await endsOf()).toEqual([5000, 10_000, 15_000]);
  expect(await wholeLog(logs, "one")).toMatchObject({ unreadable: 0 });
});

test("the replay of a log with lines that can't be read says so", async () => {
  await logs.append("one", [begun, window(1), window(2)]);
  const { length } = await readFile(logs.path("one"));
  const told = async () => {
    const log = await wholeLog(logs, "one");
    return log === undefined ? "" : render(replayedOf(judgement, log));
  };
  expect(await told()).not.toContain("can't be read");

  await truncate(logs.path("one"), length - 20);

  expect(await told()).toContain("1 line of what was kept can't be read");
});

test("a log that is longer than a text can be is read to its end, and taught and replayed from", async () => {
  await logs.append("one", [begun, window(1)]);
  const { length } = await readFile(logs.path("one"));
  // A hole takes no room on the disk.
  await truncate(logs.path("one"), length + constants.MAX_STRING_LENGTH);
  await logs.append("one", [window(2)]);
  await logs.noteEnds([judgement]);

  expect(await endsOf()).toEqual([5000, 10_000]);
  expect(await replayOne(judgement, logs, undefined)).toMatchObject({ windows: 2, differing: [], unreadable: 1 });
  expect(await recordedBy(logs, "one")).toMatchObject({ windows: { length: 2 }, unreadable: 1 });
  expect(await pastReleases([], logs)).toMatchObject({ playbacks: [{ looks: { length: 2 } }], unreadable: 1 });
});

test("windows whose beginning is lost are none of the attempt that began after them", async () => {
  await logs.append("one", [window(1), window(2), begun, window(1), window(2), begun, window(3)]);

  expect(await endsOf()).toEqual([5000, 10_000, 15_000]);
  expect(await logs.read("two", () => expect.fail("nothing was kept"))).toBeUndefined();
});

test("a beginning or an end that a crash cut short is written again", async () => {
  await logs.append("one", [begun]);
  await truncate(logs.path("one"), 20);
  expect(await wholeLog(logs, "one")).toBeUndefined();
  await logs.append("one", [begun, window(1)]);
  await logs.noteEnds([judgement]);
  const { length } = await readFile(logs.path("one"));
  await truncate(logs.path("one"), length - 20);

  await new WindowLogs(folder).noteEnds([judgement]);

  expect(await wholeLog(logs, "one")).toMatchObject({
    windows: { length: 1 },
    ended: { outcome: "promoted" },
    unreadable: 2,
  });
});
