import type { Job, JobStatus, Pod } from "@sluice/api";
import { endingOf } from "./endings.ts";
import { isTracked } from "./tracking.ts";

/** How many have ended, and how far the counting is. */
export interface Ledger {
  /** Those that aren't counted yet included. */
  readonly succeeded: number;
  readonly failed: number;
  readonly status: Pick<JobStatus, "succeeded" | "failed" | "uncountedTerminatedPods">;
  /** Written down, so that they may go. */
  readonly released: readonly Pod[];
  /** Nothing is left to count. */
  readonly isSettled: boolean;
}

/**
 * Each end is counted once, over crashes: first its uid is written down, then the finalizer that holds the Pod is taken
 * off, and a uid whose Pod is seen without it moves into the count. One turn each.
 */
export function ledgerOf(job: Job, pods: readonly Pod[]): Ledger {
  const { succeeded = 0, failed = 0, uncountedTerminatedPods: written = {} } = job.status ?? {};
  const held = new Map(pods.filter(isTracked).map((pod) => [pod.metadata.uid ?? "", pod]));
  const known = new Set([...(written.succeeded ?? []), ...(written.failed ?? [])]);
  const fresh = (ending: "succeeded" | "failed") =>
    [...held].filter(([uid, pod]) => !known.has(uid) && endingOf(pod, job) === ending).map(([uid]) => uid);
  const account = (ending: "succeeded" | "failed") => {
    const before = written[ending] ?? [];
    const open = before.filter((uid) => held.has(uid));
    return { counted: before.length - open.length, open: [...open, ...fresh(ending)] };
  };
  const good = account("succeeded");
  const bad = account("failed");
  const counted = { succeeded: succeeded + good.counted, failed: failed + bad.counted };
  const isIgnored = (uid: string, pod: Pod) => !known.has(uid) && endingOf(pod, job) === "ignored";
  return {
    succeeded: counted.succeeded + good.open.length,
    failed: counted.failed + bad.open.length,
    status: {
      ...(counted.succeeded > 0 ? { succeeded: counted.succeeded } : {}),
      ...(counted.failed > 0 ? { failed: counted.failed } : {}),
      uncountedTerminatedPods: {
        ...(good.open.length > 0 ? { succeeded: good.open } : {}),
        ...(bad.open.length > 0 ? { failed: bad.open } : {}),
      },
    },
    released: [...held].filter(([uid, pod]) => known.has(uid) || isIgnored(uid, pod)).map(([, pod]) => pod),
    isSettled: good.open.length + bad.open.length === 0,
  };
}
