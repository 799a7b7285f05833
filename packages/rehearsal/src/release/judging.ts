import { pauseMillis, type Rollout } from "@sluice/api";
import { abortPatch, pausePatch, type RequestedPatch } from "@sluice/controllers";
import { after, type Instant, type Millis, millis, type Ratio, ratio } from "@sluice/kernel";
import {
  createJudge,
  type Judge,
  type JudgedRelease,
  type PlanStep,
  type Verdict,
  type VersionServed,
} from "@sluice/verdict";
import type { ModelledService, Served, Version } from "../model/service.ts";

/**
 * The judge beside a release, by the same patches that a person would write: abort as bad, hold, go on. What a Rollout's
 * own controller does with verdicts replaces this file.
 */
export class Judging {
  readonly #judge: Judge;
  readonly #service: ModelledService;
  readonly #startedAt: Instant;
  readonly #plan: readonly PlanStep[];
  #before: Readonly<Record<Version, readonly Served[]>>;
  #lookedAt: Instant;
  #step = -1;
  #planned = -1;
  #stepAge = 0;
  #isHolding = false;
  heldMillis = 0;
  last: Verdict | undefined;

  constructor(options: {
    readonly rollout: Rollout;
    readonly service: ModelledService;
    readonly history: JudgedRelease["history"];
    readonly edgesMs: readonly number[];
    readonly now: Instant;
  }) {
    this.#service = options.service;
    this.#startedAt = options.now;
    this.#lookedAt = options.now;
    this.#before = copyOf(options.service);
    this.#plan = planOf(options.rollout);
    this.#judge = createJudge({ plan: this.#plan, bucketEdgesMs: options.edgesMs, history: options.history });
  }

  /** When it looks next: often at first and in short steps, and just before a step ends. */
  nextLook(rollout: Rollout, stepBeganAt: Instant): Instant {
    const age = Math.max(0, this.#lookedAt - stepBeganAt);
    const pause = rollout.spec.strategy.canary?.steps?.[rollout.status?.currentStepIndex ?? 0]?.pause;
    const lasts = pause === undefined ? undefined : pauseMillis(pause);
    const isTimed = lasts !== undefined && Number.isFinite(lasts);
    // A harm that a day's step shows only after half an hour can't have been worth a look each minute.
    const most = Math.max(longest, isTimed ? lasts / 40 : 0);
    const wanted = Math.min(most, Math.max(shortest, age / 8));
    if (!isTimed || this.#isHolding) {
      return (this.#lookedAt + wanted) as Instant;
    }
    const end = stepBeganAt + lasts - beforeEnd;
    const left = end - this.#lookedAt;
    if (left <= 1) return (this.#lookedAt + wanted) as Instant;
    return (this.#lookedAt + left / Math.max(1, Math.round(left / wanted))) as Instant;
  }

  look(rollout: Rollout, now: Instant): readonly RequestedPatch[] {
    const lasts = (now - this.#lookedAt) as Millis;
    if (lasts < 500) return [];
    const { canary, stable } = this.#service.split;
    const step = rollout.status?.currentStepIndex ?? 0;
    if (step !== this.#step) {
      this.#step = step;
      const planned = this.#plan.findLastIndex((one) => one.weight <= canary + 1e-6);
      if (planned !== this.#planned) this.#stepAge = 0;
      this.#planned = planned;
    }
    const total = copyOf(this.#service);
    const served = (version: Version): VersionServed => ({
      ...servedBetween(this.#before[version], total[version]),
      memoryMax: this.#service.memory(version),
      restarts: this.#service.restarts[version],
      pods: Math.max(1, this.#service.pods[version]),
    });
    const window = {
      ends: (now - this.#startedAt) as Millis,
      lasts,
      weight: ratio(Math.min(1, canary)) as Ratio,
      step: Math.max(0, this.#planned),
      stepAge: (this.#stepAge + lasts) as Millis,
      canary: served("canary"),
      ...(stable > 0 ? { stable: served("stable") } : {}),
    };
    this.#before = total;
    this.#lookedAt = now;
    if (canary <= 0) return [];
    this.last = this.#judge.observe(window);
    if (this.last.action === "rollback") return abortPatch(rollout, { bad: this.last.because });
    const holds = this.last.action === "monitor" || this.last.action === "alert";
    if (holds) this.heldMillis += lasts;
    else this.#stepAge += lasts;
    if (holds === this.#isHolding) return [];
    this.#isHolding = holds;
    return holds ? pausePatch(rollout) : [{ patch: { type: "merge", value: { spec: { paused: false } } } }];
  }
}

const shortest = 10_000;
const longest = 600_000;
/** The last look of a step must come before the step's own end. */
const beforeEnd = 10;

/** The weights in their order, each with the pauses that follow it. */
function planOf(rollout: Rollout): readonly PlanStep[] {
  const plan: { weight: Ratio; lasts: Millis }[] = [];
  for (const { setWeight, pause } of rollout.spec.strategy.canary?.steps ?? []) {
    if (setWeight !== undefined) plan.push({ weight: ratio(setWeight / 100), lasts: millis(0) });
    const last = plan.at(-1);
    const lasts = pause === undefined ? 0 : (pauseMillis(pause) ?? 0);
    if (last !== undefined && Number.isFinite(lasts)) last.lasts = millis(last.lasts + lasts);
  }
  return plan.filter(({ weight }) => weight > 0);
}

const copyOf = ({ served }: ModelledService): Readonly<Record<Version, readonly Served[]>> => ({
  stable: served.stable.map(copied),
  canary: served.canary.map(copied),
});

const copied = (served: Served): Served => ({ ...served, latencyCounts: [...served.latencyCounts] });

const difference = (after: Served, before: Served): Served => ({
  requests: after.requests - before.requests,
  failures: after.failures - before.failures,
  notFound: after.notFound - before.notFound,
  latencyCounts: after.latencyCounts.map((count, bucket) => count - (before.latencyCounts[bucket] ?? 0)),
  latencySeconds: after.latencySeconds - before.latencySeconds,
  exposures: after.exposures - before.exposures,
  conversions: after.conversions - before.conversions,
});

function servedBetween(before: readonly Served[], after: readonly Served[]) {
  const endpoints = after.map((one, place) => difference(one, before[place] as Served));
  const sum = (count: (one: Served) => number) => endpoints.reduce((total, one) => total + count(one), 0);
  const buckets = endpoints[0]?.latencyCounts ?? [];
  return {
    requests: sum(({ requests }) => requests),
    failures: sum(({ failures }) => failures),
    latencyCounts: buckets.map((_, bucket) => sum(({ latencyCounts }) => latencyCounts[bucket] ?? 0)),
    endpoints,
    exposures: sum(({ exposures }) => exposures),
    conversions: sum(({ conversions }) => conversions),
  };
}

/** Windows of the stable version before the release, its requests split in two: how much two equals differ. */
export function historyOf(service: ModelledService, windows: number, window: Millis, startsAt: Instant) {
  service.route({ stable: 0.5, canary: 0.5 });
  let before = copyOf(service);
  return Array.from({ length: windows }, (_, index): JudgedRelease["history"][number] => {
    service.advanceTo(after(startsAt, millis((index + 1) * window)));
    const now = copyOf(service);
    const half = (version: Version): VersionServed => ({
      ...servedBetween(before[version], now[version]),
      restarts: 0,
      pods: 1,
    });
    const placebo = { lasts: window, first: half("stable"), second: half("canary") };
    before = now;
    return placebo;
  });
}
