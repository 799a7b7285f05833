import type { Job, JobSpec, Pod, PodFailurePolicyRule } from "@sluice/api";
import { type Instant, instant, parseInstant } from "@sluice/kernel";

/** How a Pod ended, as its Job sees it. `ignored`: it counts neither way. */
export type Ending = "succeeded" | "failed" | "ignored";

/**
 * A Pod that is deleted counts as failed before it has ended, since it may never come to an end of its own.
 * One that is deleted because its Job is suspended is nobody's failure: the original counts it.
 */
export function endingOf({ metadata, status = {} }: Pod, { spec }: Job): Ending | undefined {
  if (status.phase === "Succeeded") return "succeeded";
  const isDeleted = metadata.deletionTimestamp !== undefined;
  if (isDeleted && spec.suspend === true) return "ignored";
  if (status.phase === "Failed") return matchedRule(status, spec)?.rule.action === "Ignore" ? "ignored" : "failed";
  return isDeleted && !waitsForTheEnd(spec) ? "failed" : undefined;
}

/** A Pod on its way out is replaced only when it has ended. */
export const waitsForTheEnd = ({ podReplacementPolicy, podFailurePolicy }: JobSpec): boolean =>
  podReplacementPolicy === "Failed" || podFailurePolicy !== undefined;

export const isOver = ({ status }: Pod): boolean => status?.phase === "Succeeded" || status?.phase === "Failed";

interface Match {
  readonly rule: PodFailurePolicyRule;
  /** What of the Pod matched, for people. */
  readonly because: string;
}

/** The first rule of the podFailurePolicy that a failed Pod meets. */
function matchedRule(status: NonNullable<Pod["status"]>, { podFailurePolicy }: JobSpec): Match | undefined {
  for (const [index, rule] of (podFailurePolicy?.rules ?? []).entries()) {
    const because = matchOf(status, rule);
    if (because !== undefined) return { rule, because: `${because} matching ${rule.action} rule at index ${index}` };
  }
  return undefined;
}

function matchOf(status: NonNullable<Pod["status"]>, { onExitCodes, onPodConditions }: PodFailurePolicyRule) {
  if (onExitCodes !== undefined) {
    const { containerName, operator, values } = onExitCodes;
    const ended = containersOf(status).find(({ name, state }) => {
      const exitCode = state?.terminated?.exitCode ?? 0;
      if (exitCode === 0 || (containerName !== undefined && containerName !== name)) return false;
      return values.includes(exitCode) === (operator === "In");
    });
    return ended && `Container ${ended.name} failed with exit code ${ended.state?.terminated?.exitCode}`;
  }
  const met = onPodConditions?.find((pattern) =>
    status.conditions?.some(({ type, status: is }) => type === pattern.type && is === (pattern.status ?? "True")),
  );
  return met && `Pod has condition ${met.type}`;
}

/** Why the whole Job fails with this Pod, where its policy says so. */
export function failsJob({ metadata, status = {} }: Pod, { spec }: Job): string | undefined {
  if (status.phase !== "Failed") return undefined;
  const match = matchedRule(status, spec);
  return match?.rule.action === "FailJob" ? `${metadata.namespace}/${metadata.name}: ${match.because}` : undefined;
}

const containersOf = ({ initContainerStatuses, containerStatuses }: NonNullable<Pod["status"]>) => [
  ...(initContainerStatuses ?? []),
  ...(containerStatuses ?? []),
];

export const restartsOf = ({ status = {} }: Pod): number =>
  containersOf(status).reduce((sum, { restartCount }) => sum + restartCount, 0);

/** When its last container ended; else the best that is known. */
export function endedAt({ metadata, status = {} }: Pod): Instant {
  const ends = containersOf(status).flatMap(({ state }) => parseInstant(state?.terminated?.finishedAt ?? "") ?? []);
  if (ends.length > 0) return instant(Math.max(...ends));
  return parseInstant(metadata.deletionTimestamp ?? metadata.creationTimestamp ?? "") ?? instant(0);
}
