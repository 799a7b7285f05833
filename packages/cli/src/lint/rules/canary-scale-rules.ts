import type { CanaryStep, Rollout } from "@sluice/api";
import { list } from "../analysis/analysis-arguments.ts";
import { canaryOf } from "../analysis/analysis-uses.ts";
import type { Finding } from "../finding.ts";
import type { Manifest } from "../manifests/manifest.ts";
import { findingAt, type World } from "../manifests/world.ts";
import { replacement, stepBefore, withField, withFix } from "../repairs/repairs.ts";

const repair = "setCanaryScale: { matchTrafficWeight: true }";

/**
 * Pods and traffic of the canary, step by step. A scale holds until another one: a later weight may send it more than its
 * pods carry. An analysis beside the steps measures from its first step on, with traffic or without.
 */
export const canaryScaleFindings = (world: World): readonly Finding[] =>
  world.of("Rollout").flatMap((manifest) => [...checkSteps(manifest), ...checkStart(manifest)]);

function checkStart(manifest: Manifest): readonly Finding[] {
  const canary = canaryOf(manifest);
  if (canary?.trafficRouting === undefined || typeof canary.analysis !== "object" || canary.analysis === null)
    return [];
  const { startingStep = 0 } = canary.analysis;
  // A step that does both becomes two, the pods first.
  const steps = list<CanaryStep>(canary.steps).flatMap((step) =>
    step?.setCanaryScale !== undefined && step.setWeight !== undefined ? [{}, step] : [step],
  );
  const traffic = steps.findIndex((step) => typeof step?.setWeight === "number" && step.setWeight > 0);
  if (traffic <= startingStep) return [];
  const path = "spec.strategy.canary.analysis";
  const line = `startingStep: ${traffic + 1}`;
  const isGiven = canary.analysis.startingStep !== undefined;
  const finding = findingAt(manifest, isGiven ? `${path}.startingStep` : path, {
    severity: "warning",
    rule: "analysis-before-traffic",
    what: `the analysis measures from step ${startingStep} on, and the new version has no traffic before step ${traffic}: no data, or NaN, which fails a condition`,
    found: isGiven ? `startingStep: ${startingStep}` : "no startingStep, which is 0",
    expected: `a step after the first setWeight: ${traffic + 1}`,
    repair: `write ${line}`,
  });
  const fix = isGiven
    ? replacement(manifest, `${path}.startingStep`, String(traffic + 1))
    : withField(manifest, path, line);
  return [traffic + 1 < steps.length ? withFix(finding, fix) : finding];
}

function checkSteps(manifest: Manifest): readonly Finding[] {
  const canary = canaryOf(manifest);
  if (canary?.trafficRouting === undefined) return [];
  const findings: Finding[] = [];
  let share: number | undefined;
  let routed = 0;
  for (const [index, step] of list<CanaryStep>(canary.steps).entries()) {
    const path = `spec.strategy.canary.steps[${index}]`;
    const weight = step?.setWeight;
    if (step?.setCanaryScale !== undefined) {
      share = shareOf(manifest, step.setCanaryScale);
      if (share === 0 && weight === undefined && routed > 0) {
        findings.push(
          withoutPods(manifest, path, "setCanaryScale", `a scale of 0 after setWeight: ${routed}`, "setWeight: 0"),
        );
        share = undefined;
      }
    }
    if (typeof weight !== "number") continue;
    routed = weight;
    if (share === undefined || weight <= share) continue;
    if (share === 0) {
      findings.push(withoutPods(manifest, path, "setWeight", `setWeight: ${weight} after a scale of 0`, repair));
      share = undefined;
      continue;
    }
    const finding = findingAt(manifest, `${path}.setWeight`, {
      severity: "warning",
      rule: "overloaded-canary",
      what: `${weight} % of the traffic goes to ${Math.round(share)} % of the pods: a setCanaryScale holds until another one`,
      found: `setWeight: ${weight} after a scale of ${Math.round(share)} %`,
      expected: "as many pods as traffic, and the pods first",
      repair: `add the step ${repair} before it`,
    });
    findings.push(withFix(finding, stepBefore(manifest, path, repair)));
    // The next weights are measured as if this one were repaired.
    share = undefined;
  }
  return findings;
}

/** What is written at `field` of a step; `step` is the one to add before it. */
function withoutPods(manifest: Manifest, path: string, field: string, found: string, step: string): Finding {
  const finding = findingAt(manifest, `${path}.${field}`, {
    severity: "warning",
    rule: "weight-without-pods",
    what: "traffic for a new version that has no pods: the stable version keeps it, no user gets the new one, and the steps go on",
    found,
    expected: "pods where there is traffic",
    repair: `add the step ${step} before it`,
  });
  return withFix(finding, stepBefore(manifest, path, step));
}

/** The canary's pods as a percentage of all; undefined where they follow the traffic. */
function shareOf(manifest: Manifest, scale: CanaryStep["setCanaryScale"]): number | undefined {
  const { weight, replicas, matchTrafficWeight } = scale ?? {};
  if (matchTrafficWeight === true) return undefined;
  if (typeof weight === "number") return weight;
  const all = (manifest.resource as Rollout).spec.replicas ?? 1;
  return typeof replicas === "number" && all > 0 ? (replicas / all) * 100 : undefined;
}
