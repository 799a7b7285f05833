import type { ContainerStatus, Pod } from "@sluice/api";
import { after, type Instant, type Millis, parseInstant, seconds } from "@sluice/kernel";
import { isReady } from "../../pods/index.ts";
import type { ObservedRollout } from "../observe.ts";
import { containersOf, freshSince } from "../verdict/crashes.ts";
import { wasAway } from "../verdict/deadline.ts";
import { gateIsOff } from "../verdict/gates.ts";
import type { Verdict } from "../verdict/verdict-words.ts";
import { availableOf, type View, wantedOf } from "../view.ts";
import { complaintOf, notReadySince, podsOf } from "./pods.ts";
import { type StartLimit, startLimit } from "./start-limit.ts";

/** Why a container can't begin, and whether that may be somebody else's fault. */
interface Refusal {
  /** What another try may still mend: a Secret that comes a moment later, a registry that is away. */
  readonly patience: Millis;
  readonly isBlamed: boolean;
}

const refusals: Readonly<Record<string, Refusal>> = {
  InvalidImageName: { patience: seconds(0), isBlamed: true },
  ErrImageNeverPull: { patience: seconds(0), isBlamed: true },
  CreateContainerConfigError: { patience: seconds(20), isBlamed: true },
  CreateContainerError: { patience: seconds(20), isBlamed: true },
  // A node says so from its second try on; the third comes within this time. It may be the registry's fault.
  ImagePullBackOff: { patience: seconds(30), isBlamed: false },
};

interface Late {
  readonly at: Instant;
  readonly verdict: Verdict;
  /** Whether it follows from what is seen now, not from time that went by. */
  readonly isSeen: boolean;
}

/**
 * A version of which no Pod becomes ready, long before its deadline: what it is asked for can't begin, or runs for longer
 * than the stable version ever needed and its own probes allow. A Pod that has no place, or whose image is still being
 * pulled, is no fault of the version.
 */
export function neverReadyVerdict(observed: ObservedRollout, view: View, now: Instant): Verdict | undefined {
  return lateOnes(observed, view).find(({ at, isSeen }) => now >= at && (isSeen || !wasAway(at, now)))?.verdict;
}

/** When to look whether it is late. */
export const startWakes = (observed: ObservedRollout, view: View, now: Instant): readonly Instant[] =>
  lateOnes(observed, view).flatMap(({ at }) => (at > now ? [at] : []));

function lateOnes(observed: ObservedRollout, view: View): readonly Late[] {
  const { rollout, canary, hash } = view;
  if (view.isFirst || view.isFullyPromoted || rollout.spec.paused === true || isOff(view)) return [];
  const pods = podsOf(observed, hash);
  if (availableOf(canary) > 0 || pods.some(isReady)) return [];
  const limit = isStableWell(view) ? startLimit(view) : undefined;
  return pods.flatMap(
    (pod) => refusalOf(view, pod) ?? (limit === undefined ? undefined : lateness(view, pod, limit)) ?? [],
  );
}

/** Who asks for the original's way with the deadline asks for it here, too. */
const isOff = (view: View): boolean =>
  gateIsOff(view, "neverReady") ||
  view.rollout.spec.progressDeadlineAbort === false ||
  (view.rollout.spec.progressDeadlineAbort === undefined && gateIsOff(view, "progressDeadline"));

/** Where most of the stable version isn't ready either, something is wrong that both share. */
const isStableWell = ({ stable }: View): boolean => 2 * (stable?.status?.readyReplicas ?? 0) > wantedOf(stable);

function refusalOf(view: View, pod: Pod): Late | undefined {
  const { status, metadata } = pod;
  for (const container of containersOf(pod)) {
    const { reason = "", message = "" } = container.state?.waiting ?? {};
    const known = refusals[reason];
    if (known === undefined) continue;
    const from = parseInstant(status?.startTime ?? metadata.creationTimestamp ?? "");
    if (from === undefined) return undefined;
    const words = `can't start: Pod ${nameOf(pod, container)}: ${reason}${message === "" ? "" : `: ${message}`}`;
    const verdict = { ...verdictOf(words), isBlamed: known.isBlamed, inputs: { reason } };
    return { at: after(freshSince(view, from), known.patience), verdict, isSeen: true };
  }
  return undefined;
}

const nameOf = ({ metadata }: Pod, { name }: ContainerStatus): string => `${metadata.name}/${name}`;

function lateness(view: View, pod: Pod, { limit, stable, probes }: StartLimit): Late | undefined {
  const since = notReadySince(pod);
  if (since === undefined) return undefined;
  const complaint = complaintOf(pod);
  const words =
    `never ready: Pod ${pod.metadata.name} runs for ${limit / 1000} s and isn't ready; Pods of the stable version took ` +
    `${stable / 1000} s at most, its own probes allow ${probes / 1000} s${complaint === "" ? "" : `. ${complaint}`}`;
  const inputs = { limitSeconds: limit / 1000, stableStartSeconds: stable / 1000, probeSeconds: probes / 1000 };
  return { at: after(freshSince(view, since), limit), verdict: { ...verdictOf(words), inputs }, isSeen: false };
}

const verdictOf = (message: string): Verdict => ({ cause: "neverReady", message, isBlamed: true, run: undefined });
