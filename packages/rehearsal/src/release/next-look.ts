import { type JudgementSpec, pauseMillis, type Rollout } from "@sluice/api";
import { type Clock, type Instant, instant, parseInstant, seconds } from "@sluice/kernel";
import type { ModelledService } from "../model/service.ts";

/** Where the release is in the plan that it is judged by. */
export interface Step {
  readonly index: number;
  readonly since: Instant;
}

/** What the controller waits after a window's end, in milliseconds. */
export const settling = 1500;

/** Between two looks, in milliseconds. */
export const shortest = 10_000;
const longest = 600_000;
/** A harm that a day's step shows only after an hour can't have been worth a look each minute. */
const seldom = (lasts: number): number => Math.max(longest, lasts / 12);

/** What it is worked out from. */
interface Sources {
  readonly service: ModelledService;
  readonly clock: Clock;
  readonly rollout: () => Rollout;
}

/** When a judge looks again: windows grow while nothing can be decided soon. */
export class LookTimes {
  readonly #service: ModelledService;
  readonly #clock: Clock;
  readonly #rollout: () => Rollout;

  constructor({ service, clock, rollout }: Sources) {
    this.#service = service;
    this.#clock = clock;
    this.#rollout = rollout;
  }

  beganAt = ({ beganAt }: JudgementSpec): Instant => parseInstant(beganAt) ?? this.#clock.now();

  /** A look at about that time, as the controller works it out: when that window is over, and how many were before it. */
  dueAt(spec: JudgementSpec, wanted: Instant): { readonly windows: number; readonly at: Instant } {
    const length = seconds(spec.windowSeconds);
    const began = this.beganAt(spec);
    const windows = Math.max(1, Math.floor((wanted - settling - began) / length) - 1);
    return { windows, at: instant(Math.max(this.#clock.now() + 1, began + (windows + 1) * length + settling)) };
  }

  /** Often after each change and in short steps, and just before a step ends; each window while something is suspected. */
  next(step: Step, spec: JudgementSpec, suspects: boolean): Instant {
    const now = this.#clock.now();
    const length = seconds(spec.windowSeconds);
    // After a switch the way back may be open for half a minute.
    if (spec.comparedWith === "before" && now - this.beganAt(spec) < 120_000) return instant(now + length);
    if (suspects) return instant(now + Math.max(length, shortest));
    const { lasts, left } = this.#pause();
    const wanted = Math.min(seldom(lasts), Math.max(shortest, this.#age(step) / 4));
    if (!Number.isFinite(left) || left <= shortest) return instant(now + wanted);
    return instant(now + left / Math.max(1, Math.round(left / wanted)));
  }

  /** Whether what was served within so many milliseconds may be looked at with what comes next. */
  mayBePutOff(step: Step, unseen: number): boolean {
    const { lasts, left } = this.#pause();
    return left > shortest && unseen <= Math.max(4 * shortest, Math.min(seldom(lasts), this.#age(step) / 2));
  }

  /** Of the step, or of a late fault in it. */
  #age = ({ since }: Step): number =>
    Math.min(this.#clock.now() - since, 1000 * (this.#service.onsetAge() ?? Number.POSITIVE_INFINITY));

  /** How long the step lasts, and what is left of that: no time, and for ever, where it doesn't end by itself. */
  #pause(): { readonly lasts: number; readonly left: number } {
    const rollout = this.#rollout();
    const pause = rollout.spec.strategy.canary?.steps?.[rollout.status?.currentStepIndex ?? -1]?.pause;
    const lasts = pause === undefined ? undefined : pauseMillis(pause);
    if (lasts === undefined || !Number.isFinite(lasts)) return { lasts: 0, left: Number.POSITIVE_INFINITY };
    const since = parseInstant(rollout.status?.pauseConditions?.[0]?.startTime ?? "");
    return { lasts, left: since === undefined ? Number.POSITIVE_INFINITY : since + lasts - this.#clock.now() };
  }
}
