import { instant, millis, seededRandom } from "@sluice/kernel";
import { faults as everyFault, type Fault, ladder, noFault } from "../model/fault.ts";
import { ModelledService } from "../model/service.ts";
import { historyOf, historyOverTime } from "../model/windows.ts";
import type { Policy } from "../policy/policy.ts";
import type { ProfileName } from "../policy/profile.ts";
import { readinessOf } from "../policy/readiness.ts";
import { withSteps } from "../policy/with-steps.ts";
import { isSwitched } from "../release/control-plane/deployed.ts";
import type { Outcome } from "../release/outcome.ts";
import { answerable, queriesOf } from "../release/queries.ts";
import { rehearseRelease } from "../release/release.ts";
import { withLongerFirst } from "../suggest/candidates.ts";
import type { Played, RehearseOptions } from "./options.ts";
import type { Rehearsal } from "./result.ts";
import { summarised } from "./summary.ts";

const prometheusEdges = [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000];
const routerEdges = [
  1, 2, 3, 5, 7.5, 10, 15, 20, 25, 35, 50, 75, 100, 150, 200, 250, 350, 500, 750, 1000, 1500, 2000, 2500, 3000, 5000,
  7500, 10_000,
];
const historyWindows = 24;

/** Everything that releases of one policy share. */
function prepared(policy: Policy, options: RehearseOptions) {
  const { traffic, seed, personMillis, noticeMillis } = options;
  const { millis: _usually, from: _from, ...start } = readinessOf(policy.rollout, options);
  const queries = queriesOf(policy, options.scrapeMillis);
  const endpoints = queries.endpoints ?? ["/checkout", "/", "/search"];
  const edgesMs = queries.isOfTheRouter ? routerEdges : prometheusEdges;
  const startsAt = instant(0);
  const service = new ModelledService({
    traffic,
    fault: noFault,
    endpoints,
    edgesMs,
    random: seededRandom(seed ^ 0x5eed),
    startsAt,
    startSecond: 43_200,
    scrapeSeconds: 60,
    drawsLatency: true,
  });
  const warm = instant(600_000);
  service.advanceTo(warm);
  const history = isSwitched(policy)
    ? historyOverTime(service, historyWindows, millis(60_000), warm)
    : historyOf(service, historyWindows, millis(60_000), { startsAt: warm, random: seededRandom(seed ^ 0x9a1f) });
  const base = { queries, traffic, endpoints, edgesMs, history, personMillis, noticeMillis, start };
  return { base: { ...base, policy: answerable(policy, queries) }, queries };
}

/** With fewer a step tells little, whoever looks. */
const enoughRequests = 500;
/** Nobody waits longer for a first step to be rehearsed for it. */
const longestFirstSeconds = 7200;

/** The same policy against good and bad releases, under each profile. The same seed brings the same result. */
export async function rehearse(policy: Policy, options: RehearseOptions): Promise<Rehearsal> {
  const { runs, goodRuns, profiles = ["argo", "sluice"], play = rehearseRelease } = options;
  const chosen = options.faults ?? everyFault;
  const { base, queries } = prepared(policy, options);
  const extra = chosen.includes(everyFault[0] as Fault)
    ? ladder.filter(({ name }) => !chosen.some((fault) => fault.name === name))
    : [];
  const few = Math.max(1, Math.ceil(runs / 2));
  const steps = policy.rollout.spec.strategy.canary?.steps ?? [];
  const longer =
    options.faults === undefined
      ? withLongerFirst(steps, options.traffic.requestsPerSecond, enoughRequests)
      : undefined;
  const isTried = longer !== undefined && longer.seconds <= longestFirstSeconds;
  const patient = isTried ? withSteps(base.policy, longer.steps) : base.policy;
  const jobs = profiles.flatMap((profile) => [
    { profile, fault: noFault, count: goodRuns, plan: base.policy },
    ...chosen.map((fault) => ({ profile, fault, count: runs, plan: base.policy })),
    ...extra.map((fault) => ({ profile, fault, count: few, plan: base.policy })),
    ...(isTried ? [noFault, ...ladder].map((fault) => ({ profile, fault, count: few, plan: patient })) : []),
  ]);
  const all = jobs.reduce((sum, { count }) => sum + count, 0);
  let done = 0;
  const release = async (plan: Policy, profile: ProfileName, fault: Fault, run: number): Promise<Outcome> => {
    const outcome = await play({ ...base, policy: plan, profile, fault, seed: seedOf(options.seed, run) });
    await options.onRelease?.(++done, all);
    return outcome;
  };
  const played: Played[] = [];
  const playedLonger: Played[] = [];
  const waiting: Promise<Outcome>[] = [];
  for (const { profile, fault, count, plan } of jobs) {
    const outcomes: Outcome[] = [];
    for (let run = 0; run < count; run++) {
      const outcome = release(plan, profile, fault, run).then((ended) => {
        outcomes[run] = ended;
        return ended;
      });
      // Side by side only where somebody else plays them: here they would all be in memory at once.
      if (options.play === undefined) await outcome;
      else waiting.push(outcome);
    }
    (plan === patient && isTried ? playedLonger : played).push({ profile, fault, outcomes });
  }
  await Promise.all(waiting);
  const first = longer === undefined ? undefined : { seconds: longer.seconds, played: playedLonger };
  return summarised(policy, options, queries, played, first);
}

/** The same users for every fault and profile: what differs is what is told apart. */
const seedOf = (seed: number, run: number): number => (Math.imul(seed, 0x9e3779b1) + run * 0x85ebca6b) >>> 0;
