import type { StepKind } from "@sluice/api/release";

export type StepState = "done" | "current" | "next" | "failed";

export interface ShownStep {
  readonly index: number;
  readonly kind: StepKind;
  /** Short, for the track. */
  readonly text: string;
  /** Whole, for who asks. */
  readonly title: string;
  readonly state: StepState;
  /** Epoch milliseconds when a timed pause is over. */
  readonly endsAt?: number;
}
