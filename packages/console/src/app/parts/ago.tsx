import type { ReactNode } from "react";
import { useNow } from "../data/ticker.ts";
import { formatAgo, formatDuration, formatFull } from "../format.ts";

/** How long ago, in words that move with the time; the whole instant on hover. */
export function Ago({ at, empty = "never" }: { readonly at: string | number | undefined; readonly empty?: string }) {
  const now = useNow();
  const instant = typeof at === "string" ? Date.parse(at) : at;
  if (instant === undefined || Number.isNaN(instant)) return <span className="quiet">{empty}</span>;
  return (
    <time dateTime={new Date(instant).toISOString()} title={formatFull(instant)}>
      {formatAgo(now - instant)}
    </time>
  );
}

/** What is left until then; nothing once it is over. */
export function Countdown({ until }: { readonly until: number }): ReactNode {
  const left = until - useNow();
  return left <= 0 ? "any moment" : `${formatDuration(Math.ceil(left / 1000) * 1000)} left`;
}
