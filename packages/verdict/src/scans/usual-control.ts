/** Events of the canary, how many of both an equal canary would have, and those of both. */
export interface Compared {
  readonly observed: number;
  readonly expected: number;
  readonly total: number;
}

/** What the history says of the control. */
export interface Usual {
  /** So many events the canary would have at the usual rate. */
  readonly ofHistory: number;
  /** As well as by so many events is it known what is usual now. */
  readonly events: number;
}

/**
 * A control that has fewer events than usual is lucky rather than better than it was: what is usual stands beside it, as
 * if so many events had been seen at that rate. Undefined where the control has as many as usual, which may be what hits
 * both versions.
 */
export function withUsual({ observed, expected, total }: Compared, { ofHistory, events }: Usual): Compared | undefined {
  if (expected <= 0 || ofHistory <= 0) return undefined;
  // In units of the canary's exposure.
  const control = total / expected - 1;
  if (total - observed >= control * ofHistory) return undefined;
  const all = total + events;
  return { observed, expected: all / (1 + control + events / ofHistory), total: all };
}
