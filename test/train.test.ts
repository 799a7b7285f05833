import { seededRandom } from "@sluice/kernel";
import { type Look, learn, outcomesOf, type Playback, silent, worseThan } from "@sluice/verdict/training";
import { expect, test } from "vitest";
import { simulate } from "../bench/verdict/simulated.ts";
import { TraceWorld } from "../bench/verdict/trace-world.ts";

const options = { trees: 8, depth: 3, seed: 1 };
const { inputs: inputNames } = silent;
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

test("the world of traces plays the same release twice", () => {
  const play = () => new TraceWorld(seededRandom(9), 20, 10, { failing: 0.05 }, { coldCache: true, retries: 0.5 });

  expect(play().window(0, 0.05, 0, 0)).toEqual(play().window(0, 0.05, 0, 0));
});
