import { type Random, randomInteger } from "@sluice/kernel";
import { emptyPlans, knownPlans, richPlans } from "../manifests/plans.ts";
import {
  type Act,
  type Beside,
  everyExtra,
  everyOff,
  type Fate,
  laterExtras,
  type Measures,
  type Step,
  type Story,
} from "./story.ts";

const one = <T>(random: Random, list: readonly T[]): T => list[randomInteger(random, list.length)] as T;
const fates: readonly Fate[] = ["well", "well", "well", "slow", "flaky", "stuck", "crashing"];
const words = [
  "promote",
  "promote",
  "promoteFull",
  "abort",
  "callBad",
  "retry",
  "undo",
  "restart",
  "pause",
  "resume",
  "lift",
  "evict",
] as const;
const others: readonly Measures[] = ["web", "job", "plugin", "comparison", "judge"];
/** What isn't of one instant, or is about the platform: there is no doing it amid effects. */
const onlyAtRest: ReadonlySet<Act["do"]> = new Set(["wait", "clock", "crash", "watchGap"]);

/** The story of a seed: what is released, on which platform, and what everybody does meanwhile. */
export function storyOf(seed: number, random: Random): Story {
  const happens = (chance: number) => random.next() < chance;
  const sometimes = (chance: number, value: number) => (happens(chance) ? value : 0);
  const beside = (["worker", "job", "colours", "experiment", "run"] as const).filter(() => happens(0.13));
  const isConfigured = happens(0.2);
  const hasRings = happens(0.15);
  const delivery = happens(0.25) ? "git" : "hand";
  const steps: Step[] = [
    { do: "push", fate: "well" },
    { do: "wait", seconds: 60 },
  ];
  const length = 6 + randomInteger(random, 18);
  const edits = [
    ...(isConfigured ? (["configure"] as const) : []),
    ...(hasRings ? (["rings"] as const) : []),
    ...(delivery === "git" ? (["notes", "sync", "endSync", "drift"] as const) : []),
    "policy" as const,
  ];
  while (steps.length < length) {
    const act: Act = happens(0.06) ? { do: one(random, edits) } : anyAct(random, delivery === "git", beside);
    const isSudden = !onlyAtRest.has(act.do) && happens(0.25);
    steps.push(isSudden ? { ...act, amid: 1 + randomInteger(random, 12) } : act);
  }
  const story: Omit<Story, "budget" | "routes" | "off"> = {
    seed,
    shape: one(random, ["weights", "weights", "pods", "blueGreen"]),
    plan: anyPlan(random),
    replicas: 1 + randomInteger(random, 5),
    hasBackground: happens(0.3),
    hasHoldback: happens(0.3),
    hasRings,
    hasFreshBaseline: happens(0.25),
    sides: happens(0.4) ? "services" : "subsets",
    isDynamic: happens(0.25),
    isEnforced: happens(0.8),
    hasRules: happens(0.2),
    evidence: happens(0.75) ? "unasked" : one(random, ["hold", "fail", "pass"]),
    measures: happens(0.6) ? "prometheus" : one(random, others),
    isConfigured,
    template: delivery === "hand" && happens(0.15) ? "deployment" : "own",
    delivery,
    beside,
    extras: everyExtra.filter(() => happens(0.08)),
    disturbance: {
      crash: sometimes(0.6, 0.03),
      conflict: sometimes(0.5, 0.1),
      delay: sometimes(0.5, 0.5),
      duplicate: sometimes(0.5, 0.2),
      gap: sometimes(0.5, 0.01),
      slow: sometimes(0.4, 0.3),
    },
    steps,
  };
  // Drawn last, so that what was found with a seed before is found with it still.
  const budget = happens(0.8) ? "none" : one(random, ["twoStay", "oneMayGo"] as const);
  const asked = budget === "none" ? steps : withRestarts(random, steps);
  const removed = happens(0.8) ? asked : withRemoval(random, asked);
  const told = delivery === "git" && happens(0.2) ? withDeploy(random, removed) : removed;
  const extras = [...story.extras, ...laterExtras.filter(() => happens(0.1))];
  const richer = (plan: number) => (plan >= 1000 && happens(0.4) ? plan - 1000 + richPlans : plan);
  const plan = richer(story.plan);
  const replanned = told.map((step) => (step.do === "steps" ? { ...step, plan: richer(step.plan) } : step));
  const routes = happens(0.2) ? "two" : "one";
  const sides = story.sides === "services" && happens(0.4) ? "pingPong" : story.sides;
  const off = happens(0.7) ? [] : everyOff.filter(() => happens(0.3));
  const judged = happens(0.6) ? replanned : withBadVersion(random, replanned);
  const asleep = happens(0.8) ? judged : withNobody(random, judged);
  const replicas = happens(0.97) ? story.replicas : 0;
  const emptier = plan >= richPlans && happens(0.3) ? plan - richPlans + emptyPlans : plan;
  return { ...story, replicas, plan: emptier, budget, off, sides, routes, steps: asleep, extras };
}

/** Nobody needs it for a while, amid whatever is on its way; some never need it again. */
function withNobody(random: Random, steps: readonly Step[]): readonly Step[] {
  const amid = () => (random.next() < 0.4 ? { amid: 1 + randomInteger(random, 12) } : {});
  const place = 1 + randomInteger(random, steps.length);
  const back = place + randomInteger(random, steps.length + 1 - place);
  const wakes: readonly Step[] = [{ do: "scale", replicas: 1 + randomInteger(random, 6), ...amid() }];
  const woken = random.next() < 0.85 ? steps.toSpliced(back, 0, ...wakes) : steps;
  return woken.toSpliced(place, 0, { do: "scale", replicas: 0, ...amid() });
}

/** One that gets ready, and that what measures it finds bad once it has traffic. */
function withBadVersion(random: Random, steps: readonly Step[]): readonly Step[] {
  const says: Act = random.next() < 0.7 ? { do: "query", answer: "bad" } : { do: "verdict", ruling: "rollback" };
  const well: Act = says.do === "query" ? { do: "query", answer: "good" } : { do: "verdict", ruling: "continue" };
  const wait = { do: "wait", seconds: one(random, [45, 90, 300]) } as const;
  const place = 2 + randomInteger(random, steps.length - 1);
  return steps.toSpliced(place, 0, { do: "push", fate: "well" }, { do: "wait", seconds: 5 }, says, wait, well);
}

/** What a budget has its word in. */
function withRestarts(random: Random, steps: readonly Step[]): readonly Step[] {
  const restart: readonly Step[] = [{ do: "restart" }, { do: "wait", seconds: one(random, [5, 45, 300]) }];
  const placed = steps.toSpliced(1 + randomInteger(random, steps.length), 0, ...restart);
  return placed.toSpliced(1 + randomInteger(random, placed.length), 0, ...restart);
}

/** Somebody deploys past git, just as a sync is on its way. */
const withDeploy = (random: Random, steps: readonly Step[]): readonly Step[] =>
  steps.toSpliced(
    1 + randomInteger(random, steps.length),
    0,
    { do: "sync" },
    { do: "deploy", amid: 1 + randomInteger(random, 12) },
    { do: "wait", seconds: one(random, [5, 45]) },
  );

/** Somebody deletes the Rollout at some time, and mostly brings it back. */
function withRemoval(random: Random, steps: readonly Step[]): readonly Step[] {
  const remove: Act = { do: "remove", how: one(random, ["background", "foreground", "orphan", "orphan"]) };
  const amid = random.next() < 0.4 ? { amid: 1 + randomInteger(random, 12) } : {};
  const back: readonly Step[] = [
    ...(random.next() < 0.5 ? [{ do: "wait", seconds: one(random, [1, 20, 300]) } as const] : []),
    { do: "recreate" },
  ];
  const place = 1 + randomInteger(random, steps.length);
  const isBack = random.next() < 0.8;
  return steps.toSpliced(place, 0, { ...remove, ...amid }, ...(isBack ? back : []));
}

/** Half of them by chance. */
const anyPlan = (random: Random): number =>
  random.next() < 0.5 ? randomInteger(random, knownPlans) : 1000 + randomInteger(random, 9000);

function anyAct(random: Random, isFromGit: boolean, beside: readonly Beside[]): Act {
  const dice = random.next();
  if (beside.length > 0 && random.next() < 0.2) {
    const what = one(random, beside);
    if (what === "colours" && random.next() < 0.2) return { do: "takeColoursBack" };
    if (what === "experiment" && random.next() < 0.2) return { do: "endExperiment" };
    if (what === "run" && random.next() < 0.2) return { do: "endRun" };
    return { do: what, fate: one(random, fates) };
  }
  if (isFromGit && random.next() < 0.06) return { do: "git", isReachable: random.next() < 0.5 };
  if (dice < 0.03) return { do: "push", fate: one(random, fates), isLasting: true };
  if (dice < 0.22) return { do: "push", fate: one(random, fates) };
  if (dice < 0.27) return { do: "again", place: randomInteger(random, 6) };
  if (dice < 0.57) return { do: "wait", seconds: one(random, [1, 5, 20, 45, 90, 300, 900]) };
  if (dice < 0.66) return { do: "query", answer: one(random, ["good", "good", "bad", "NaN", "empty", "fails"]) };
  if (dice < 0.71) {
    return { do: "verdict", ruling: one(random, ["continue", "continue", "monitor", "alert", "rollback"]) };
  }
  if (dice < 0.75) return { do: "scale", replicas: 1 + randomInteger(random, 6) };
  if (dice < 0.78) return { do: "steps", plan: anyPlan(random) };
  if (dice < 0.8) return { do: "clock", seconds: one(random, [-30, -2, 5, 120]) };
  if (dice < 0.83) return { do: one(random, ["crash", "watchGap"]) };
  return { do: one(random, words) };
}
