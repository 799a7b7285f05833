import type { Pod } from "@sluice/api";
import { type Instant, instant, parseInstant } from "@sluice/kernel";
import { isActive, readySince } from "../../pods/index.ts";
import { podHashLabel } from "../../version/index.ts";
import type { ObservedRollout } from "../observe.ts";

/** A version's Pods that are neither over nor on their way out. */
export const podsOf = ({ pods }: ObservedRollout, hash: string): readonly Pod[] =>
  pods.filter((pod) => pod.metadata.labels?.[podHashLabel] === hash && isActive(pod));

/** Since when all of its containers run; undefined where one doesn't: an image is being pulled, it has ended, it isn't placed. */
export function runningSince({ status }: Pod): Instant | undefined {
  const starts = (status?.containerStatuses ?? []).map(({ state }) => parseInstant(state?.running?.startedAt ?? ""));
  if (starts.length === 0 || starts.includes(undefined)) return undefined;
  return instant(Math.max(...starts.map(Number)));
}

/** Since when it runs without having been ready; undefined where it is, or was since it began to run. */
export function notReadySince(pod: Pod): Instant | undefined {
  const since = runningSince(pod);
  if (since === undefined || readySince(pod) !== undefined) return undefined;
  const ready = pod.status?.conditions?.find(({ type }) => type === "Ready");
  const changedAt = parseInstant(ready?.lastTransitionTime ?? "");
  return ready?.status === "True" || (changedAt !== undefined && changedAt > since) ? undefined : since;
}

/** What it says of itself: an image that isn't there, a probe that fails. */
export function complaintOf({ status }: Pod): string {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  const { waiting, terminated } = status?.containerStatuses?.find((container) => !container.ready)?.state ?? {};
  const { reason, message } = waiting ?? terminated ?? ready ?? status ?? {};
  return [reason, message].filter((word) => word !== undefined && word !== "").join(": ");
}
