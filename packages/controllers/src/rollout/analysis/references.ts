import {
  type Argument,
  type Rollout,
  type RolloutAnalysis,
  type RolloutWorkloadReference,
  ringsAnnotation,
} from "@sluice/api";
import {
  boundFields,
  fieldAt,
  flattenedTemplates,
  type MergedTemplates,
  mergeTemplates,
  type Resolved,
  resolved,
} from "../../arguments/index.ts";
import { podHashLabel } from "../../version/index.ts";
import { blueGreenOf } from "../bluegreen/strategy.ts";
import { canaryOf } from "../canary/steps.ts";
import { annotations } from "../names.ts";
import { analysesOf, type ObservedRollout } from "../observe.ts";
import { ringSetName } from "../rings/routed-rings.ts";
import { olderRival, olderRuleRival } from "../routing/claims.ts";
import { managedRouteNames, sidesOf, virtualServiceReferences } from "../routing/sides.ts";
import { destinationFault, weighedRoutes } from "../routing/virtual-service.ts";

/**
 * Why a Rollout can't be carried out as its references stand, in the original's words; undefined where it can.
 * Source: argo-rollouts pkg/apis/rollouts/validation/validation_references.go.
 */
export function referenceFault(observed: ObservedRollout): string | undefined {
  const { rollout, services, virtualServices, rivals, destinationRule } = observed;
  const canary = canaryOf(rollout);
  const at = "spec.strategy.canary";
  if (observed.workload.is === "missing") return missingWorkload(observed.workload.reference);
  const sides = sidesOf(rollout);
  for (const [side, service] of [
    ["canary", sides.canaryService],
    ["stable", sides.stableService],
  ] as const) {
    if (service !== undefined && services.get(service) === undefined) {
      const { pingService } = canary.pingPong ?? {};
      const turn = service === pingService ? "pingPong.pingService" : "pingPong.pongService";
      const field = canary.pingPong === undefined ? `${side}Service` : turn;
      return invalid(`${at}.${field}`, service, `service "${service}" not found`);
    }
  }
  const blueGreen = blueGreenServicesFault(observed);
  if (blueGreen !== undefined) return blueGreen;
  const istio = canary.trafficRouting?.istio;
  for (const [index, reference] of virtualServiceReferences(rollout).entries()) {
    const field = istio?.virtualService === undefined ? `virtualServices[${index}]` : "virtualService";
    const path = `${at}.trafficRouting.istio.${field}.name`;
    const { name } = reference;
    const virtualService = virtualServices.get(name);
    if (virtualService === undefined)
      return invalid(path, name, `virtualservices.networking.istio.io "${name}" not found`);
    const routes = weighedRoutes(virtualService, reference, managedRouteNames(rollout));
    if (routes.is === "fault") return invalid(path, name, routes.message);
    const destination = destinationFault(virtualService, routes.value, sides);
    if (destination !== undefined) return invalid(path, name, destination);
    const older = olderRival(virtualService, reference, rollout, rivals);
    if (older !== undefined) {
      const owner = `${older.rival.metadata.namespace}/${older.rival.metadata.name}`;
      return invalid(path, name, `its route '${older.route}' is weighed by the older Rollout ${owner}`);
    }
  }
  if (istio?.destinationRule !== undefined) {
    const path = `${at}.trafficRouting.istio.destinationRule`;
    const { name, canarySubsetName, stableSubsetName } = istio.destinationRule;
    if (destinationRule === undefined) {
      return invalid(`${path}.name`, name, `destinationrules.networking.istio.io "${name}" not found`);
    }
    const older = olderRuleRival(rollout, observed.ruleRival);
    if (older !== undefined) {
      const owner = `${older.metadata.namespace}/${older.metadata.name}`;
      return invalid(`${path}.name`, name, `its subsets are the versions of the older Rollout ${owner}`);
    }
    const subsets = destinationRule.spec.subsets ?? [];
    for (const subset of [canarySubsetName, stableSubsetName]) {
      if (!subsets.some((known) => known.name === subset)) {
        return invalid(`${path}.name`, name, `DestinationRule "${name}" has no subset "${subset}"`);
      }
    }
  }
  const rings = ringSetName(rollout);
  if (rings !== undefined && observed.ringSet === undefined) {
    return invalid(`metadata.annotations[${ringsAnnotation}]`, rings, `ringsets.sluice.dev "${rings}" not found`);
  }
  for (const { path, analysis } of analysesOf(rollout)) {
    const merged = mergedAnalysis(analysis, observed, "");
    if (merged.is === "fault") {
      const names = (analysis.templates ?? []).map(({ templateName }) => templateName).join(",");
      return invalid(`${path}.templates`, names, merged.message);
    }
  }
  return undefined;
}

export const missingWorkload = ({ kind = "Deployment", name = "" }: RolloutWorkloadReference): string =>
  invalid("spec.workloadRef.name", name, `${kind} "${name}" not found`);

/** Services that are there, that select this Rollout's Pods, and that no other Rollout switches. */
function blueGreenServicesFault({ rollout, services }: ObservedRollout): string | undefined {
  for (const field of ["activeService", "previewService"] as const) {
    const name = blueGreenOf(rollout)?.[field] ?? "";
    if (name === "") continue;
    const path = `spec.strategy.blueGreen.${field}`;
    const service = services.get(name);
    if (service === undefined) return invalid(path, name, `service "${name}" not found`);
    const labels = rollout.spec.template?.metadata?.labels ?? {};
    const unmatched = Object.entries(service.spec.selector ?? {}).find(
      ([key, value]) => key !== podHashLabel && labels[key] !== value,
    );
    if (unmatched !== undefined) {
      return invalid(path, name, `Service "${name}" has unmatch label "${unmatched[0]}" in rollout`);
    }
    const manager = service.metadata.annotations?.[annotations.managedBy];
    if (manager !== undefined && manager !== rollout.metadata.name) {
      return invalid(path, name, `Service "${name}" is managed by another Rollout`);
    }
  }
  return undefined;
}

const invalid = (path: string, found: string, detail: string): string =>
  `${path}: Invalid value: ${JSON.stringify(found)}: ${detail}`;

/** The metrics and arguments of one analysis, its templates looked up and their templates too, each once. */
export function mergedAnalysis(
  analysis: RolloutAnalysis,
  observed: ObservedRollout,
  stableHash: string,
  latestHash = "",
): Resolved<MergedTemplates> {
  const specs = flattenedTemplates(analysis.templates ?? [], observed.templates);
  if (specs.is === "fault") return specs;
  const args = passedArguments(analysis, observed.rollout, stableHash, latestHash);
  if (args.is === "fault") return args;
  const merged = mergeTemplates(specs.value, args.value);
  if (merged.is === "fault") return merged;
  const bound = boundFields(merged.value.args, observed.rollout);
  if (bound.is === "fault") return bound;
  return resolved({
    ...merged.value,
    args: bound.value,
    dryRun: [...merged.value.dryRun, ...(analysis.dryRun ?? [])],
    measurementRetention: [...merged.value.measurementRetention, ...(analysis.measurementRetention ?? [])],
  });
}

export function passedArguments(
  { args = [] }: Pick<RolloutAnalysis, "args">,
  rollout: Rollout,
  stableHash: string,
  latestHash: string,
): Resolved<readonly Argument[]> {
  const passed: Argument[] = [];
  for (const { name, value, valueFrom } of args) {
    if (valueFrom?.podTemplateHashValue !== undefined) {
      passed.push({ name, value: valueFrom.podTemplateHashValue === "Stable" ? stableHash : latestHash });
    } else if (valueFrom?.fieldRef !== undefined) {
      const field = fieldAt(rollout, valueFrom.fieldRef.fieldPath);
      if (field.is === "fault") return field;
      passed.push({ name, value: field.value });
    } else passed.push({ name, ...(value === undefined ? {} : { value }) });
  }
  return resolved(passed);
}
