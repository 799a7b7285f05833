import type { JudgedWindow } from "../windows/window.ts";
import type { Control } from "./control.ts";

/** How a new pod is slower at first: by `rise` at its start, fading with time or with the requests that it served. */
export interface ColdShape {
  readonly rise: number;
  readonly fade: Fade;
  /** Nats by which such a start is less usual than a mild one. */
  readonly surprise: number;
}

export type Fade = { readonly seconds: number } | { readonly requests: number };

/** Caches fill with requests: where a pod gets few of them, it stays cold for longer than any time says. */
const fadeRequests = 120;
/** Nats by which that is less usual than a start that is over in a minute. */
const cacheSurprise = 2;

const ofCaches: Fade = { requests: fadeRequests };

/** No start, and the mild and wild ones that a healthy release may show. */
export const coldShapes: readonly ColdShape[] = [
  { rise: 0, fade: { seconds: 1 }, surprise: 0 },
  ...[28, 38, 50, 65, 85, 115, 160, 220].flatMap((fadeSeconds) => {
    const fade = { seconds: fadeSeconds };
    return [0.15, 0.3, 0.5, 0.8, 1.2, 1.7, 2.3, 3, 5].map((rise) => ({
      rise,
      fade,
      surprise: surpriseOf(rise, fadeSeconds),
    }));
  }),
  ...[0.15, 0.3, 0.5, 0.8, 1.2].map((rise) => ({
    rise,
    fade: ofCaches,
    surprise: cacheSurprise + (rise > 0.6 ? 1 : 0),
  })),
];

/** Compilers and caches may take minutes to warm up: rarer than a start that is over in one, but no rarity. */
function surpriseOf(rise: number, fadeSeconds: number): number {
  const slow = fadeSeconds > 200 ? 4 : fadeSeconds > 150 ? 2.7 : fadeSeconds > 100 ? 1.5 : fadeSeconds > 80 ? 0.4 : 0;
  const steep = rise > 4 ? 4 : rise > 2.5 ? 2.5 : rise > 1.5 ? 1.3 : rise > 0.6 ? 0.7 : 0;
  return slow + steep * (fadeSeconds > 100 && rise > 2.5 ? 1.6 : 1);
}

/** What is left of the guard against cold starts where the control is as cold. */
const freshGuard = 0.1;

/** How cold the canary's pods are, beyond the control's: each step brings new ones. */
export class Cohorts {
  readonly #cohorts: { readonly starts: number; readonly weight: number; served: number }[] = [];
  readonly #control: Control;
  /** Of all cohorts: Pods, or shares of the traffic where nobody says how many Pods there are. */
  #weight = 0;
  #seenPods: boolean | undefined;
  #step: number | undefined;
  /** By fade, at one time: every shape of a start that fades alike asks for the same. */
  readonly #known = new Map<Fade, number>();
  #knownAt = Number.NaN;

  constructor(control: Control) {
    this.#control = control;
  }

  see(window: JudgedWindow): void {
    this.#knownAt = Number.NaN;
    const { requests, pods } = window.canary;
    this.#seenPods ??= pods > 1 || (window.stable?.pods ?? 0) > 1;
    // A step from 1 to 5 % may bring no Pod, and an autoscaler brings some in the middle of a step.
    const weight = this.#seenPods && window.weight > 0 ? Math.max(1, pods) : window.weight;
    const begins = window.step === this.#step ? window.lasts : window.stepAge;
    this.#step = window.step;
    if (weight > this.#weight) {
      const starts = Math.max(0, (window.ends - begins) / 1000);
      this.#cohorts.push({ starts, weight: weight - this.#weight, served: 0 });
      this.#weight = weight;
    }
    if (!(requests > 0)) return;
    for (const cohort of this.#cohorts) cohort.served += requests / Math.max(1, pods);
  }

  /** Is the control a fresh baseline, as cold as the canary? */
  get hasFreshControl(): boolean {
    return this.#control.isFresh;
  }

  /** Requests that each of the first Pods served so far. */
  get servedByOldest(): number {
    return this.#cohorts[0]?.served ?? 0;
  }

  get newest(): number {
    return this.#cohorts.at(-1)?.starts ?? 0;
  }

  /** How cold the canary is on average at `time`, 1 where all pods have just started. */
  coldness(time: number, fade: Fade): number {
    if (time !== this.#knownAt) {
      this.#known.clear();
      this.#knownAt = time;
    }
    const known = this.#known.get(fade) ?? this.#coldness(time, fade);
    this.#known.set(fade, known);
    return known;
  }

  #coldness(time: number, fade: Fade): number {
    let sum = 0;
    for (const { starts, weight, served } of this.#cohorts) {
      const age = "seconds" in fade ? Math.max(0, time - starts) / fade.seconds : served / fade.requests;
      sum += weight * Math.exp(-age);
    }
    const guarded = this.#control.isFresh ? freshGuard : 1;
    return this.#weight > 0 ? (guarded * sum) / this.#weight : 0;
  }
}
