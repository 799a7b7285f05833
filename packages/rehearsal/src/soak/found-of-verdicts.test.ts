import { expect, test } from "vitest";
import { plainStory, play, type Story } from "./index.ts";
import { bad, story, wait } from "./told.fixture.ts";

test.each<[string, Story]>([
  [
    "a person retries what is quarantined, and is refused",
    story([{ do: "push", fate: "well" }, { do: "push", fate: "crashing" }, wait(5), { do: "retry" }], {
      plan: 3,
      replicas: 1,
    }),
  ],
  [
    "a person lets in what can't be undone and goes on past its deadline, which aborts nothing then",
    story(
      [
        { do: "push", fate: "well" },
        { do: "push", fate: "crashing", isLasting: true },
      ],
      { plan: 3, replicas: 1 },
    ),
  ],
  [
    "a step takes traffic back to a stable version that never gets ready: the next one isn't aborted for it",
    story(
      [
        { do: "push", fate: "stuck" },
        { do: "steps", plan: 2884 },
        { do: "push", fate: "well" },
      ],
      {
        plan: 3,
        replicas: 1,
      },
    ),
  ],
  [
    "what is quarantined comes back with another Rollout, as its first version: it is held",
    story(
      [
        { do: "push", fate: "well" },
        { do: "push", fate: "well" },
        { do: "callBad" },
        { do: "remove", how: "background" },
      ],
      { plan: 3, replicas: 1 },
    ),
  ],
  [
    "traffic would go back to a stable version that shrank and never gets ready: it stays where somebody answers",
    story(
      [
        { do: "push", fate: "crashing" },
        { do: "push", fate: "well" },
      ],
      { plan: 11_925, replicas: 1, isDynamic: true },
    ),
  ],
  [
    "everything crashes as what is never ready is taken back without a Quarantine: it is taken back all the same",
    story([wait(5), { do: "worker", fate: "slow" }, { do: "push", fate: "stuck" }, wait(60)], {
      seed: 946445232,
      shape: "pods",
      plan: 18_260,
      replicas: 2,
      hasRings: true,
      sides: "services",
      beside: ["worker"],
      extras: ["noSurge"],
      budget: "oneMayGo",
      off: ["quarantine"],
      disturbance: { ...plainStory.disturbance, crash: 0.03, duplicate: 0.2 },
    }),
  ],
  [
    "a person calls bad what isn't quarantined: its Judgement ends",
    story([{ do: "push", fate: "well" }, { do: "push", fate: "well" }, wait(5), { do: "callBad" }], {
      plan: 0,
      replicas: 1,
      off: ["quarantine"],
    }),
  ],
  [
    "nothing is ready by its deadline, which the gate's annotation lets pass",
    story(
      [
        { do: "push", fate: "well" },
        { do: "push", fate: "stuck" },
      ],
      { plan: 3, replicas: 1, off: ["progressDeadline"] },
    ),
  ],
  [
    "a person goes back to what a ConfigMap said before, which stays under its name as it is",
    story([{ do: "push", fate: "well" }, { do: "configure" }, { do: "undo" }], {
      plan: 3,
      replicas: 1,
      isConfigured: true,
    }),
  ],
  [
    "all crashes just after a bad version's traffic was taken: it gets nothing again until that is on record",
    story(bad, { seed: 6, replicas: 2, disturbance: { ...plainStory.disturbance, crash: 0.05 } }),
  ],
  [
    "a judge that is off has nothing to say before a switch: synthetic checks that passed stand in for it",
    story(
      [
        { do: "push", fate: "well" },
        { do: "push", fate: "well" },
      ],
      {
        seed: 970971891,
        shape: "blueGreen",
        plan: 3,
        replicas: 1,
        hasBackground: true,
        evidence: "pass",
        measures: "judge",
        off: ["judge"],
      },
    ),
  ],
])("what soaking has found of verdicts stays repaired: %s", async (_name, told) => {
  expect((await play(told)).violated?.message).toBeUndefined();
});
