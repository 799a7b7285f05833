import { type Fault, isHarmful, ladder, noFault } from "../model/fault.ts";
import type { Traffic } from "../model/traffic.ts";
import type { Policy } from "../policy/policy.ts";
import type { ProfileName } from "../policy/profile.ts";
import { readinessOf } from "../policy/readiness.ts";
import { analysesOf, selects } from "../policy/surroundings.ts";
import type { Outcome } from "../release/outcome.ts";
import { type Queries, templatesOf } from "../release/queries.ts";
import { wordsOf } from "./findings.ts";
import type { Played, RehearseOptions } from "./options.ts";
import { policyWords } from "./policy-words.ts";
import type { FaultResult, GoodResult, Interval, LongerFirst, Predicted, ProfileResult, Rehearsal } from "./result.ts";
import { isCaught, stepsOf } from "./step-views.ts";

export function summarised(
  policy: Policy,
  options: RehearseOptions,
  queries: Queries,
  played: readonly Played[],
  longer?: { readonly seconds: number; readonly played: readonly Played[] },
): Rehearsal {
  const profiles: Partial<Record<ProfileName, ProfileResult>> = {};
  const names = [...new Set(played.map(({ profile }) => profile))];
  for (const profile of names) {
    const own = played.filter((one) => one.profile === profile);
    const chosen = own.filter(({ fault }) => fault !== noFault && isShown(fault, options));
    const good = own.find(({ fault }) => fault === noFault)?.outcomes ?? [];
    profiles[profile] = {
      good: goodResult(good),
      predicted: predictedFrom(
        good,
        chosen.filter(({ fault }) => isHarmful(fault)).flatMap(({ outcomes }) => outcomes),
      ),
      faults: chosen.map(({ fault, outcomes }) => faultResult(fault, outcomes)),
    };
  }
  const ready = readinessOf(policy.rollout, options);
  const { name, namespace = "default" } = policy.rollout.metadata;
  const rehearsal: Omit<Rehearsal, "words"> = {
    rollout: name,
    namespace,
    seed: options.seed,
    traffic: options.traffic,
    learned: options.learned ?? [],
    podsReadySeconds: ready.millis / 1000,
    podsReadyFrom: ready.from,
    hasAnalyses: hasAnalyses(policy),
    countsConversions: countsConversions(policy),
    madeUp: policy.madeUp,
    unanswerable: queries.unanswerable,
    profiles,
    // Without the whole ladder of faults nobody knows what a step sees.
    steps: options.faults === undefined ? stepsOf(policy, options.traffic, played) : [],
    releasesOfEachSize: sizesPlayed(played),
    idleRules: idleRules(policy, queries, profiles),
    ...(longer === undefined ? {} : { longerFirst: longerFirst(policy, options.traffic, longer) }),
  };
  return { ...rehearsal, words: [...wordsOf(rehearsal), ...policyWords(policy, queries, options.scrapeMillis)] };
}

const sizesPlayed = (played: readonly Played[]): number => {
  const sizes = played.filter(({ fault }) => ladder.includes(fault)).map(({ outcomes }) => outcomes.length);
  return sizes.length === 0 ? 0 : Math.min(...sizes);
};

const hasAnalyses = ({ rollout }: Policy): boolean =>
  analysesOf(rollout).some(({ analysis }) => (analysis.templates ?? []).length > 0) ||
  (rollout.spec.strategy.canary?.steps ?? []).some(({ experiment }) => (experiment?.analyses ?? []).length > 0);

const countsConversions = ({ rollout, surroundings }: Policy): boolean =>
  surroundings.some((object) => selects(object, rollout) && object.spec.conversions !== undefined);

/** What was asked for; the sizes between are there for the steps' table alone. */
const isShown = (fault: Fault, { faults }: RehearseOptions): boolean =>
  faults === undefined ? !betweens.has(fault.name) : faults.includes(fault);

const betweens = new Set(["error +2pp", "error +3pp", "error +10pp", "error +20pp"]);

function faultResult(fault: Fault, outcomes: readonly Outcome[]): FaultResult {
  const caught = outcomes.filter(isCaught);
  const rules = rulesOf(caught);
  const by = Object.entries(rules).toSorted(([, one], [, other]) => other - one)[0]?.[0];
  const harmed = outcomes.map((one) => one.harmed);
  return {
    fault: fault.name,
    isHarmful: isHarmful(fault),
    runs: outcomes.length,
    caught: caught.length / Math.max(1, outcomes.length),
    asked: outcomes.filter(({ end }) => end === "asked").length / Math.max(1, outcomes.length),
    by,
    rules,
    seconds:
      caught.length === 0
        ? undefined
        : quantile(
            caught.map(({ seconds }) => seconds),
            0.5,
          ),
    weight:
      caught.length === 0
        ? undefined
        : quantile(
            caught.map(({ weight }) => weight),
            0.5,
          ),
    harmedMedian: quantile(harmed, 0.5),
    harmedP95: quantile(harmed, 0.95),
  };
}

function goodResult(outcomes: readonly Outcome[]): GoodResult {
  const runs = Math.max(1, outcomes.length);
  const ended = outcomes.filter(({ end }) => end === "promoted");
  const median = (count: (one: Outcome) => number) => quantile((ended.length > 0 ? ended : outcomes).map(count), 0.5);
  return {
    runs: outcomes.length,
    falseAborts: outcomes.filter(({ end }) => end === "aborted" || end === "stuck").length / runs,
    asked: outcomes.filter(({ end }) => end === "asked").length / runs,
    rules: rulesOf(outcomes.filter(isCaught)),
    seconds: median(({ seconds }) => seconds),
    waitedSeconds: median(({ waitedSeconds }) => waitedSeconds),
    heldSeconds: median(({ heldSeconds }) => heldSeconds),
  };
}

function predictedFrom(good: readonly Outcome[], harmful: readonly Outcome[]): Predicted {
  const promoted = good.filter(({ end }) => end === "promoted");
  const caught = harmful.filter(({ end }) => end === "aborted");
  const interval = (outcomes: readonly Outcome[], count: (one: Outcome) => number): Interval => {
    const values = outcomes.map(count);
    return { low: quantile(values, 0.05), median: quantile(values, 0.5), high: quantile(values, 0.95) };
  };
  return {
    good: interval(promoted.length > 0 ? promoted : good, ({ seconds }) => seconds),
    ...(caught.length === 0
      ? {}
      : {
          bad: {
            seconds: interval(caught, ({ seconds }) => seconds),
            harmed: interval(caught, ({ harmed }) => harmed),
          },
        }),
  };
}

function rulesOf(outcomes: readonly Outcome[]): Record<string, number> {
  const rules: Record<string, number> = {};
  for (const { rule } of outcomes) {
    const by = rule?.by ?? "unknown";
    rules[by] = (rules[by] ?? 0) + 1;
  }
  return rules;
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? 0;
}

/** What the first step would see, had it the time for enough requests. */
function longerFirst(
  policy: Policy,
  traffic: Traffic,
  { seconds, played }: { readonly seconds: number; readonly played: readonly Played[] },
): LongerFirst {
  if (played.length === 0) return { seconds };
  const [first] = stepsOf(policy, traffic, played);
  return { seconds, ...(first === undefined ? {} : { smallest: first.smallest }) };
}

function idleRules(
  policy: Policy,
  { unanswerable }: Queries,
  profiles: Readonly<Partial<Record<ProfileName, ProfileResult>>>,
): readonly string[] {
  const used = new Set(
    analysesOf(policy.rollout).flatMap(({ analysis }) => analysis.templates?.map((one) => one.templateName)),
  );
  const fired = new Set(
    [profiles.argo, profiles.sluice].flatMap((result) =>
      [result?.good.rules ?? {}, ...(result?.faults.map(({ rules }) => rules) ?? [])].flatMap((rules) =>
        // A metric that asks is told after what it asks for.
        Object.keys(rules).flatMap((rule) => [rule, rule.slice(rule.indexOf(": ") + 2)]),
      ),
    ),
  );
  const metrics = templatesOf(policy)
    .filter(({ metadata }) => used.has(metadata.name))
    .flatMap(({ metadata, spec }) => (spec.metrics ?? []).map(({ name }) => ({ template: metadata.name, name })));
  const blind = (name: string) => unanswerable.some(({ metric }) => metric === name);
  const idle = metrics
    .filter(({ name }) => !fired.has(name) && !blind(name))
    .filter(({ name }) => !name.endsWith("(missing)"))
    .map(({ template, name }) => `metric ${name === template ? name : `${template}/${name}`}`);
  return [...new Set(idle)];
}
