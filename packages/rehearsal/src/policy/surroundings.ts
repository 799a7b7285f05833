import {
  type DestinationRule,
  defaultHoldback,
  matchesSelector,
  type Resource,
  type RollbackPolicy,
  type Rollout,
  type RolloutAnalysis,
  type VirtualService,
} from "@sluice/api";
import { missingSecrets, type NamedTemplate } from "./secrets.ts";

export interface Surroundings {
  readonly objects: readonly Resource[];
  readonly words: readonly string[];
}

/** What a Rollout refers to and the files don't hold: plain ones, so that the rest can be rehearsed. */
export function madeUp(rollout: Rollout, around: readonly Resource[], holdsBack: boolean): Surroundings {
  const namespace = rollout.metadata.namespace ?? "default";
  const objects: Resource[] = [];
  const words: string[] = [];
  const has = (kind: string, name: string) =>
    [...around, ...objects].some((object) => object.kind === kind && object.metadata.name === name);
  const make = (object: Resource, word?: string) => {
    objects.push(object);
    words.push(word ?? `${object.kind} ${object.metadata.name}`);
  };
  const { canary = {}, blueGreen } = rollout.spec.strategy;
  const selector = rollout.spec.selector?.matchLabels ?? rollout.spec.template?.metadata?.labels ?? {};
  const service = (name: string): Resource =>
    ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace },
      spec: { selector, ports: [{ name: "http", port: 80, targetPort: 8080 }] },
    }) as Resource;
  const { pingService, pongService } = canary.pingPong ?? {};
  const [stableService, canaryService] = [canary.stableService ?? pingService, canary.canaryService ?? pongService];
  const services = [canaryService, stableService, blueGreen?.activeService, blueGreen?.previewService];
  for (const name of services) if (name !== undefined && !has("Service", name)) make(service(name));

  const { virtualService, virtualServices = [], destinationRule } = canary.trafficRouting?.istio ?? {};
  const references = [...(virtualService === undefined ? [] : [virtualService]), ...virtualServices];
  const rule = around.find(
    ({ kind, metadata }) => kind === "DestinationRule" && metadata.name === destinationRule?.name,
  ) as DestinationRule | undefined;
  // Subsets need a Service that both versions' Pods are behind: those of the Rollout have one's each.
  const isPooled = (name: string | undefined) => name !== undefined && !services.includes(name);
  const pooled = [rollout.metadata.name, `${rollout.metadata.name}-rehearsed`].find(isPooled);
  const host =
    rule?.spec.host?.split(".")[0] ??
    (destinationRule === undefined
      ? (stableService ?? rollout.metadata.name)
      : (subsetHost(around, destinationRule.canarySubsetName) ?? pooled ?? rollout.metadata.name));
  if (destinationRule !== undefined && rule === undefined) {
    const { canarySubsetName, stableSubsetName, name } = destinationRule;
    const subsets = [stableSubsetName, canarySubsetName].map((subset) => ({ name: subset, labels: selector }));
    make({
      apiVersion: "networking.istio.io/v1",
      kind: "DestinationRule",
      metadata: { name, namespace },
      spec: { host, subsets },
    } as Resource);
  }
  for (const { name, routes } of references) {
    const [own = ""] = name.split(".");
    if (has("VirtualService", own)) continue;
    const to = (subset: string | undefined, service: string | undefined, weight: number) => ({
      destination: destinationRule === undefined ? { host: service ?? host } : { host, subset },
      weight,
    });
    const route = [
      to(destinationRule?.stableSubsetName, stableService, 100),
      to(destinationRule?.canarySubsetName, canaryService, 0),
    ];
    make({
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata: { name: own, namespace },
      spec: { hosts: [host], http: (routes?.length ? routes : ["primary"]).map((of) => ({ name: of, route })) },
    } as Resource);
  }
  // Also where only the route names it, or where nobody does: users come in somewhere.
  if (!has("Service", host)) make(service(host));

  const templates = templatesOf(rollout, around);
  for (const secret of missingSecrets(templates, around, namespace)) make(secret);
  for (const { templateName, clusterScope, endsWithout } of templates) {
    const kind = clusterScope === true ? "ClusterAnalysisTemplate" : "AnalysisTemplate";
    if (has(kind, templateName)) continue;
    make(
      {
        apiVersion: "argoproj.io/v1alpha1",
        kind,
        metadata: { name: templateName, ...(clusterScope === true ? {} : { namespace }) },
        spec: {
          metrics: [
            {
              name: `${templateName} (missing)`,
              count: 1,
              successCondition: "true",
              provider: { prometheus: { query: "1" } },
            },
          ],
        },
      } as Resource,
      `${kind} ${templateName}, which decides nothing here: ${endsWithout ?? "Argo Rollouts would refuse the Rollout without it"}`,
    );
  }
  // Pods that are the traffic and a switch carry no share of it.
  const isRouted = canary.trafficRouting !== undefined;
  if (holdsBack && isRouted && !around.some((object) => selects(object, rollout))) {
    const { weight, seconds } = defaultHoldback;
    make(
      {
        apiVersion: "sluice.dev/v1alpha1",
        kind: "RollbackPolicy",
        metadata: { name: `${rollout.metadata.name}-rehearsed`, namespace },
        spec: { rules: [], holdback: { weight, seconds } },
      } as Resource,
      `RollbackPolicy ${rollout.metadata.name}-rehearsed, which holds ${weight} % back for ${seconds / 60} minutes, without rules of its own`,
    );
  }
  return { objects, words };
}

/** Whose subset a VirtualService of the files sends the canary's share to. */
function subsetHost(around: readonly Resource[], subset: string): string | undefined {
  return around
    .filter((object): object is VirtualService => object.kind === "VirtualService")
    .flatMap(({ spec }) => (spec?.http ?? []).flatMap(({ route = [] }) => route))
    .find(({ destination }) => destination?.subset === subset)
    ?.destination?.host?.split(".")[0];
}

/** Whether it is a RollbackPolicy that releases of this Rollout may be judged by. */
export function selects(object: Resource, rollout: Rollout): object is RollbackPolicy {
  if (object.kind !== "RollbackPolicy") return false;
  const { selector } = (object as RollbackPolicy).spec;
  return selector === undefined || matchesSelector(selector, rollout.metadata.labels ?? {});
}

interface Reference extends NamedTemplate {
  /** What comes of its absence, where that isn't a refusal. */
  readonly endsWithout?: string;
}

function templatesOf(rollout: Rollout, around: readonly Resource[]): readonly Reference[] {
  const nested = around
    .filter(({ kind }) => kind.endsWith("AnalysisTemplate"))
    .flatMap((object) => (object as { spec?: { templates?: readonly Reference[] } }).spec?.templates ?? []);
  const ofExperiments = (rollout.spec.strategy.canary?.steps ?? [])
    .flatMap(({ experiment }) => experiment?.analyses ?? [])
    .map((analysis) => ({
      ...analysis,
      endsWithout: "without it the experiment, and the release with it, would fail",
    }));
  const named = analysesOf(rollout).flatMap(({ analysis }) => analysis.templates ?? []);
  return [...named, ...nested, ...ofExperiments];
}

/** Every analysis of a Rollout; `step` is undefined for those that run beside the steps. */
export function analysesOf(
  rollout: Rollout,
): readonly { readonly step: number | undefined; readonly analysis: RolloutAnalysis }[] {
  const { canary = {}, blueGreen } = rollout.spec.strategy;
  const beside = [canary.analysis, blueGreen?.prePromotionAnalysis, blueGreen?.postPromotionAnalysis];
  return [
    ...beside.flatMap((analysis) => (analysis === undefined ? [] : [{ step: undefined, analysis }])),
    ...(canary.steps ?? []).flatMap(({ analysis }, step) => (analysis === undefined ? [] : [{ step, analysis }])),
  ];
}
