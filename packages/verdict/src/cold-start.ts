import type { Control } from "./control.ts";
import type { JudgedWindow } from "./window.ts";

/** How a new pod is slower at first: by `rise` at its start, fading with `fadeSeconds`. */
export interface ColdShape {
  readonly rise: number;
  readonly fadeSeconds: number;
  /** Nats by which such a start is less usual than a mild one. */
  readonly surprise: number;
}

/** No start, and the mild and wild ones that a healthy release may show. */
export const coldShapes: readonly ColdShape[] = [
  { rise: 0, fadeSeconds: 1, surprise: 0 },
  ...[28, 38, 50, 65, 85, 115, 160].flatMap((fadeSeconds) =>
    [0.15, 0.3, 0.5, 0.8, 1.2, 1.7, 2.3, 3, 5].map((rise) => ({
      rise,
      fadeSeconds,
      surprise: surpriseOf(rise, fadeSeconds),
    })),
  ),
];

function surpriseOf(rise: number, fadeSeconds: number): number {
  const slow = fadeSeconds > 150 ? 4.5 : fadeSeconds > 100 ? 2.5 : fadeSeconds > 80 ? 0.7 : 0;
  const steep = rise > 4 ? 4 : rise > 2.5 ? 2.5 : rise > 1.5 ? 1.3 : rise > 0.6 ? 0.7 : 0;
  return slow + steep * (fadeSeconds > 100 ? 1.5 : 1);
}

/** What is left of the guard against cold starts where the control is as cold. */
const freshGuard = 0.1;

/** How cold the canary's pods are, beyond the control's: each step brings new ones. */
export class Cohorts {
  readonly #cohorts: { readonly starts: number; readonly weight: number }[] = [];
  readonly #control: Control;
  #weight = 0;

  constructor(control: Control) {
    this.#control = control;
  }

  see(window: JudgedWindow): void {
    if (window.weight <= this.#weight) return;
    const starts = Math.max(0, (window.ends - window.stepAge) / 1000);
    this.#cohorts.push({ starts, weight: window.weight - this.#weight });
    this.#weight = window.weight;
  }

  get newest(): number {
    return this.#cohorts.at(-1)?.starts ?? 0;
  }

  /** How cold the canary is on average at `time`, 1 where all pods have just started. */
  coldness(time: number, fadeSeconds: number): number {
    let sum = 0;
    for (const { starts, weight } of this.#cohorts) {
      sum += weight * Math.exp(-Math.max(0, time - starts) / fadeSeconds);
    }
    const guarded = this.#control.isFresh ? freshGuard : 1;
    return this.#weight > 0 ? (guarded * sum) / this.#weight : 0;
  }
}
