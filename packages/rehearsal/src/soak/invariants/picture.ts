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
import { canaryServiceName, stableServiceName } from "../manifests/release.ts";
import type { Story } from "../story/story.ts";

const hashLabel = "rollouts-pod-template-hash";
export const hashOf = ({ metadata }: Resource): string => metadata.labels?.[hashLabel] ?? "";
export const isReady = ({ status, metadata }: Pod): boolean =>
  metadata.deletionTimestamp === undefined &&
  status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") === true;
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
  /** Percent of the canary's side, and the version that it leads to. */
  readonly weight: number;
  /** What goes to neither side, as an experiment's versions do. */
  readonly beside: readonly Share[];
  /** Of both sides and all beside them; undefined where nothing is routed. */
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

export async function pictureOf(client: Client, story: Story): Promise<Remains> {
  const { beside, delivery, sides, isConfigured, hasRings, budget } = story;
  const all = async <R extends Resource>(apiVersion: string, kind: string, isThere = true): Promise<readonly R[]> =>
    isThere ? (await client.list<R>({ apiVersion, kind }, {})).items : [];
  const argo = "argoproj.io/v1alpha1";
  const ours = "sluice.dev/v1alpha1";
  const [rollout] = await all<Rollout>(argo, "Rollout");
  const [route] = await all<VirtualService>("networking.istio.io/v1", "VirtualService");
  const [rule] = await all<DestinationRule>("networking.istio.io/v1", "DestinationRule");
  const services = await all<Service>("v1", "Service");
  const [colours] = await all<BlueGreenDeployment>(ours, "BlueGreenDeployment", beside.includes("colours"));
  const [application] = await all<Application>(argo, "Application", delivery === "git");
  const selectedBy = (name: string) =>
    services.find(({ metadata }) => metadata.name === name)?.spec.selector?.[hashLabel] ?? "";
  const leadsTo = (name: "canary" | "stable") =>
    sides === "subsets"
      ? (rule?.spec.subsets?.find((subset) => subset.name === name)?.labels?.[hashLabel] ?? "")
      : selectedBy(name === "canary" ? canaryServiceName : stableServiceName);
  const destinations = route?.spec.http?.find(({ name }) => name === "primary")?.route ?? [];
  const sideOf = ({ destination: { subset, host } }: (typeof destinations)[number]) =>
    subset ?? (host === canaryServiceName ? "canary" : host === stableServiceName ? "stable" : undefined);
  const decisions = await all<Decision>(ours, "Decision");
  const sets = await all<ReplicaSet>("apps/v1", "ReplicaSet");
  const shareOf = ({ destination, weight = 0 }: (typeof destinations)[number]): Share => {
    const isBaseline = destination.host.includes("-fresh-baseline");
    return { weight, service: destination.host, hash: selectedBy(destination.host), isBaseline };
  };
  return {
    rollout,
    sets,
    pods: await all<Pod>("v1", "Pod"),
    slices: await all<EndpointSlice>("discovery.k8s.io/v1", "EndpointSlice"),
    services,
    quarantines: await all<Quarantine>(ours, "Quarantine"),
    decisions: decisions.filter(isOf(rollout)),
    decisionNames: new Set(decisions.map(({ metadata }) => metadata.name)),
    judgements: await all<Judgement>(ours, "Judgement"),
    route,
    rule,
    deployments: await all<Deployment>("apps/v1", "Deployment"),
    jobs: await all<Job>("batch/v1", "Job"),
    experiments: await all<Experiment>(argo, "Experiment"),
    runs: await all<AnalysisRun>(argo, "AnalysisRun"),
    budget: (await all<PodDisruptionBudget>("policy/v1", "PodDisruptionBudget", budget !== "none"))[0],
    configMaps: await all<ConfigMap>("v1", "ConfigMap", isConfigured || delivery === "git"),
    ringSet: (await all<RingSet>(ours, "RingSet", hasRings))[0],
    colours,
    application,
    weight: destinations.find((one) => sideOf(one) === "canary")?.weight ?? 0,
    beside: destinations.filter((one) => sideOf(one) === undefined).map(shareOf),
    sum: route === undefined ? undefined : destinations.reduce((sum, { weight = 0 }) => sum + weight, 0),
    added: (route?.spec.http ?? []).flatMap(({ name }) =>
      managedRoutes.some((one) => one === name) ? (name ?? []) : [],
    ),
    canaryHash: leadsTo("canary"),
    stableHash: leadsTo("stable"),
    activeHash: selectedBy("web"),
  };
}

/** Decisions about a version. */
export const toldOf = ({ decisions }: Picture, hash: string): number =>
  decisions.filter((decision) => hashOf(decision) === hash).length;

export const readyOf = ({ pods }: Picture, hash: string): number =>
  pods.filter((pod) => hashOf(pod) === hash && isReady(pod)).length;
