import { expect, test } from "vitest";
import { play, type Story } from "./index.ts";
import { story, wait } from "./told.fixture.ts";

const leftAndBack: Story["steps"] = [
  { do: "push", fate: "slow" },
  { do: "push", fate: "well" },
  wait(5),
  { do: "remove", how: "orphan" },
  { do: "recreate" },
];

test.each<[string, Story]>([
  [
    "a Rollout comes back to Pods of a step ahead: none is taken that its next step asks for, against a budget",
    story(leftAndBack, { seed: 950767207, plan: 3282, replicas: 4, budget: "oneMayGo" }),
  ],
  [
    "a Rollout comes back to Pods of a step ahead: nobody is sent to those that were just taken",
    story(leftAndBack, { plan: 3282, replicas: 5, budget: "oneMayGo" }),
  ],
])("what soaking has found of Pods stays repaired: %s", async (_name, told) => {
  expect((await play(told)).violated?.message).toBeUndefined();
});
