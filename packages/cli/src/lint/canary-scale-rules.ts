import type { CanaryStep, Rollout } from "@sluice/api";
import { list } from "./analysis-arguments.ts";
import { canaryOf } from "./analysis-uses.ts";
import type { Finding } from "./finding.ts";
import type { Manifest } from "./manifest.ts";
import { stepBefore, withFix } from "./repairs.ts";
import { findingAt, type World } from "./world.ts";

const repair = "setCanaryScale: { matchTrafficWeight: true }";

/** A scale of the canary holds until another one: a later weight may send it more than its pods carry. */
export const canaryScaleFindings = (world: World): readonly Finding[] => world.of("Rollout").flatMap(checkSteps);

function checkSteps(manifest: Manifest): readonly Finding[] {
  const canary = canaryOf(manifest);
  if (canary?.trafficRouting === undefined) return [];
  const findings: Finding[] = [];
  let share: number | undefined;
  for (const [index, step] of list<CanaryStep>(canary.steps).entries()) {
    if (step?.setCanaryScale !== undefined) share = shareOf(manifest, step.setCanaryScale);
    const weight = step?.setWeight;
    if (typeof weight !== "number" || share === undefined || weight <= share) continue;
    const path = `spec.strategy.canary.steps[${index}]`;
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

/** The canary's pods as a percentage of all; undefined where they follow the traffic. */
function shareOf(manifest: Manifest, scale: CanaryStep["setCanaryScale"]): number | undefined {
  const { weight, replicas, matchTrafficWeight } = scale ?? {};
  if (matchTrafficWeight === true) return undefined;
  if (typeof weight === "number") return weight;
  const all = (manifest.resource as Rollout).spec.replicas ?? 1;
  return typeof replicas === "number" && all > 0 ? (replicas / all) * 100 : undefined;
}
