import type {
  AnalysisRun,
  Application,
  BlueGreenDeployment,
  Client,
  ConfigMap,
  Decision,
  Deployment,
  DestinationRule,
  EndpointSlice,
  Experiment,
  Job,
  Judgement,
  Pod,
  PodDisruptionBudget,
  Quarantine,
  ReplicaSet,
  Resource,
  RingSet,
  Rollout,
  Service,
  VirtualService,
} from "@sluice/api";
import { managedRoutes } from "../manifests/plans.ts";
import { activeServiceName, canaryServiceName, stableServiceName } from "../manifests/release.ts";
import type { Story } from "../story/story.ts";

const hashLabel = "rollouts-pod-template-hash";
export const hashOf = ({ metadata }: Resource): string => metadata.labels?.[hashLabel] ?? "";
export const saysReady = ({ status }: Pod): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") === true;
export const isReady = (pod: Pod): boolean => pod.metadata.deletionTimestamp === undefined && saysReady(pod);
export const isLifted = ({ spec, status }: Quarantine): boolean =>
  status?.lifted === true || (spec.liftedBy ?? "") !== "";
export const wantedOf = ({ spec }: ReplicaSet | Deployment): number => spec.replicas ?? 1;
export const ownerOf = ({ metadata }: Resource): string => metadata.ownerReferences?.[0]?.kind ?? "";

/** A Rollout was deleted, and was to leave it. */
export const isLeft = ({ kind, metadata }: Resource): boolean =>
  kind !== "Service" && metadata.ownerReferences === undefined && metadata.name.startsWith("web-");

/** Everything as it stands in the store, with a release or without one. */
export interface Remains {
  readonly rollout: Rollout | undefined;
  readonly sets: readonly ReplicaSet[];
  readonly pods: readonly Pod[];
  readonly slices: readonly EndpointSlice[];
  readonly services: readonly Service[];
  readonly quarantines: readonly Quarantine[];
  /** About what is there now, and the names of all. */
  readonly decisions: readonly Decision[];
  readonly decisionNames: ReadonlySet<string>;
  readonly judgements: readonly Judgement[];
  readonly route: VirtualService | undefined;
  /** Every VirtualService that leads to the release, with that one. */
  readonly routes: readonly VirtualService[];
  readonly rule: DestinationRule | undefined;
  readonly deployments: readonly Deployment[];
  readonly jobs: readonly Job[];
  readonly experiments: readonly Experiment[];
  readonly runs: readonly AnalysisRun[];
  readonly configMaps: readonly ConfigMap[];
  readonly budget: PodDisruptionBudget | undefined;
  readonly ringSet: RingSet | undefined;
  readonly colours: BlueGreenDeployment | undefined;
  readonly application: Application | undefined;
  /** Percent of the canary's side, by the route that gives it most, and the version that it leads to. */
  readonly weight: number;
  /** What goes to neither side, as an experiment's versions do. */
  readonly beside: readonly Share[];
  /** Of both sides and all beside them, of the first route that hasn't 100; undefined where nothing is routed. */
  readonly sum: number | undefined;
  /** Routes that steps added. */
  readonly added: readonly string[];
  readonly canaryHash: string;
  readonly stableHash: string;
  /** What the active Service of a blue-green Rollout selects. */
  readonly activeHash: string;
}

export interface Picture extends Remains {
  readonly rollout: Rollout;
}

export const isPicture = (remains: Remains): remains is Picture => remains.rollout !== undefined;

interface Share {
  readonly weight: number;
  readonly service: string;
  readonly hash: string;
  readonly isBaseline: boolean;
}

/** What was decided about an earlier one of the same name says nothing of this one. */
const isOf =
  (rollout: Rollout | undefined) =>
  ({ spec: { subject } }: Decision): boolean =>
    rollout === undefined || subject.kind !== "Rollout" || subject.uid === rollout.metadata.uid;

/** Of one instant: every list is asked for before the first answer is waited for, and the store reads as it is asked. */
export async function pictureOf(client: Client, story: Story): Promise<Remains> {
  const { beside, delivery, isConfigured, hasRings, budget } = story;
  const all = async <R extends Resource>(apiVersion: string, kind: string, isThere = true): Promise<readonly R[]> =>
    isThere ? (await client.list<R>({ apiVersion, kind }, {})).items : [];
  const argo = "argoproj.io/v1alpha1";
  const ours = "sluice.dev/v1alpha1";
  const istio = "networking.istio.io/v1";
  const asked = {
    rollouts: all<Rollout>(argo, "Rollout"),
    routes: all<VirtualService>(istio, "VirtualService"),
    rules: all<DestinationRule>(istio, "DestinationRule"),
    services: all<Service>("v1", "Service"),
    colours: all<BlueGreenDeployment>(ours, "BlueGreenDeployment", beside.includes("colours")),
    applications: all<Application>(argo, "Application", delivery === "git"),
    decisions: all<Decision>(ours, "Decision"),
    sets: all<ReplicaSet>("apps/v1", "ReplicaSet"),
    pods: all<Pod>("v1", "Pod"),
    slices: all<EndpointSlice>("discovery.k8s.io/v1", "EndpointSlice"),
    quarantines: all<Quarantine>(ours, "Quarantine"),
    judgements: all<Judgement>(ours, "Judgement"),
    deployments: all<Deployment>("apps/v1", "Deployment"),
    jobs: all<Job>("batch/v1", "Job"),
    experiments: all<Experiment>(argo, "Experiment"),
    runs: all<AnalysisRun>(argo, "AnalysisRun"),
    budgets: all<PodDisruptionBudget>("policy/v1", "PodDisruptionBudget", budget !== "none"),
    configMaps: all<ConfigMap>("v1", "ConfigMap", isConfigured || delivery === "git"),
    ringSets: all<RingSet>(ours, "RingSet", hasRings),
  };
  const [rollout] = await asked.rollouts;
  const routes = await asked.routes;
  const route = routes.find(({ metadata }) => metadata.name === "web");
  const [rule] = await asked.rules;
  const services = await asked.services;
  const decisions = await asked.decisions;
  return {
    rollout,
    sets: await asked.sets,
    pods: await asked.pods,
    slices: await asked.slices,
    services,
    quarantines: await asked.quarantines,
    decisions: decisions.filter(isOf(rollout)),
    decisionNames: new Set(decisions.map(({ metadata }) => metadata.name)),
    judgements: await asked.judgements,
    route,
    routes,
    rule,
    deployments: await asked.deployments,
    jobs: await asked.jobs,
    experiments: await asked.experiments,
    runs: await asked.runs,
    budget: (await asked.budgets)[0],
    configMaps: await asked.configMaps,
    ringSet: (await asked.ringSets)[0],
    colours: (await asked.colours)[0],
    application: (await asked.applications)[0],
    ...ledBy(story, { rollout, routes, rule, services }),
  };
}

type Led = Pick<Remains, "weight" | "beside" | "sum" | "added" | "canaryHash" | "stableHash" | "activeHash">;

type HttpRouteDestination = ReturnType<typeof destinationsOf>[number];
export const destinationsOf = ({ spec }: VirtualService) =>
  spec.http?.find(({ name }) => name === "primary")?.route ?? [];

/** Routes that steps added to it. */
export const addedTo = ({ spec }: VirtualService): readonly string[] =>
  (spec.http ?? []).flatMap(({ name }) => (managedRoutes.some((one) => one === name) ? (name ?? []) : []));

/** Where users are sent. */
function ledBy(
  { sides }: Story,
  { rollout, routes, rule, services }: Pick<Remains, "rollout" | "routes" | "rule" | "services">,
): Led {
  // Services that take turns are told apart by what status says.
  const isTurned = sides === "pingPong" && rollout?.status?.canary?.stablePingPong === "ping";
  const [canaryHost, stableHost] = isTurned
    ? [stableServiceName, canaryServiceName]
    : [canaryServiceName, stableServiceName];
  const selectedBy = (name: string) =>
    services.find(({ metadata }) => metadata.name === name)?.spec.selector?.[hashLabel] ?? "";
  const leadsTo = (name: "canary" | "stable") =>
    sides === "subsets"
      ? (rule?.spec.subsets?.find((subset) => subset.name === name)?.labels?.[hashLabel] ?? "")
      : selectedBy(name === "canary" ? canaryHost : stableHost);
  const all = routes.map(destinationsOf);
  const sideOf = ({ destination: { subset, host } }: HttpRouteDestination) =>
    subset ?? (host === canaryHost ? "canary" : host === stableHost ? "stable" : undefined);
  const asShare = ({ destination, weight = 0 }: HttpRouteDestination): Share => {
    const isBaseline = destination.host.includes("-fresh-baseline");
    return { weight, service: destination.host, hash: selectedBy(destination.host), isBaseline };
  };
  const sums = all.map((each) => each.reduce((sum, { weight = 0 }) => sum + weight, 0));
  return {
    weight: Math.max(0, ...all.map((each) => each.find((one) => sideOf(one) === "canary")?.weight ?? 0)),
    beside: all.flatMap((each) => each.filter((one) => sideOf(one) === undefined).map(asShare)),
    sum: sums.find((sum) => sum !== 100) ?? sums[0],
    added: [...new Set(routes.flatMap(addedTo))],
    canaryHash: leadsTo("canary"),
    stableHash: leadsTo("stable"),
    activeHash: selectedBy(activeServiceName),
  };
}

/** A person asked for other Pods, and not all are others yet. */
export const isRestarting = ({ rollout: { spec, status } }: Picture): boolean =>
  spec.restartAt !== undefined && status?.restartedAt !== spec.restartAt;

/** It is asked for no Pods: whoever is sent from one version of it to another loses none. */
export const isAsleep = ({ rollout }: Remains): boolean => rollout?.spec.replicas === 0;

/** Or was since, as far as can be told: who edits twice between two looks may have asked for none meanwhile. */
export function mayBeAsleep(now: Picture, before: Picture | undefined): boolean {
  if (before === undefined) return isAsleep(now);
  const edits = (now.rollout.metadata.generation ?? 0) - (before.rollout.metadata.generation ?? 0);
  return isAsleep(now) || isAsleep(before) || edits > 1;
}

/** Decisions about a version. */
export const toldOf = ({ decisions }: Picture, hash: string): number =>
  decisions.filter((decision) => hashOf(decision) === hash).length;

/** What a version had, on whichever side: Services that take turns change sides, and no user goes elsewhere. */
export function shareOf({ weight, canaryHash, stableHash }: Remains, hash: string): number {
  return Math.max(canaryHash === hash ? weight : 0, stableHash === hash ? 100 - weight : 0);
}

/** With those that end what they are at: a moment ago they were ready. */
export const wereReadyOf = ({ pods }: Remains, hash: string): number =>
  pods.filter((pod) => hashOf(pod) === hash && saysReady(pod)).length;

export const readyOf = ({ pods }: Picture, hash: string): number =>
  pods.filter((pod) => hashOf(pod) === hash && isReady(pod)).length;
