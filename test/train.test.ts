import { seededRandom } from "@sluice/kernel";
import { type Look, learn, outcomesOf, type Playback, silent, worseThan } from "@sluice/verdict/training";
import { expect, test } from "vitest";
import { simulate } from "../bench/verdict/simulated.ts";
import { TraceWorld } from "../bench/verdict/trace-world.ts";

const options = { trees: 8, depth: 3, seed: 1, families: ["slowness"] } as const;
const { inputs: inputNames } = silent;
const latency = inputNames.indexOf("latency");
const lasting = inputNames.indexOf("lasting");

/** Ten minutes of so much evidence that a version is slower; `lasts`: nats by which that isn't only its start. */
function release(isBad: boolean, nats: number, lasts: number): Playback {
  const looks = Array.from({ length: 60 }, (_, index): Look => {
    const inputs = new Float32Array(inputNames.length);
    inputs[latency] = nats + 0.01 * index;
    inputs[lasting] = lasts;
    return {
      time: 10 * (index + 1),
      seconds: 10,
      inputs,
      action: "continue",
      isHarmful: isBad,
      harm: isBad ? 0.1 : 0,
    };
  });
  return { isBad, looks };
}

const many = (count: number, isBad: boolean, nats: number, lasts: number) =>
  Array.from({ length: count }, (_, index) => release(isBad, nats + 0.02 * index, lasts));
// The same evidence, but what lasts harms: proof takes back all of the last ten, and none of the others.
const telling = [...many(60, false, 4, -3), ...many(60, true, 5, 6), ...many(10, false, 7, -3)];

test("what was learned ends what proof alone doesn't, and lets go on what proof takes back for nothing", () => {
  const model = learn(telling, options);

  expect(outcomesOf(telling, silent)).toMatchObject({ falseRollbacks: 10, caught: 0 });
  expect(outcomesOf(telling, model)).toMatchObject({
    good: 70,
    falseRollbacks: 0,
    bad: 60,
    caught: 60,
    medianDelay: 10,
  });
});

test("where nothing was learned from, the model of before stays, and without one proof decides alone", () => {
  const shipped = learn(telling, options);
  const good = many(30, false, 4, -3);

  expect(learn(good, options)).toEqual(silent);
  expect(learn(good, { ...options, onto: shipped })).toEqual(shipped);
});

test("the same releases and seed bring the same model; another seed another", () => {
  const playbacks = () => simulate(77, { layered: 3, traces: 1 }, 0.5);

  const one = learn([...playbacks(), ...telling], options);
  const again = learn([...playbacks(), ...telling], options);
  const other = learn([...playbacks(), ...telling], { ...options, seed: 2 });

  expect(again).toEqual(one);
  expect(other).not.toEqual(one);
});

test("a model that takes back more good releases, or leaves more harm, is refused with the figures", () => {
  const good = outcomesOf(telling, learn(telling, options));
  const hasty = outcomesOf(telling, { ...silent, parts: { slowness: { base: 99, neutral: 0, trees: [] } } });
  const blind = outcomesOf(telling, silent);

  expect(worseThan(hasty, good)).toBe("it takes back 70 good releases of 70, the present one 0");
  expect(worseThan({ ...blind, falseRollbacks: 0 }, good)).toContain("users harmed by a bad release");
  expect(worseThan(good, good)).toBeUndefined();
  expect(worseThan(good, blind)).toBeUndefined();
});

test("the world of traces plays the same release twice", () => {
  const play = () => new TraceWorld(seededRandom(9), 20, 10, { failing: 0.05 }, { coldCache: true, retries: 0.5 });

  expect(play().window(0, 0.05, 0, 0)).toEqual(play().window(0, 0.05, 0, 0));
});
