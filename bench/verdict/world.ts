import type { JudgedRelease, JudgedWindow } from "@sluice/verdict";

/** A release in a modelled service, shown window by window; what happens depends on the weight that the judge allows. */
export interface World {
  readonly release: JudgedRelease;
  readonly windowSeconds: number;
  window(time: number, weight: number, step: number, stepAge: number): JudgedWindow;
  /** Is there a harm on users at `time`? */
  isHarmful(time: number, weight: number): boolean;
}
