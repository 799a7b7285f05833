import type { Event } from "@sluice/api";
import { minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { pause, type ReleaseOptions, setWeight } from "../release.fixture.ts";
import { careful, policy, underWay } from "./judged.fixture.ts";

test("a model's alarm must last five minutes; beside the judge it then ends the release", async () => {
  const slow: ReleaseOptions = { steps: [setWeight(20), pause("20m"), setWeight(100)] };
  const model = policy({ holdback: { weight: 0 }, model: { url: "http://model.example" } });
  const { release, bench, world } = await underWay(slow, model);

  bench.probability = 0.95;
  await world.run(minutes(4));
  const early = await release.weight();
  await world.run(minutes(2));

  expect(early).toBe(20);
  expect(await release.weight()).toBe(0);
});

test("who holds the weight is said: a model does for as long as it doubts, a rule while it is broken", async () => {
  const rules = [{ name: "errors", when: [{ signal: "errorRate", above: 1 }], action: "monitor_closely" }];
  const { release, bench, world } = await underWay(
    careful,
    policy({ rules, holdback: { weight: 0 }, model: { url: "http://model.example" } }),
  );
  const held = async () => (await release.status()).conditions?.find(({ type }) => type === "HeldByJudge")?.message;

  bench.probability = 0.7;
  await world.run(minutes(40));
  const byModel = await held();
  Object.assign(bench, { probability: 0.1, errorRate: 2 });
  await world.run(seconds(10));

  expect(byModel).toBe("the policy's model holds the weight: it goes no further until it says otherwise");
  expect(await held()).toBe("rule errors holds the weight: it goes no further while that is broken");
  expect(await release.weight()).toBe(20);
});

test("a model instead of the judge isn't held up by what the judge doubts, as long as it answers", async () => {
  const model = { url: "http://model.example", use: "instead" };
  const { release, bench, world } = await underWay(careful, policy({ holdback: { weight: 0 }, model }));

  Object.assign(bench, { suspects: true, probability: 0.05 });
  await world.run(minutes(1.5));
  const answered = await release.weight();
  bench.probability = "none";
  await world.run(minutes(2));

  expect(answered).toBe(50);
  expect(await release.weight()).toBe(50);
  expect((await release.status()).conditions?.map(({ type }) => type)).toContain("HeldByJudge");
});

test("a model's silence is told once, and that it answers again", async () => {
  const { bench, world } = await underWay(
    { steps: [setWeight(20), pause()] },
    policy({ model: { url: "http://model.example" } }),
  );

  for (const said of [0.1, "none", "none", 0.2] as const) {
    bench.probability = said;
    await world.run(seconds(10));
  }

  const events = await world.list<Event>({ apiVersion: "v1", kind: "Event" });
  const told = events.filter(({ reason }) => reason?.startsWith("Model"));
  expect(told.map(({ type, reason, message }) => `${type} ${reason}: ${message}`)).toEqual([
    "Warning ModelSilent: the policy's model: no answer in time",
    "Normal ModelAnswers: the policy's model answers again",
  ]);
});
