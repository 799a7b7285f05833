import type { CanaryStep, CanaryStrategy, Rollout, SetCanaryScale } from "@sluice/api";
import { type Millis, seconds } from "@sluice/kernel";
import { parseGoDuration } from "@sluice/languages";
import { hashOfSteps } from "./step-hash.ts";

export const canaryOf = (rollout: Rollout): CanaryStrategy => rollout.spec.strategy.canary ?? {};
/** The strategy whose maxSurge and maxUnavailable count. */
export const limitedBy = ({ spec: { strategy } }: Rollout): Pick<CanaryStrategy, "maxSurge" | "maxUnavailable"> =>
  strategy.blueGreen ?? strategy.canary ?? {};
export const stepsOf = (rollout: Rollout): readonly CanaryStep[] => canaryOf(rollout).steps ?? [];
export const replicasOf = (rollout: Rollout): number => rollout.spec.replicas ?? 1;
export const isRouted = (rollout: Rollout): boolean => canaryOf(rollout).trafficRouting !== undefined;
/** The stable version shrinks as traffic leaves it. */
export const isDynamic = (rollout: Rollout): boolean =>
  isRouted(rollout) && canaryOf(rollout).dynamicStableScale === true;

/** A change of steps begins the release anew, as a change of the template does. */
export const stepHash = (rollout: Rollout): string => {
  const steps = stepsOf(rollout);
  const known = stepHashes.get(steps) ?? hashOfSteps(steps);
  stepHashes.set(steps, known);
  return known;
};

/** Asked for twice at every look, of the same unchanging steps. */
const stepHashes = new WeakMap<object, string>();

export interface Progress {
  readonly steps: readonly CanaryStep[];
  /** Undefined without steps. */
  readonly index: number | undefined;
  readonly step: CanaryStep | undefined;
}

export function progressOf(rollout: Rollout): Progress {
  const steps = stepsOf(rollout);
  if (steps.length === 0) return { steps, index: undefined, step: undefined };
  const index = Math.min(rollout.status?.currentStepIndex ?? 0, steps.length);
  return { steps, index, step: steps[index] };
}

/** The weight that the steps ask for: of the last setWeight up to here; all after the last step. */
export function weightAt({ steps, index }: Progress): number {
  if (index === undefined || index >= steps.length) return 100;
  return steps.slice(0, index + 1).findLast(({ setWeight }) => setWeight !== undefined)?.setWeight ?? 0;
}

/** The weight before the current step: what stays routed until the canary is ready for more. */
export function weightBefore({ steps, index = 0 }: Progress): number {
  return steps.slice(0, index).findLast(({ setWeight }) => setWeight !== undefined)?.setWeight ?? 0;
}

/** The setCanaryScale in force; `matchTrafficWeight` ends an earlier one. Nothing after the last step. */
export function scaleAt({ steps, index }: Progress): SetCanaryScale | undefined {
  if (index === undefined || index >= steps.length) return undefined;
  const scale = steps
    .slice(0, index + 1)
    .findLast(({ setCanaryScale }) => setCanaryScale !== undefined)?.setCanaryScale;
  return scale?.matchTrafficWeight === true ? undefined : scale;
}

/** Undefined: until promoted. A bare number or text of digits counts seconds. */
export function pauseLength(step: CanaryStep): Millis | undefined {
  const duration = step.pause?.duration;
  if (duration === undefined) return undefined;
  if (typeof duration === "number") return seconds(duration);
  if (/^\d+$/.test(duration)) return seconds(Number(duration));
  const read = parseGoDuration(duration);
  return read.is === "parsed" ? read.value : seconds(0);
}

/** Those from index `from` on, up to `to`, which isn't one of them: as people count and call them. */
export function stepsText(steps: readonly CanaryStep[], from: number, to: number): string {
  const names = steps.slice(from, to).map(stepText);
  return names.length === 1 ? `step ${from + 1} (${names[0]})` : `steps ${from + 1} to ${to} (${names.join(", ")})`;
}

/** The original's CanaryStepString. */
export function stepText(step: CanaryStep): string {
  if (step.setWeight !== undefined) return `setWeight: ${step.setWeight}`;
  if (step.pause !== undefined) {
    return step.pause.duration === undefined ? "pause" : `pause: ${step.pause.duration}`;
  }
  if (step.analysis !== undefined) return "analysis";
  if (step.experiment !== undefined) return "experiment";
  if (step.setCanaryScale !== undefined) {
    const { weight, replicas } = step.setCanaryScale;
    if (weight !== undefined) return `setCanaryScale{weight: ${weight}}`;
    if (replicas !== undefined) return `setCanaryScale{replicas: ${replicas}}`;
    return "setCanaryScale{matchTrafficWeight: true}";
  }
  if (step.setHeaderRoute !== undefined) return "setHeaderRoute";
  if (step.setMirrorRoute !== undefined) return "setMirrorRoute";
  return "invalid";
}
