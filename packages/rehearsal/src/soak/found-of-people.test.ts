import { expect, test } from "vitest";
import { plainStory, play, type Story } from "./index.ts";
import { story, wait } from "./told.fixture.ts";

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
  [
    "a person aborts a first version before anybody has it: it stays so, and that is an end",
    story(
      [
        wait(1),
        { do: "steps", plan: 1112, amid: 3 },
        { do: "abort", amid: 12 },
        { do: "remove", how: "background" },
        wait(1),
        { do: "recreate" },
      ],
      { seed: 990929764, plan: 3, replicas: 2 },
    ),
  ],
  [
    "a person goes past an experiment and the analysis after it in one moment: both are on record",
    story([wait(1), { do: "push", fate: "well" }, { do: "promote", amid: 1 }, { do: "promote" }], {
      seed: 70169,
      plan: 5134,
      replicas: 1,
    }),
  ],
  [
    "a person goes on without data, and all crashes once everybody is sent to that version: the word is on record",
    story(
      [
        wait(5),
        { do: "query", answer: "NaN" },
        { do: "push", fate: "well" },
        { do: "push", fate: "well" },
        { do: "push", fate: "well" },
        wait(5),
        { do: "promote" },
      ],
      {
        seed: 947221747,
        shape: "blueGreen",
        plan: 3,
        replicas: 1,
        hasBackground: true,
        hasRings: true,
        disturbance: { ...plainStory.disturbance, crash: 0.03 },
      },
    ),
  ],
  [
    "a Rollout with Services that take turns comes back at once: nobody is said to have changed its routes",
    story([{ do: "watchGap" }, { do: "remove", how: "background" }, { do: "recreate" }], {
      seed: 957076491,
      plan: 3,
      replicas: 1,
      sides: "pingPong",
    }),
  ],
  [
    "a version comes just after a promotion turned two Services: nobody is said to have changed its routes",
    story([{ do: "push", fate: "well" }, { do: "deploy", amid: 11 }, wait(1)], {
      seed: 958070641,
      plan: 3,
      replicas: 1,
      sides: "pingPong",
      delivery: "git",
      disturbance: { ...plainStory.disturbance, crash: 0.03, conflict: 0.1, delay: 0.5, duplicate: 0.2, gap: 0.01 },
    }),
  ],
  [
    "a person undoes a Deployment's template just as its version is to wait at the door: nobody asks any more",
    story(
      [
        { do: "push", fate: "well" },
        { do: "push", fate: "well" },
        { do: "undo", amid: 1 },
        { do: "push", fate: "well", isLasting: true },
      ],
      { seed: 967965059, plan: 3, replicas: 1, template: "deployment" },
    ),
  ],
])("what soaking has found of people's words stays repaired: %s", async (_name, told) => {
  expect((await play(told)).violated?.message).toBeUndefined();
});
