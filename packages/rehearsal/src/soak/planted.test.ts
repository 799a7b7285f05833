import type { DestinationRule, Quarantine, Rollout } from "@sluice/api";
import { expect, test } from "vitest";
import { plainStory, play, type Sabotage, type Story, shrink, storyFrom, storyText } from "./index.ts";
import { namespace } from "./manifests/release.ts";
import { doing, kindOf, observing, only, rewritten } from "./sabotage.fixture.ts";
import { bad, first, type Steps, story, wait } from "./told.fixture.ts";

const forgetsDecisions = doing("Rollout", (action) => (kindOf(action) === "Decision" ? undefined : action));
const routesTooMuch = doing("Rollout", (action) =>
  rewritten(rewritten(action, '"weight":10', '"weight":45'), '"weight":90', '"weight":55'),
);
const scalesTooMuch = doing("Rollout", (action) =>
  kindOf(action) === "ReplicaSet" ? rewritten(action, '"replicas":1', '"replicas":3') : action,
);
const believesPods = observing("Rollout", ({ replicaSets, pods }) => ({
  pods: (pods as { status?: object }[]).map((pod) => ({
    ...pod,
    status: { ...pod.status, phase: "Running", podIP: "127.128.0.1", conditions: [{ type: "Ready", status: "True" }] },
  })),
  replicaSets: (
    replicaSets as { spec: { replicas?: number }; status?: object; metadata: { generation?: number } }[]
  ).map((set) => ({
    ...set,
    status: {
      ...set.status,
      replicas: set.spec.replicas,
      readyReplicas: set.spec.replicas,
      availableReplicas: set.spec.replicas,
      observedGeneration: set.metadata.generation,
    },
  })),
}));
const believesCounts = observing("Rollout", ({ replicaSets }) => ({
  replicaSets: (replicaSets as { status?: object; metadata: { generation?: number } }[]).map((set) =>
    set.status === undefined ? set : { ...set, status: { ...set.status, observedGeneration: set.metadata.generation } },
  ),
}));
const ignoresQuarantines = observing("Rollout", () => ({ quarantines: [] }));
const believesEndpoints = doing("Service", (action) => rewritten(action, '"ready":false', '"ready":true'));
const keepsPods = doing("Rollout", (action) => (JSON.stringify(action).includes('"replicas":0') ? undefined : action));
const replacesAtOnce = doing("Deployment", (action) =>
  action.do === "patch" ? rewritten(action, '"replicas":3', '"replicas":0') : action,
);
const forgets = (kind: string) => only(kind, () => ({ plan: () => ({ actions: [], because: "forgotten" }) }));
const appliesOnce = doing("Application", (action) =>
  action.do === "startTask" && JSON.stringify(action).includes("web:v2") ? undefined : action,
);
const forgetsSwitches = doing("Rollout", (action) => {
  const { because = "" } = (action.object as { spec?: { because?: string } } | undefined)?.spec ?? {};
  return because.includes("everybody gets it") ? undefined : action;
});
const without = (word: string): Sabotage =>
  observing("Application", ({ application }) => ({
    application: rewritten(application, `"${word}":true`, `"${word}":false`),
  }));
const keepsTrial = doing("Experiment", (action) =>
  JSON.stringify(action).includes('"replicas":0') ? undefined : action,
);
const believesSets = observing("Experiment", ({ replicaSets }) => ({
  replicaSets: new Map(
    [
      ...(replicaSets as Map<string, { child?: { spec: { replicas?: number }; metadata: { generation?: number } } }>),
    ].map(([name, slot]) => [
      name,
      slot.child === undefined
        ? slot
        : {
            ...slot,
            child: {
              ...slot.child,
              status: {
                replicas: slot.child.spec.replicas,
                readyReplicas: slot.child.spec.replicas,
                availableReplicas: slot.child.spec.replicas,
                observedGeneration: slot.child.metadata.generation,
              },
            },
          },
    ]),
  ),
}));
const miscounts = only("AnalysisRun", (real) => ({
  plan: (observed, now) => {
    const plan = real.plan(observed, now) as { status?: { metricResults?: readonly { successful?: number }[] } };
    const metricResults = plan.status?.metricResults?.map((one) => ({ ...one, successful: 3 }));
    return { ...plan, status: { ...plan.status, ...(metricResults === undefined ? {} : { metricResults }) } } as never;
  },
}));
/** Seen by nobody who waits until all is at rest. */
const routesTooMuchForAMoment = only("Rollout", (real) => ({
  apply: async (resource, action) => {
    const changed = rewritten(rewritten(action, '"weight":10', '"weight":45'), '"weight":90', '"weight":55');
    if (kindOf(action as Record<string, unknown>) === "VirtualService") {
      changed.object.metadata.resourceVersion = undefined;
      await real.apply(resource, changed);
      (action as { object: { metadata: { resourceVersion?: string } } }).object.metadata.resourceVersion =
        undefined as never;
    }
    await real.apply(resource, action);
  },
}));
/** As after a crash between the two: what was just taken back is given again before that is on record. */
const givesAgain = only("Rollout", (real) => {
  let given: Record<string, unknown> | undefined;
  return {
    apply: async (resource, action) => {
      const text = JSON.stringify(action);
      if (text.includes('"weight":10}')) given = JSON.parse(text);
      if (given !== undefined && text.includes('"action":"abort"')) {
        const again = rewritten(given, '"resourceVersion"', '"was"');
        given = undefined;
        await real.apply(resource, again);
      }
      await real.apply(resource, action);
    },
  };
});
const listsNobody = doing("Service", (action) => rewritten(action, '"ready":true', '"ready":false'));
const keepsSelectors = doing("Service", (action) => (action.do === "update" ? undefined : action));
/** Both sides lead to the Pods of both versions. */
const mixesVersions = doing("Rollout", (action) => {
  const text = JSON.stringify(action);
  const labels = /"labels":\{"rollouts-pod-template-hash":"[^"]+"\}/g;
  const isOfTwo = kindOf(action) === "DestinationRule" && new Set(text.match(labels)).size === 2;
  return isOfTwo ? JSON.parse(text.replaceAll(labels, '"labels":{}')) : action;
});
/** Once they lead to a version they are taken to lead to those that are wanted. */
const believesSubsets = observing("Rollout", ({ rollout, destinationRule }) => {
  const { stableRS, currentPodHash } = (rollout as Rollout).status ?? {};
  const rule = destinationRule as DestinationRule | undefined;
  const subsets = rule?.spec.subsets?.map((one) => {
    const hash = one.name === "stable" ? stableRS : currentPodHash;
    return { ...one, ...(one.labels === undefined ? {} : { labels: { "rollouts-pod-template-hash": hash } }) };
  });
  return { destinationRule: rule && { ...rule, spec: { ...rule.spec, subsets } } };
});
const blamesPeople = doing("Rollout", (action) =>
  rewritten(action, '"action":"abort",', '"action":"abort","by":"a person",'),
);
const tellsTales = doing("Rollout", (action) => rewritten(action, '"action":"quarantine",', '"action":"complete",'));
const tellsTalesOfEdits = doing("Rollout", (action) => rewritten(action, '"action":"hold",', '"action":"abort",'));
const hearsNobody = only("Rollout", (real) => ({
  plan: (observed, now) => {
    const { status = {} } = (observed as { rollout: Rollout }).rollout;
    const isWaved = status.controllerPause === true && status.pauseConditions === undefined;
    const isAsked = isWaved || status.promoteFull === true || status.abort === true;
    return isAsked ? { actions: [], because: "deaf" } : real.plan(observed, now);
  },
}));
const throwsOnce = only("Job", () => ({
  plan: () => {
    throw new Error("cannot read properties of undefined");
  },
}));
const keepsRings = observing("Rollout", ({ ringSet }) => ({
  ringSet: ringSet === undefined ? ringSet : { ...ringSet, spec: { rings: [{ name: "all", weight: 1 }] } },
}));
const neverRests = only("Rollout", (real) => {
  let count = 0;
  return {
    plan: (observed, now) => {
      const plan = real.plan(observed, now);
      return { ...plan, status: { ...plan.status, HPAReplicas: count++ } };
    },
  };
});

/** What its version has by now. */
const forgetsWeights = observing("Rollout", ({ rollout }) => {
  const { status, ...rest } = rollout as Rollout;
  return { rollout: { ...rest, status: { ...status, canary: { ...status?.canary, weights: undefined } } } };
});
const adoptsNothing = observing("Rollout", () => ({ orphans: [] }));
const ignoresBudgets = observing("Rollout", () => ({ budgets: { budgets: [], pods: [] } }));
/** So that the store can't collect it. */
const holdsBack = doing("Rollout", (action) =>
  kindOf(action) === "AnalysisRun" ? rewritten(action, '"metadata":{', '"metadata":{"finalizers":["a/b"],') : action,
);

const inRollout = (from: string, to: string): Sabotage =>
  observing("Rollout", ({ rollout }) => ({ rollout: rewritten(rollout, from, to) }));
const asksNobody = inRollout('"autoPromotionEnabled":false', '"autoPromotionEnabled":true');
const measuresNothing = inRollout('"prePromotionAnalysis"', '"anAnalysis"');
const keepsHeaderRoutes = inRollout(
  '"setHeaderRoute":{"name":"testers"}',
  '"setHeaderRoute":{"name":"testers","match":[{"headerName":"X-Tester","headerValue":{"exact":"yes"}}]}',
);
const forgetsARoute = doing("Rollout", (action) =>
  kindOf(action) === "VirtualService" && JSON.stringify(action).includes('"name":"web-shop"') ? undefined : action,
);
/** What it finds there next it takes for somebody else's. */
const misremembers = doing("Rollout", (action) =>
  kindOf(action) === "VirtualService" ? rewritten(action, "shop/web=10", "shop/web=20") : action,
);
const sharesTooMuch = doing("Rollout", (action) =>
  rewritten(rewritten(action, '"weight":5}', '"weight":15}'), '"weight":90', '"weight":70'),
);
const liftsIt = only("Quarantine", (real) => ({
  plan: (observed, now) => {
    const plan = real.plan(observed, now);
    const { metadata } = (observed as { quarantine: Quarantine }).quarantine;
    const key = { apiVersion: "sluice.dev/v1alpha1", kind: "Quarantine", namespace, name: metadata.name };
    const lift = { do: "patch", key, patch: { type: "merge", value: { spec: { liftedBy: "nobody" } } } };
    return { ...plan, actions: [...plan.actions, lift] };
  },
}));
const oversleeps = only("Rollout", (real) => ({
  plan: (observed, now) => {
    const { status } = (observed as { rollout: Rollout }).rollout;
    return status?.pauseConditions === undefined ? real.plan(observed, now) : { actions: [], because: "asleep" };
  },
}));

const trial: Steps = [{ do: "experiment", fate: "slow" }, wait(60)];
const run: Steps = [{ do: "run", fate: "well" }, wait(60)];
const soundly = new Map<string, ReturnType<typeof play>>();
/** Several plants stand in one story: as it is it need be played once. */
function playedSoundly(told: Story): ReturnType<typeof play> {
  const known = soundly.get(storyText(told)) ?? play(told);
  soundly.set(storyText(told), known);
  return known;
}

const two: Steps = [...first, { do: "push", fate: "well" }, wait(300)];
const removed: Steps = [
  ...first,
  { do: "push", fate: "well" },
  wait(45),
  { do: "remove", how: "background" },
  wait(60),
];
const larger: Steps = [...first, { do: "push", fate: "slow" }, wait(210), { do: "scale", replicas: 5 }, wait(30)];
const leftAndBack: Steps = [{ do: "remove", how: "orphan" }, { do: "recreate" }];
const restart: Steps = [...first, { do: "restart" }, wait(60)];
const never: Steps = [...first, { do: "push", fate: "stuck" }, wait(20)];
/** Another version comes while nobody asks for Pods, and the next one after somebody does again. */
const asleep: Steps = [
  ...first,
  { do: "scale", replicas: 0 },
  { do: "push", fate: "well" },
  wait(60),
  { do: "scale", replicas: 2 },
  wait(60),
];
const again: Steps = [
  ...bad,
  { do: "query", answer: "good" },
  { do: "again", place: 1 },
  wait(60),
  { do: "again", place: 2 },
  wait(5),
];

test.each<[string, string, Sabotage, Story]>([
  ["routes more than the step allows", "weight", routesTooMuch, story(bad)],
  ["has more Pods than the step allows", "weight", scalesTooMuch, story(bad, { shape: "pods" })],
  ["routes too much for a moment", "weight", routesTooMuchForAMoment, story(bad)],
  ["lists no endpoints", "ready", listsNobody, story(never)],
  ["says that a person did it", "why", blamesPeople, story(bad)],
  ["says what wasn't done", "why", tellsTales, story(bad)],
  [
    "says what wasn't done as somebody edits",
    "why",
    tellsTalesOfEdits,
    story([...first, { do: "push", fate: "well" }, wait(20), { do: "scale", replicas: 0 }, wait(20)], { plan: 2 }),
  ],
  ["says that somebody changed the routes", "why", misremembers, story(two)],
  ["doesn't hear that it may go on", "ends", hearsNobody, story([...first, { do: "push", fate: "well" }], { plan: 2 })],
  ["forgets Decisions", "why", forgetsDecisions, story(bad)],
  [
    "takes back what a version has while more Pods come",
    "why",
    forgetsWeights,
    story(larger, { plan: 0, hasHoldback: true }),
  ],
  [
    "gives a smaller stable version more than it can take",
    "ready",
    forgetsWeights,
    story(larger, { plan: 0, hasHoldback: true, isDynamic: true }),
  ],
  ["gives again what was just taken back", "why", givesAgain, story(bad)],
  ["forgets why it switches", "why", forgetsSwitches, story(two, { shape: "blueGreen", plan: 3, extras: ["minPods"] })],
  ["routes before Pods are ready", "ready", believesPods, story(never)],
  ["switches before Pods are ready", "ready", believesPods, story(never, { shape: "blueGreen" })],
  [
    "switches before Pods are ready, where it once had none",
    "ready",
    believesPods,
    story([...asleep, { do: "push", fate: "stuck" }, wait(20)], { shape: "blueGreen", plan: 3 }),
  ],
  ["leaves users with Pods that are gone", "ready", believesSubsets, story(two, { plan: 3 })],
  [
    "routes to Pods that are just being taken",
    "ready",
    believesCounts,
    story([{ do: "push", fate: "slow" }, { do: "push", fate: "well" }, wait(5), ...leftAndBack], {
      plan: 3282,
      replicas: 5,
      budget: "oneMayGo",
    }),
  ],
  ["lists endpoints before Pods are ready", "ready", believesEndpoints, story(never)],
  ["ignores Quarantines", "quarantine", ignoresQuarantines, story(again)],
  ["ignores Quarantines without a router", "quarantine", ignoresQuarantines, story(again, { shape: "pods" })],
  [
    "ignores Quarantines as it switches",
    "quarantine",
    ignoresQuarantines,
    story(again, { shape: "blueGreen", plan: 5 }),
  ],
  ["lifts a Quarantine that nobody lifted", "quarantine", liftsIt, story(bad)],
  ["switches although a person is to say it", "weight", asksNobody, story(two, { shape: "blueGreen", plan: 2 })],
  ["switches without the analysis before it", "weight", measuresNothing, story(bad, { shape: "blueGreen" })],
  ["keeps a route that its step takes out", "weight", keepsHeaderRoutes, story(two, { plan: 6 })],
  ["weighs one VirtualService of two", "agrees", forgetsARoute, story(two, { routes: "two" })],
  ["gives an experiment more than its step", "weight", sharesTooMuch, story(two, { plan: 1029 })],
  ["never wakes from a pause", "ends", oversleeps, story(two)],
  ["forgets to put git right", "ends", forgets("Quarantine"), story(bad, { delivery: "git" })],
  ["keeps Pods that nobody needs", "agrees", keepsPods, story(bad)],
  [
    "replaces all Pods at once",
    "enough",
    replacesAtOnce,
    story([wait(20), { do: "worker", fate: "slow" }, wait(60)], { beside: ["worker"] }),
  ],
  ["forgets a Job", "ends", forgets("Job"), story([{ do: "job", fate: "well" }], { beside: ["job"] })],
  [
    "forgets a BlueGreenDeployment",
    "ends",
    forgets("BlueGreenDeployment"),
    story([wait(20), { do: "colours", fate: "well" }], { beside: ["colours"] }),
  ],
  ["applies the first commit alone", "agrees", appliesOnce, story(first, { delivery: "git" })],
  ["leaves what drifted", "agrees", without("selfHeal"), story([...first, { do: "drift" }], { delivery: "git" })],
  [
    "leaves what git no longer has",
    "agrees",
    without("prune"),
    story([wait(60), { do: "notes" }], { delivery: "git" }),
  ],
  ["forgets an Experiment", "ends", forgets("Experiment"), story(trial, { beside: ["experiment"] })],
  ["runs before Pods are ready", "ready", believesSets, story(trial, { beside: ["experiment"] })],
  ["keeps an Experiment's Pods", "agrees", keepsTrial, story(trial, { beside: ["experiment"] })],
  ["forgets an AnalysisRun", "ends", forgets("AnalysisRun"), story(run, { beside: ["run"] })],
  ["counts what it never measured", "why", miscounts, story(run, { beside: ["run"] })],
  ["keeps rings as they were", "agrees", keepsRings, story([...first, { do: "rings" }], { hasRings: true })],
  ["throws what nobody expects", "sound", throwsOnce, story([{ do: "job", fate: "well" }, wait(5)])],
  ["mixes versions", "weight", mixesVersions, story(removed)],
  ["adopts nothing", "agrees", adoptsNothing, story([...first, ...leftAndBack])],
  ["ignores budgets", "budget", ignoresBudgets, story(restart, { budget: "twoStay", replicas: 2 })],
  ["holds back what it made", "gone", holdsBack, story(removed)],
  ["leaves routes to nobody", "gone", forgets("VirtualService"), story(removed, { plan: 6 })],
  ["leaves subsets to nobody", "gone", forgets("DestinationRule"), story(removed)],
  ["leaves Services to nobody", "gone", keepsSelectors, story(removed, { shape: "blueGreen" })],
  ["never rests", "settles", neverRests, story([])],
])("a controller that %s is caught", async (_name, invariant, sabotage, told) => {
  const sound = await playedSoundly(told);
  const broken = await play(told, sabotage);

  expect(sound.violated?.message).toBeUndefined();
  expect(broken.violated?.invariant, broken.violated?.message).toBe(invariant);
});

test("a failure is shrunk to a short story, which fails again", async () => {
  const fails = async (told: Story) => (await play(told, forgetsDecisions)).violated?.invariant === "why";
  const long = story(bad, { disturbance: { ...plainStory.disturbance, delay: 0.5, duplicate: 0.2 }, hasRings: true });

  const short = await shrink(long, fails);

  expect(await fails(short)).toBe(true);
  expect(short).toMatchObject({ disturbance: plainStory.disturbance, hasRings: false, replicas: 1 });
  expect(short.steps.length).toBeLessThan(bad.length);
  expect(storyFrom(storyText(short))).toEqual(short);
  expect(() => storyFrom('{"sede":7}')).toThrow("a story has no sede; it has seed");
});
