import { expect, test } from "vitest";
import { plainStory, play, type Story } from "./index.ts";
import { story, wait } from "./told.fixture.ts";

const leftAndBack: Story["steps"] = [
  { do: "push", fate: "slow" },
  { do: "push", fate: "well" },
  wait(5),
  { do: "remove", how: "orphan" },
  { do: "recreate" },
];

const sleeps = { do: "scale", replicas: 0 } as const;
const wakes = { do: "scale", replicas: 1 } as const;

const twoVersions: Story["steps"] = [
  { do: "push", fate: "well" },
  { do: "push", fate: "well" },
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
  [
    "a preview that crashes is superseded by a first version that never gets ready: its Pods go",
    story(
      [
        { do: "push", fate: "stuck" },
        { do: "undo", amid: 11 },
        { do: "push", fate: "crashing" },
      ],
      {
        seed: 8255,
        shape: "blueGreen",
        plan: 3,
        replicas: 1,
      },
    ),
  ],
  [
    "the stable version's Pod is taken while every watch is broken: who aborts in that moment can't know",
    story(
      [
        ...twoVersions.slice(0, 1),
        { do: "push", fate: "flaky" },
        wait(5),
        { do: "watchGap" },
        { do: "evict" },
        { do: "abort" },
      ],
      {
        seed: 992353568,
        plan: 0,
        replicas: 1,
        isDynamic: true,
      },
    ),
  ],
  [
    "a budget has no room for a restart, and a switch waits for neither",
    story([wait(1), { do: "push", fate: "well" }, { do: "restart" }], {
      seed: 956529844,
      shape: "blueGreen",
      plan: 3,
      replicas: 1,
      budget: "twoStay",
    }),
  ],
  [
    "steps that give nothing take a weight back, and all crash before that is on record",
    story([{ do: "lift" }, { do: "push", fate: "well", amid: 1 }, wait(20), { do: "steps", plan: 7577 }], {
      seed: 967965390,
      plan: 2,
      replicas: 4,
      hasFreshBaseline: true,
      isDynamic: true,
      template: "deployment",
      extras: ["minReady", "threshold"],
      disturbance: { conflict: 0, crash: 0.03, delay: 0, duplicate: 0, gap: 0, slow: 0 },
      budget: "oneMayGo",
    }),
  ],
  [
    "a restart takes the only Pod of a first version just after everybody was sent to it",
    story([wait(1), { do: "restart" }], { seed: 956530052, shape: "blueGreen", plan: 3, replicas: 1 }),
  ],
  [
    "a version that has everybody and asks for data is made larger: nobody loses it meanwhile",
    story([{ do: "query", answer: "empty" }, { do: "push", fate: "well" }, wait(5), { do: "scale", replicas: 2 }], {
      seed: 965619097,
      plan: 10779,
      replicas: 1,
      hasBackground: true,
    }),
  ],
  [
    "the stable version never gets ready: the one Pod that answers, of a version between, stays after an abort",
    story([{ do: "push", fate: "stuck" }, { do: "push", fate: "slow" }, wait(45), { do: "push", fate: "crashing" }], {
      seed: 967965433,
      shape: "pods",
      plan: 3,
      replicas: 2,
    }),
  ],
  [
    "the stable version never gets ready and may surge by nothing: it makes room for the Pod that answers",
    story([{ do: "push", fate: "stuck" }, { do: "push", fate: "slow" }, wait(45), { do: "push", fate: "crashing" }], {
      seed: 967965433,
      shape: "pods",
      plan: 3,
      replicas: 2,
      extras: ["noSurge"],
    }),
  ],
  [
    "a restart is asked for as a version is taken back: it takes no Pod while the stable version gets its own again",
    story([wait(1), { do: "push", fate: "crashing" }, { do: "restart" }], {
      seed: 967965123,
      shape: "pods",
      plan: 3,
      replicas: 2,
      extras: ["noSurge"],
      budget: "oneMayGo",
    }),
  ],
  [
    "a version is promoted while nobody asks for Pods: of two Services that take turns the other leads to it",
    story([{ do: "push", fate: "well" }, { do: "push", fate: "well" }, wait(5), { do: "push", fate: "well" }, sleeps], {
      seed: 1743,
      plan: 3,
      replicas: 1,
      sides: "pingPong",
    }),
  ],
  [
    "it gets Pods again once a version was promoted without any: the next one goes its way",
    story(
      [
        { do: "push", fate: "well" },
        { do: "push", fate: "well" },
        sleeps,
        wait(60),
        { do: "push", fate: "well" },
        wakes,
      ],
      { seed: 2057, plan: 0, replicas: 1, sides: "pingPong" },
    ),
  ],
  [
    "nobody asks for Pods of what can't be undone any more",
    story([sleeps, { do: "push", fate: "well", isLasting: true }], { seed: 4104, plan: 4, replicas: 1 }),
  ],
  [
    "nobody asks for Pods any more, and a version that was superseded on its way has some: they go",
    story(
      [
        wait(5),
        { do: "push", fate: "well", isLasting: true },
        { do: "promote", amid: 11 },
        { do: "push", fate: "well" },
        sleeps,
      ],
      { seed: 4788, plan: 0, replicas: 2, delivery: "git", disturbance: { ...plainStory.disturbance, slow: 0.3 } },
    ),
  ],
  [
    "a ReplicaSet takes its Pods as somebody asks for some again: no budget has its word in that",
    story(
      [
        { do: "push", fate: "well" },
        { ...sleeps, amid: 1 },
        { ...wakes, amid: 1 },
      ],
      {
        seed: 4639,
        plan: 3,
        budget: "twoStay",
      },
    ),
  ],
  [
    "somebody asks for no Pods, and for some again as everybody is sent to a version",
    story([wait(1), { ...sleeps, amid: 1 }, { ...wakes, amid: 11 }, { do: "push", fate: "well" }], {
      seed: 9244,
      shape: "blueGreen",
      plan: 3,
      replicas: 1,
    }),
  ],
  [
    "a step gives less than the one before to what a smaller stable version can't take back at once",
    story([{ do: "scale", replicas: 5 }, wait(1), { do: "restart", amid: 1 }, { do: "push", fate: "well" }], {
      seed: 6509,
      plan: 7854,
      replicas: 1,
      isDynamic: true,
    }),
  ],
  [
    "a step asks for no Pod of a version that has what a smaller stable version can't take yet",
    story(twoVersions, { seed: 1075, plan: 21075, replicas: 4, isDynamic: true }),
  ],
  [
    "a step asks for no Pod of what can't be undone",
    story(
      [
        { do: "push", fate: "well" },
        { do: "push", fate: "well", isLasting: true },
      ],
      {
        seed: 1042,
        plan: 21042,
        replicas: 1,
      },
    ),
  ],
  [
    "a step asks for no Pod, and the next one for some again: none that is just being taken counts",
    story(twoVersions, { seed: 1062, plan: 21062, replicas: 1, isDynamic: true }),
  ],
  [
    "the same, and every watch breaks as they are taken",
    story([...twoVersions, wait(5)], {
      seed: 1062,
      plan: 21062,
      replicas: 2,
      sides: "pingPong",
      delivery: "git",
      extras: ["minPods"],
      disturbance: { ...plainStory.disturbance, gap: 0.01 },
    }),
  ],
  [
    "the same with a smaller stable version: its Pods are asked to go before the step is left",
    story([{ do: "scale", replicas: 3 }, { do: "push", fate: "well" }, wait(5), wait(45)], {
      seed: 5000281,
      sides: "services",
      plan: 20281,
      replicas: 1,
      evidence: "pass",
      isDynamic: true,
      disturbance: { ...plainStory.disturbance, gap: 0.01 },
    }),
  ],
  [
    "a Rollout is deleted while a worker's Pods stand, which have no version",
    story([...twoVersions.slice(0, 2), { do: "query", answer: "bad" }, wait(60), { do: "remove", how: "background" }], {
      seed: 983436133,
      plan: 1,
      replicas: 1,
      beside: ["worker"],
    }),
  ],
  [
    "nobody asks for Pods of what came after a version that can't be undone, and the next one comes with some again",
    story(
      [
        { do: "push", fate: "well" },
        { do: "push", fate: "well", isLasting: true },
        { do: "promote" },
        { do: "push", fate: "well" },
        wait(5),
        sleeps,
        wait(60),
        { ...wakes, amid: 3 },
        wait(40),
        { do: "push", fate: "well" },
      ],
      { seed: 979786911, plan: 0, replicas: 1, delivery: "git" },
    ),
  ],
  [
    "nobody asks for Pods of a Rollout before it has taken over those of its Deployment: they stay",
    story([sleeps], { seed: 60273, plan: 3, replicas: 1, template: "deployment" }),
  ],
  [
    "a Rollout is deleted with its Pods as its fresh baseline begins",
    story([wait(5), { do: "push", fate: "well" }, { do: "remove", how: "foreground", amid: 8 }, wait(5)], {
      seed: 979786611,
      plan: 3,
      replicas: 1,
      hasFreshBaseline: true,
    }),
  ],
  [
    "a version that has all traffic is made larger before status tells so: it keeps that while more of its Pods come",
    story(
      [
        wait(5),
        { do: "push", fate: "well" },
        { do: "promote", amid: 12 },
        { do: "scale", replicas: 2, amid: 1 },
        wait(5),
      ],
      { seed: 983436099, plan: 3, replicas: 1, hasFreshBaseline: true },
    ),
  ],
  [
    "somebody asks for no Pods, and for some again before anybody looks: a smaller stable version got all meanwhile",
    story(
      [wait(1), { do: "push", fate: "well" }, wait(5), { ...sleeps, amid: 1 }, { do: "scale", replicas: 2, amid: 1 }],
      { seed: 5000592, plan: 3, replicas: 2, hasHoldback: true, isDynamic: true },
    ),
  ],
  [
    "a version that hands over to a smaller stable one is superseded, and a fresh baseline is awaited: it hands over as Pods come",
    story(
      [
        wait(60),
        { do: "push", fate: "well" },
        { do: "verdict", ruling: "monitor" },
        { do: "scale", replicas: 5, amid: 3 },
        { do: "push", fate: "well" },
        wait(5),
        { do: "push", fate: "well", amid: 9 },
        wait(900),
      ],
      {
        seed: 990929645,
        plan: 0,
        replicas: 1,
        hasFreshBaseline: true,
        isDynamic: true,
        disturbance: { crash: 0, conflict: 0.1, delay: 0.5, duplicate: 0, gap: 0, slow: 0 },
      },
    ),
  ],
  [
    "a step that asks for no Pod follows one that made the stable version smaller: that one takes back what it has Pods for",
    story(
      [
        { do: "push", fate: "well", amid: 11 },
        { do: "scale", replicas: 6 },
      ],
      { seed: 900091, plan: 20427, replicas: 1, isDynamic: true },
    ),
  ],
])("what soaking has found of Pods stays repaired: %s", async (_name, told) => {
  expect((await play(told)).violated?.message).toBeUndefined();
});
