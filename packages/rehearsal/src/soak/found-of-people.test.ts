import { expect, test } from "vitest";
import { play, type Story } from "./index.ts";
import { story } from "./told.fixture.ts";

test.each<[string, Story]>([
  [
    "a person skips a first experiment that hasn't begun: that is on record",
    story(
      [
        { do: "push", fate: "well" },
        { do: "promote", amid: 8 },
        { do: "push", fate: "well" },
      ],
      { seed: 947220822, plan: 2648, replicas: 1, template: "deployment" },
    ),
  ],
])("what soaking has found of people's words stays repaired: %s", async (_name, told) => {
  expect((await play(told)).violated?.message).toBeUndefined();
});
