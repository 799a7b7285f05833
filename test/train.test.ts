import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "@sluice/kernel";
import { inputNames } from "@sluice/verdict";
import { expect, test } from "vitest";
import { readHistory } from "../bench/verdict/history.ts";
import { LayeredWorld } from "../bench/verdict/layered-world.ts";
import { learn, worseThan } from "../bench/verdict/learn.ts";
import { type Look, outcomesOf, type Playback, silent } from "../bench/verdict/playback.ts";
import { simulate } from "../bench/verdict/simulated.ts";
import { TraceWorld } from "../bench/verdict/trace-world.ts";

const options = { trees: 8, depth: 3, seed: 1 };
const strongest = inputNames.indexOf("strongest");

/** Ten minutes whose strongest evidence is what it is; proof never comes. */
function release(isBad: boolean, nats: number): Playback {
  const looks = Array.from({ length: 60 }, (_, index): Look => {
    const inputs = new Float32Array(inputNames.length);
    inputs[strongest] = nats + 0.01 * index;
    return {
      time: 10 * (index + 1),
      seconds: 10,
      inputs,
      nats,
      action: "continue",
      isHarmful: isBad,
      harm: isBad ? 0.1 : 0,
    };
  });
  return { isBad, looks };
}

const many = (count: number, isBad: boolean, nats: number) =>
  Array.from({ length: count }, (_, index) => release(isBad, nats + 0.02 * index));
const telling = [...many(30, false, 0), ...many(30, true, 3)];

test("what was learned catches what proof alone doesn't, and takes back nothing good", () => {
  const model = learn(telling, many(30, false, 0), options);

  expect(outcomesOf(telling, silent)).toMatchObject({ falseRollbacks: 0, caught: 0 });
  expect(outcomesOf(telling, model)).toMatchObject({
    good: 30,
    falseRollbacks: 0,
    bad: 30,
    caught: 30,
    medianDelay: 10,
  });
});

test("the same releases and seed bring the same model; another seed another", () => {
  const playbacks = () => simulate(77, { layered: 6, queueing: 2 }, 0.5, () => {});

  const one = learn([...playbacks(), ...telling], many(5, false, 0), options);
  const again = learn([...playbacks(), ...telling], many(5, false, 0), options);
  const other = learn([...playbacks(), ...telling], many(5, false, 0), { ...options, seed: 2 });

  expect(again).toEqual(one);
  expect(other).not.toEqual(one);
});

test("a model that takes back more good releases, or leaves more harm, is refused with the figures", () => {
  const good = outcomesOf(telling, learn(telling, many(30, false, 0), options));
  const hasty = outcomesOf(telling, { ...silent, base: 9, sure: 1, sureAtOnce: 1, suspicious: 1 });
  const blind = outcomesOf(telling, silent);

  expect(worseThan(hasty, good)).toBe("it takes back 30 good releases of 30, the present one 0");
  expect(worseThan(blind, good)).toContain("users harmed by a bad release");
  expect(worseThan(good, good)).toBeUndefined();
  expect(worseThan(good, blind)).toBeUndefined();
});

test("past releases teach by how they ended, whatever the verdict was", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-history-"));
  try {
    const random = seededRandom(4);
    for (const uid of ["kept", "taken-back", "underway"]) {
      const world = new LayeredWorld(random, false);
      const windows = [0, 1, 2, 3].map((index) => {
        const time = index * world.windowSeconds;
        return { type: "window", window: world.window(time, 0.05, 0, time), verdict: { action: "continue", nats: 0 } };
      });
      const lines = [{ type: "release", release: world.release }, ...windows];
      await writeFile(join(folder, `${uid}.ndjson`), lines.map((line) => JSON.stringify(line)).join("\n"));
    }
    const items = [
      { metadata: { uid: "kept" }, spec: { outcome: "promoted" } },
      { metadata: { uid: "taken-back" }, spec: { outcome: "rolledBack" } },
      { metadata: { uid: "underway" }, spec: {} },
    ];
    await writeFile(join(folder, "judgements.json"), JSON.stringify({ items }));

    const past = await readHistory(folder, join(folder, "judgements.json"));

    expect(past.map(({ uid, playback }) => [uid, playback.isBad])).toEqual([
      ["kept", false],
      ["taken-back", true],
    ]);
    expect(past[0]?.playback.looks).toHaveLength(4);
    expect(past[0]?.playback.looks.at(-1)?.inputs).toHaveLength(inputNames.length);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("the world of traces plays the same release twice", () => {
  const play = () => new TraceWorld(seededRandom(9), 20, 10, { failing: 0.05 }, { coldCache: true, retries: 0.5 });

  expect(play().window(0, 0.05, 0, 0)).toEqual(play().window(0, 0.05, 0, 0));
});
