import type { Interval, Readiness, Traffic } from "@sluice/rehearsal";

/** One number of a release: what was predicted, and what it came to. */
export interface ShownComparison {
  readonly predicted: Interval;
  readonly actual: number;
  readonly isWithin: boolean;
}

/** `/calibration/NAMESPACE`: each real release beside what was predicted before it began. */
export interface ShownCalibration {
  readonly releases: readonly {
    readonly release: {
      readonly rollout: string;
      readonly revision: string;
      readonly version: string;
      readonly outcome: "promoted" | "rolledBack";
      /** Epoch milliseconds. */
      readonly beganAt: number;
      readonly seconds: number;
      readonly harmed: number | undefined;
    };
    readonly keptAt: string | undefined;
    readonly duration: ShownComparison | undefined;
    readonly harmed: ShownComparison | undefined;
  }[];
  /** How many of those compared lay where nine in ten should. */
  readonly within: {
    readonly durations: readonly [number, number];
    readonly harms: readonly [number, number];
  };
  readonly rolledBack: number;
  readonly predictedFalseAborts: number | undefined;
}

/** `/learned/NAMESPACE/ROLLOUT`: an ordinary day of its service, and where that comes from. */
export interface LearnedDay {
  /** False where there is too little to learn from: then the traffic is the usual one, and the words say why. */
  readonly isLearned: boolean;
  readonly traffic: Traffic;
  /** What its Pods told of how long they take to be ready. */
  readonly readiness?: Readiness;
  readonly words: readonly string[];
}
