import type { L4RouteDestination, Rollout, VirtualService, WeightDestination } from "@sluice/api";
import { currentExperiment } from "../experiment/step.ts";
import type { FreshBaseline } from "../judging/fresh-baseline.ts";
import type { ObservedRollout } from "../observe.ts";
import type { View } from "../view.ts";
import { sumOf } from "./virtual-service.ts";

/**
 * What the versions of the running experiment get, beside both sides. Nothing once it ended, so that no request reaches
 * Pods that go. Source: argo-rollouts rollout/trafficrouting.go calculateWeightDestinationsFromExperiment.
 */
export function experimentShares(observed: ObservedRollout, view: View): readonly WeightDestination[] {
  const { progress, isFirst, isFullyPromoted, status } = view;
  if (isFirst || isFullyPromoted || status.promoteFull === true) return [];
  const experiment = currentExperiment(observed, view);
  if (experiment?.status?.phase !== "Running" || experiment.spec.terminate === true) return [];
  return (progress.step?.experiment?.templates ?? []).flatMap(({ name, weight }): WeightDestination[] => {
    const version = experiment.status?.templateStatuses?.find((one) => one.name === name);
    const { serviceName, podTemplateHash } = version ?? {};
    if (weight === undefined || serviceName === undefined || !hasEndpoints(observed, serviceName)) return [];
    return [{ weight, serviceName, ...(podTemplateHash === undefined ? {} : { podTemplateHash }) }];
  });
}

/** The fresh baseline gets as many percent as the canary, as long as the stable version has so many. */
export function baselineShares(
  observed: ObservedRollout,
  baseline: FreshBaseline,
  weight: number,
  others: readonly WeightDestination[],
): readonly WeightDestination[] {
  if (baseline.is !== "there" || baseline.service === undefined) return [];
  const share = Math.min(weight, 100 - weight - sumOf(others));
  if (share <= 0 || !hasEndpoints(observed, baseline.service)) return [];
  return [{ weight: share, serviceName: baseline.service, podTemplateHash: baseline.hash }];
}

/** Available Pods are not yet endpoints. Without any slice nothing can be said. */
function hasEndpoints({ endpointSlices }: ObservedRollout, service: string): boolean {
  const slices = endpointSlices.filter(({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === service);
  const isReady = slices.some(({ endpoints }) => endpoints?.some(({ conditions }) => conditions?.ready !== false));
  return slices.length === 0 || isReady;
}

/** As destinations of this VirtualService; of another namespace a short host would be another Service. */
export function shareDestinations(
  shares: readonly WeightDestination[],
  { metadata }: Rollout,
  virtualService: VirtualService,
): readonly L4RouteDestination[] {
  const { namespace } = metadata;
  const isElsewhere = namespace !== undefined && virtualService.metadata.namespace !== namespace;
  const suffix = isElsewhere ? `.${namespace}.svc.cluster.local` : "";
  return shares.map(({ serviceName = "", weight }) => ({ destination: { host: `${serviceName}${suffix}` }, weight }));
}
