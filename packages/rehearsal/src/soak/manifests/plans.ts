import type { CanaryStep } from "@sluice/api";
import { type Random, randomInteger, seededRandom } from "@sluice/kernel";

const pause = (duration?: string): CanaryStep => ({ pause: duration === undefined ? {} : { duration } });
const templates = [{ templateName: "errors" }];
const args = [{ name: "hash", valueFrom: { podTemplateHashValue: "Latest" as const } }];
/** What Rollouts measure by. */
export const measured = { templates, args };
const analysis: CanaryStep = { analysis: measured };
const experimentOf = (weight?: number): CanaryStep => {
  const share = weight === undefined ? {} : { weight };
  return {
    experiment: {
      templates: [
        { name: "baseline", specRef: "stable", ...share },
        { name: "canary", specRef: "canary", ...share },
      ],
      duration: "30s",
      analyses: [{ name: "errors", templateName: "errors" }],
    },
  };
};

/** What people write most often, and what once found something. */
const plans: readonly (readonly CanaryStep[])[] = [
  [{ setWeight: 20 }, pause("30s"), { setWeight: 60 }, pause("30s")],
  [{ setWeight: 10 }, pause("20s"), analysis, { setWeight: 50 }, pause("1m")],
  [{ setWeight: 25 }, pause(), { setWeight: 75 }, analysis],
  [],
  [
    { setCanaryScale: { replicas: 1 } },
    { setWeight: 5 },
    analysis,
    { setCanaryScale: { matchTrafficWeight: true } },
    { setWeight: 40 },
    pause("2m"),
  ],
  [experimentOf(), { setWeight: 30 }, pause("45s"), analysis, { setWeight: 80 }, pause("20s")],
  [
    { setWeight: 15 },
    { setHeaderRoute: { name: "testers", match: [{ headerName: "X-Tester", headerValue: { exact: "yes" } }] } },
    pause("30s"),
    { setMirrorRoute: { name: "copies", percentage: 50, match: [{ method: { exact: "GET" } }] } },
    pause("40s"),
    { setHeaderRoute: { name: "testers" } },
    { setWeight: 55 },
    pause("1m"),
  ],
];

/** Routes that steps may add. */
export const managedRoutes = ["testers", "copies"] as const;

/** How many there are that somebody thought of; any larger number is a plan by chance. */
export const knownPlans = plans.length;
/** From here on plans by chance have more kinds of steps. */
export const richPlans = 10_000;
/** And from here on they ask for no Pod of the new version on the way. */
export const emptyPlans = 20_000;

export const planOf = (plan: number, isRouted: boolean): readonly CanaryStep[] => {
  const steps = plans[plan] ?? (plan >= emptyPlans ? emptied(plan) : drawn(seededRandom(plan), plan >= richPlans));
  return isRouted ? steps : steps.filter(isRouteless);
};

/** Without a router there are no routes to add, and no shares to give. */
const isRouteless = ({ setHeaderRoute, setMirrorRoute, experiment }: CanaryStep): boolean =>
  setHeaderRoute === undefined &&
  setMirrorRoute === undefined &&
  experiment?.templates.some(({ weight }) => weight !== undefined) !== true;

/** Copies of some requests or of all, again with another share, or no route any more. */
function routeOf(random: Random, dice: number): CanaryStep {
  if (dice === 24) return { setHeaderRoute: { name: "testers" } };
  if (dice === 23) return { setMirrorRoute: { name: "copies" } };
  const match = [dice === 22 ? { path: { prefix: "/" } } : { method: { exact: "GET" } }];
  return { setMirrorRoute: { name: "copies", percentage: 10 * (1 + randomInteger(random, 10)), match } };
}

function emptied(plan: number): readonly CanaryStep[] {
  const random = seededRandom(plan);
  const steps = drawn(random, true);
  const setCanaryScale = random.next() < 0.5 ? { replicas: 0 } : { weight: 0 };
  return steps.toSpliced(1 + randomInteger(random, steps.length), 0, { setCanaryScale });
}

/** Mostly upwards, with all that may stand between two weights. */
function drawn(random: Random, isRich: boolean): readonly CanaryStep[] {
  let weight = 0;
  const one = (): CanaryStep => {
    const dice = randomInteger(random, isRich ? 25 : 20);
    if (dice >= 20) return routeOf(random, dice);
    if (dice < 7) {
      const change = dice === 0 ? -10 : 5 * randomInteger(random, 9);
      weight = Math.max(0, Math.min(100, weight + change));
      return { setWeight: weight };
    }
    if (dice < 11) return pause(`${10 + randomInteger(random, 80)}s`);
    if (dice === 11) return pause();
    if (dice < 14) return analysis;
    if (dice === 14) return experimentOf();
    // Both of its versions get it, and as much must be left for them.
    if (dice === 15) return experimentOf(weight <= 80 ? 5 : undefined);
    if (dice === 16) return { setCanaryScale: { replicas: 1 + randomInteger(random, 3) } };
    if (dice === 17) return { setCanaryScale: { weight: 10 * (1 + randomInteger(random, 5)) } };
    if (dice === 18) return { setCanaryScale: { matchTrafficWeight: true } };
    return { setHeaderRoute: { name: "testers", match: [{ headerName: "X-Tester", headerValue: { exact: "yes" } }] } };
  };
  return Array.from({ length: 2 + randomInteger(random, 7) }, one);
}
