import type { LabelMatcher } from "@sluice/languages";
import type { Labels } from "./labels.ts";

/** The samples of one series, in order of time. Staleness stands beside the values, never among them. */
export interface SeriesSamples {
  readonly labels: Labels;
  /** Epoch milliseconds, strictly rising. */
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** When the series was seen to have ended, rising. Each stands strictly between or after samples. */
  readonly staleAt: Float64Array;
}

/** Where samples are read from: the store, a test, the modelled world of a rehearsal. */
export interface SeriesSource {
  /**
   * Every series that has a sample or a staleness mark after `after` and not after `until` (epoch milliseconds), and
   * whose labels satisfy all matchers. One at a time, so that the caller may stop or let go of each.
   */
  select(matchers: readonly LabelMatcher[], after: number, until: number): Iterable<SeriesSamples>;
}
