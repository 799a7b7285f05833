import { expect, test } from "vitest";
import { plainStory, play, type Story } from "./index.ts";
import { first, story, wait } from "./told.fixture.ts";

test.each<[string, Story]>([
  [
    "the only Pod of a version that is promoted in full goes, and the next version is there before the weight fell",
    story(
      [
        { do: "push", fate: "well" },
        { do: "push", fate: "well" },
        { do: "git", isReachable: false },
        wait(45),
        { do: "promoteFull", amid: 8 },
        { do: "evict", amid: 1 },
        { do: "push", fate: "well" },
      ],
      { seed: 947220697, plan: 0, replicas: 1, delivery: "git" },
    ),
  ],
  [
    "a restart is asked for while the only Pod of the next version becomes available",
    story(
      [{ do: "push", fate: "well" }, wait(65), { do: "push", fate: "slow" }, wait(5), { do: "restart" }, wait(900)],
      {
        seed: 846837364,
        shape: "blueGreen",
        plan: 4,
        replicas: 1,
        disturbance: { ...plainStory.disturbance, duplicate: 0.2, gap: 0.01 },
      },
    ),
  ],
  [
    "a version is judged bad in the moment in which it got its first traffic, and stable is being made larger",
    story([{ do: "push", fate: "well" }, { do: "push", fate: "slow" }, { do: "query", answer: "bad" }, wait(45)], {
      seed: 846838589,
      plan: 2,
      replicas: 4,
      hasBackground: true,
      isDynamic: true,
    }),
  ],
  [
    "a sync from git meets the share of a fresh baseline",
    story([wait(900), { do: "push", fate: "well" }, wait(300)], {
      seed: 856665373,
      plan: 5,
      replicas: 1,
      hasFreshBaseline: true,
      sides: "services",
      delivery: "git",
      disturbance: { ...plainStory.disturbance, crash: 0.03, delay: 0.5 },
    }),
  ],
  [
    "what git says is compared with a route in which a fresh baseline has a share",
    story(
      [
        { do: "push", fate: "well" },
        { do: "push", fate: "slow" },
      ],
      { seed: 856665411, plan: 2, replicas: 1, hasFreshBaseline: true, delivery: "git" },
    ),
  ],
  [
    "the only Pod of a version that can't be undone isn't ready for a while, and nobody goes back to the old one",
    story([...first, { do: "push", fate: "flaky", isLasting: true }, { do: "promote" }, wait(900)], {
      seed: 857281784,
      plan: 4,
      replicas: 1,
    }),
  ],
  [
    "a version that can't be undone was let in and never ready, and the only Pod of the next one isn't for a while",
    story(
      [
        { do: "push", fate: "well" },
        { do: "push", fate: "slow", isLasting: true },
        { do: "promote" },
        { do: "push", fate: "flaky" },
      ],
      { seed: 868206384, replicas: 1, disturbance: { ...plainStory.disturbance, crash: 0.03 } },
    ),
  ],
  [
    "the steps change while a person holds the release: they ask for more traffic than it has",
    story(
      [
        { do: "push", fate: "well" },
        { do: "push", fate: "well" },
        wait(5),
        { do: "pause" },
        { do: "steps", plan: 0 },
        wait(5),
      ],
      { seed: 868207248, plan: 6, replicas: 1, delivery: "git" },
    ),
  ],
  [
    "a Pod is written and deleted at once, between crashes: no endpoint leads to it any more",
    story(
      [
        { do: "push", fate: "well" },
        wait(60),
        { do: "worker", fate: "slow" },
        { do: "resume" },
        { do: "scale", replicas: 5 },
        { do: "again", place: 0 },
        { do: "steps", plan: 5 },
        { do: "clock", seconds: -2 },
        { do: "push", fate: "flaky" },
        { do: "worker", fate: "stuck" },
        wait(5),
      ],
      {
        seed: 60,
        shape: "pods",
        plan: 6,
        replicas: 1,
        hasFreshBaseline: true,
        beside: ["worker"],
        disturbance: { ...plainStory.disturbance, crash: 0.03, conflict: 0.1, gap: 0.01 },
      },
    ),
  ],
  [
    "a person goes past an experiment twice, of two versions, and the second time everything crashes",
    story(
      [
        { do: "push", fate: "well" },
        wait(60),
        { do: "push", fate: "well" },
        { do: "steps", plan: 5 },
        { do: "push", fate: "stuck" },
        { do: "promote" },
        wait(1),
        { do: "push", fate: "well" },
        { do: "promote" },
      ],
      {
        seed: 26,
        shape: "pods",
        replicas: 1,
        sides: "services",
        disturbance: { ...plainStory.disturbance, crash: 0.03, delay: 0.5, gap: 0.01 },
      },
    ),
  ],
  [
    "an experiment of what can't be undone fails, and a person goes on in spite of it: its step is over",
    story([{ do: "push", fate: "well" }, { do: "push", fate: "crashing", isLasting: true }, { do: "promote" }], {
      plan: 5,
      replicas: 1,
    }),
  ],
  [
    "what can't be undone is promoted in full and never ready: the next verdict asks again, and why says so",
    story(
      [
        { do: "push", fate: "well" },
        { do: "push", fate: "crashing", isLasting: true },
      ],
      { shape: "blueGreen", plan: 4, replicas: 1 },
    ),
  ],
  [
    "a person goes on past a deadline that their edit made begin anew: why tells that they did",
    story([{ do: "push", fate: "well" }, { do: "push", fate: "stuck", isLasting: true }, { do: "promote" }], {
      plan: 3,
      replicas: 1,
    }),
  ],
  [
    "a version is taken back from beside a stable one that never gets ready: it is kept as long",
    story(
      [
        { do: "push", fate: "stuck" },
        { do: "push", fate: "crashing" },
      ],
      { plan: 3, replicas: 1 },
    ),
  ],
  [
    "what was orphaned with its analysis is measured anew: names of runs that are there already hold nothing",
    story(
      [
        { do: "steps", plan: 6325 },
        { do: "push", fate: "well" },
        { do: "remove", how: "orphan" },
      ],
      { plan: 3, replicas: 1 },
    ),
  ],
  [
    "what was orphaned had no ready Pod yet: who has users is told by where they are led",
    story(
      [
        { do: "push", fate: "well" },
        { do: "push", fate: "crashing" },
        { do: "remove", how: "orphan" },
      ],
      { shape: "blueGreen", plan: 3, replicas: 1, delivery: "git" },
    ),
  ],
  [
    "a Pod is evicted while its version grows under a budget",
    story(
      [
        { do: "push", fate: "well" },
        { do: "evict", amid: 8 },
        { do: "push", fate: "well" },
      ],
      { seed: 907372808, plan: 3, replicas: 2, budget: "twoStay" },
    ),
  ],
  [
    "a person promotes in full in the moment in which a pause begins",
    story(
      [
        { do: "push", fate: "well" },
        { do: "push", fate: "stuck", isLasting: true },
        { do: "promoteFull", amid: 6 },
        { do: "promote" },
      ],
      { seed: 929383442, plan: 9192, replicas: 1 },
    ),
  ],
  [
    "a restart meets a rolling update under a budget: nothing is taken in a turn that scales",
    story(
      [
        { do: "wait", seconds: 5 },
        { do: "restart" },
        { do: "wait", seconds: 5 },
        { do: "wait", seconds: 5 },
        { do: "push", fate: "well" },
        { do: "restart" },
        { do: "worker", fate: "well" },
        { do: "wait", seconds: 20 },
      ],
      {
        seed: 929383597,
        shape: "pods",
        plan: 3,
        replicas: 5,
        beside: ["worker"],
        extras: ["noSurge"],
        budget: "oneMayGo",
        disturbance: { ...plainStory.disturbance, crash: 0.03 },
      },
    ),
  ],
  [
    "git takes back what was stable lately: rollbackWindow skips all steps, and one Decision says so",
    story(
      [
        { do: "push", fate: "well" },
        { do: "wait", seconds: 1 },
        { do: "push", fate: "well" },
        { do: "drift" },
        { do: "wait", seconds: 300 },
        { do: "again", place: 1 },
      ],
      { seed: 929383782, plan: 0, replicas: 1, delivery: "git", extras: ["window"] },
    ),
  ],
  [
    "the only Pod that answers is of a version between two that crash: it keeps the users",
    story(
      [
        { do: "push", fate: "crashing" },
        { do: "push", fate: "well" },
        { do: "push", fate: "crashing" },
      ],
      { seed: 929384535, shape: "blueGreen", plan: 3, replicas: 1 },
    ),
  ],
  [
    "what was orphaned has as many Pods as it had before this Rollout",
    story(
      [
        { do: "push", fate: "well" },
        { do: "push", fate: "well" },
        { do: "wait", seconds: 45 },
        { do: "remove", how: "orphan" },
      ],
      { seed: 929384851, shape: "pods", plan: 0 },
    ),
  ],
  [
    "the Rollout is deleted with its Pods as everybody is sent to a version",
    story(
      [
        { do: "push", fate: "well" },
        { do: "remove", how: "foreground", amid: 10 },
        { do: "wait", seconds: 5 },
      ],
      { seed: 929384863, shape: "blueGreen", plan: 3 },
    ),
  ],
  [
    "a person promotes what can't be undone as its analysis fails: it gets no Pod before they go on",
    story(
      [
        { do: "steps", plan: 9317 },
        { do: "push", fate: "well", isLasting: true },
        { do: "query", answer: "bad" },
        { do: "promote", amid: 12 },
        { do: "push", fate: "well" },
        { do: "promote" },
      ],
      { seed: 929385693, shape: "pods", plan: 3, replicas: 1 },
    ),
  ],
  [
    "a Rollout grows while a person is asked about what can't be undone: the stable version does",
    story(
      [
        { do: "push", fate: "well" },
        { do: "push", fate: "crashing", isLasting: true },
        { do: "promote" },
        { do: "wait", seconds: 5 },
        { do: "scale", replicas: 2 },
      ],
      { seed: 929385856, shape: "pods", plan: 3, replicas: 1 },
    ),
  ],
  [
    "what was taken back is kept beside a stable version that never gets ready, and takes its room",
    story(
      [
        { do: "push", fate: "stuck" },
        { do: "scale", replicas: 5 },
        { do: "push", fate: "stuck" },
      ],
      { seed: 929386923, shape: "pods", plan: 3, replicas: 1 },
    ),
  ],
  [
    "a person promotes in full what is called bad: without a router, too, it gets no Pod",
    story([{ do: "push", fate: "well" }, { do: "push", fate: "well" }, { do: "callBad" }, { do: "promoteFull" }], {
      seed: 929387229,
      shape: "pods",
      plan: 4346,
      replicas: 1,
    }),
  ],
  [
    "a person undoes a Rollout that is being deleted",
    story(
      [{ do: "push", fate: "well" }, { do: "push", fate: "well" }, { do: "remove", how: "foreground" }, { do: "undo" }],
      { seed: 929388742, plan: 3, replicas: 1, isConfigured: true, template: "deployment" },
    ),
  ],
  [
    "the clock is set back while a Pod ends what it is at",
    story(
      [
        { do: "push", fate: "well" },
        { do: "remove", how: "background" },
        { do: "recreate" },
        { do: "clock", seconds: -30 },
      ],
      { seed: 929389448, plan: 3, replicas: 1 },
    ),
  ],
  [
    "a sync fails with its wave on its way, as git can't be reached: it writes nothing after the next one",
    story([{ do: "crash" }, { do: "push", fate: "well" }, { do: "git", isReachable: false }, { do: "notes" }], {
      seed: 933567172,
      plan: 3,
      replicas: 5,
      sides: "services",
      evidence: "fail",
      delivery: "git",
      disturbance: { ...plainStory.disturbance, conflict: 0.1, duplicate: 0.2, gap: 0.01, slow: 0.3 },
    }),
  ],
  [
    "git takes back two versions while people answer: what can't be undone asks again, and they answer that as well",
    story(
      [
        { do: "push", fate: "well" },
        { do: "push", fate: "well", isLasting: true },
        { do: "steps", plan: 6648 },
        { do: "push", fate: "stuck" },
        { do: "push", fate: "crashing" },
      ],
      { seed: 934562295, plan: 3, replicas: 1, delivery: "git" },
    ),
  ],
])("what soaking has found stays repaired: %s", async (_name, told) => {
  expect((await play(told)).violated?.message).toBeUndefined();
});
