import type {
  AnalysisRun,
  DestinationRule,
  EndpointSlice,
  EvidencePolicy,
  Job,
  Judgement,
  Pod,
  Quarantine,
  ReplicaSet,
  RingSet,
  RollbackPolicy,
  Rollout,
  RolloutAnalysis,
  Service,
  VirtualService,
} from "@sluice/api";
import type { Reader, TaskState } from "@sluice/kernel";
import { type KnownTemplates, readTemplates } from "../arguments/index.ts";
import type { Effect } from "../loop/index.ts";
import { placeOf } from "../marks/index.ts";
import { type Claims, readClaims } from "../ownership/index.ts";
import { podHashLabel } from "../version/index.ts";
import { type NamesTaken, readNamesTaken } from "./adopted/names-taken.ts";
import { type EvidenceRules, evidenceRules } from "./analysis/policy.ts";
import { readChecks, readSynthetic, type SyntheticState } from "./analysis/synthetic-state.ts";
import { blueGreenOf } from "./bluegreen/strategy.ts";
import { canaryOf, stepsOf } from "./canary/steps.ts";
import { type ObservedConfiguration, readConfiguration } from "./configuration/read.ts";
import { versionOf } from "./configuration/version.ts";
import { type ObservedExperiments, readExperiments, weighedServiceNames } from "./experiment/read.ts";
import { baselineServices } from "./judging/baseline-services.ts";
import { dressed } from "./metadata/worn.ts";
import {
  analysisRunKind,
  destinationRuleKind,
  endpointSliceKind,
  evidencePolicyKind,
  judgementKind,
  keyIn,
  podKind,
  quarantineKind,
  replicaSetKind,
  ringSetKind,
  rollbackPolicyKind,
  rolloutKind,
  serviceKind,
  virtualServiceKind,
} from "./names.ts";
import { type ObservedWorkload, readWorkload, resolvedRollout, selectorOf } from "./pods/workload.ts";
import { type ObservedBudgets, readBudgets } from "./restart/budgets.ts";
import { type RingQuestion, readRingTraffic } from "./rings/ring-question.ts";
import { ringSetName } from "./rings/routed-rings.ts";
import { rivalNames, ruleRivalName } from "./routing/claims.ts";
import { sidesOf, virtualServiceReferences } from "./routing/sides.ts";

/** How many requests the canary really got, as the router counted. */
interface CanaryTraffic {
  readonly requests: number;
}

export interface TrafficQuestion {
  readonly id: string;
  readonly state: TaskState<CanaryTraffic>;
}

export interface ObservedRollout {
  /** With the template of what its workloadRef names. */
  readonly rollout: Rollout;
  readonly workload: ObservedWorkload;
  /** Its own. */
  readonly replicaSets: readonly ReplicaSet[];
  readonly orphans: Claims<ReplicaSet>["orphans"];
  readonly strays: Claims<ReplicaSet>["strays"];
  readonly former: Claims<ReplicaSet>["former"];
  /** Another's ReplicaSet has the name that this version's would have. */
  readonly isNameTaken: boolean;
  readonly namesTaken: NamesTaken;
  /** Of the current template's version, of those whose labels follow the release, and of all while a restart is wanted. */
  readonly pods: readonly Pod[];
  /** What may not go all at once; read while a restart is wanted. */
  readonly budgets: ObservedBudgets;
  readonly configuration: ObservedConfiguration;
  readonly analysisRuns: readonly AnalysisRun[];
  readonly experiments: ObservedExperiments;
  /** By `kind/name`, nested ones too; undefined where it isn't there. */
  readonly templates: KnownTemplates;
  /** By name, those that the spec names; undefined where it isn't there. */
  readonly services: ReadonlyMap<string, Service | undefined>;
  /** Of those Services by whose hosts, or by whose selector, traffic is routed. */
  readonly endpointSlices: readonly EndpointSlice[];
  /** By the name in the spec; undefined where it isn't there. */
  readonly virtualServices: ReadonlyMap<string, VirtualService | undefined>;
  /** Other Rollouts that weigh the same VirtualServices. */
  readonly rivals: readonly Rollout[];
  readonly destinationRule: DestinationRule | undefined;
  /** Another Rollout that the DestinationRule names as its manager. */
  readonly ruleRival: Rollout | undefined;
  /** Who gets a new version when, where the Rollout names one and it is there. */
  readonly ringSet: RingSet | undefined;
  /** What its users in rings really got, at the weight that is routed. */
  readonly ringTraffic: RingQuestion | undefined;
  /** Those that name it. */
  readonly quarantines: readonly Quarantine[];
  /** Those that select it, by name. */
  readonly policies: readonly RollbackPolicy[];
  /** Its own. */
  readonly judgements: readonly Judgement[];
  /** By AnalysisRun name: did its canary get requests? */
  readonly traffic: ReadonlyMap<string, TrafficQuestion>;
  readonly evidence: EvidenceRules;
  /** Jobs that are checks of this Rollout's versions. */
  readonly checkJobs: readonly Job[];
  /** By name: those that such a Job is told the Pods of. */
  readonly checkServices: ReadonlyMap<string, Service | undefined>;
  readonly synthetic: readonly SyntheticState[];
  readonly refused?: Refused;
}

/** What the API did not take just now of what a release needs. */
export interface Refused {
  /** Which objects, and the API's words. */
  readonly because: string;
  readonly effects: readonly Effect[];
}

export const trafficTaskId = (rollout: Rollout, run: string): string =>
  `rollout/${rollout.metadata.uid}/canary-traffic/${run}`;

export async function observe(written: Rollout, read: Reader): Promise<ObservedRollout> {
  const { namespace, name, uid = "", labels = {} } = written.metadata;
  const inNamespace = namespace === undefined ? {} : { namespace };
  const workload = await readWorkload(written, read);
  const { own: replicaSets, orphans, strays, former } = await readReplicaSets(written, workload, read);
  const rollout = resolvedRollout(written, workload, replicaSets);
  const experiments = await readExperiments(rollout, read);
  const canary = canaryOf(rollout);
  const istio = canary.trafficRouting?.istio;
  const [analysisRuns, templates, quarantines, policies, judgements] = await Promise.all([
    read.list<AnalysisRun>(analysisRunKind, { ...inNamespace, ownerUid: uid }),
    readTemplates(
      analysesOf(rollout).flatMap(({ analysis }) => analysis.templates ?? []),
      namespace,
      read,
    ),
    read.list<Quarantine>(quarantineKind, { ...inNamespace, workload: { kind: written.kind, name } }),
    read.list<RollbackPolicy>(rollbackPolicyKind, { ...inNamespace, selects: labels }),
    read.list<Judgement>(judgementKind, { ...inNamespace, ownerUid: uid }),
  ]);
  const configuration = await readConfiguration(rollout, replicaSets, read);
  const { hash } = versionOf(rollout, replicaSets, configuration);
  const namesake = await read.get<ReplicaSet>(keyIn(replicaSetKind, namespace, `${name}-${hash}`));
  const evidencePolicies = await read.list<EvidencePolicy>(evidencePolicyKind, { ...inNamespace, selects: labels });
  const evidence = evidenceRules(rollout, evidencePolicies);
  const checks = await readChecks(rollout, evidence, read);
  const services = new Map<string, Service | undefined>();
  const endpointSlices: EndpointSlice[] = [];
  const isByHost = istio !== undefined && istio.destinationRule === undefined;
  const { canaryService, stableService } = sidesOf(rollout);
  const blueGreen = blueGreenOf(rollout);
  for (const service of [canaryService, stableService, blueGreen?.activeService, blueGreen?.previewService]) {
    if (service === undefined || service === "") continue;
    services.set(service, await read.get<Service>(keyIn(serviceKind, namespace, service)));
    const labels = { "kubernetes.io/service-name": service };
    if (isByHost || service === blueGreen?.activeService)
      endpointSlices.push(...(await read.list<EndpointSlice>(endpointSliceKind, { ...inNamespace, labels })));
  }
  for (const service of [...weighedServiceNames(rollout, experiments.all), ...baselineServices(experiments.all)]) {
    const labels = { "kubernetes.io/service-name": service };
    endpointSlices.push(...(await read.list<EndpointSlice>(endpointSliceKind, { ...inNamespace, labels })));
  }
  const virtualServices = new Map<string, VirtualService | undefined>();
  for (const { name: reference } of virtualServiceReferences(rollout)) {
    const place = placeOf(reference, namespace);
    virtualServices.set(reference, await read.get(keyIn(virtualServiceKind, place.namespace, place.name)));
  }
  const destinationRule =
    istio?.destinationRule === undefined
      ? undefined
      : await read.get<DestinationRule>(keyIn(destinationRuleKind, namespace, istio.destinationRule.name));
  const ruleRivalNamed = ruleRivalName(rollout, destinationRule);
  const ruleRival =
    ruleRivalNamed === undefined ? undefined : await read.get<Rollout>(keyIn(rolloutKind, namespace, ruleRivalNamed));
  const rivals: Rollout[] = [];
  for (const rival of rivalNames(rollout, [...virtualServices.values()])) {
    const found = await read.get<Rollout>(keyIn(rolloutKind, rival.namespace, rival.name));
    if (found !== undefined) rivals.push(found);
  }
  const rings = ringSetName(rollout);
  return {
    rollout,
    workload,
    replicaSets,
    orphans,
    strays,
    former,
    isNameTaken:
      workload.is !== "missing" &&
      namesake !== undefined &&
      !replicaSets.some(({ metadata }) => metadata.uid === namesake.metadata.uid),
    namesTaken: await readNamesTaken(rollout, hash, read),
    configuration,
    pods: await readPods(rollout, hash, replicaSets, read),
    budgets: await readBudgets(rollout, read),
    analysisRuns,
    experiments,
    templates,
    services,
    endpointSlices,
    virtualServices,
    rivals,
    destinationRule,
    ruleRival,
    ringSet: rings === undefined ? undefined : await read.get<RingSet>(keyIn(ringSetKind, namespace, rings)),
    ringTraffic: readRingTraffic(rollout, read),
    quarantines,
    policies,
    judgements,
    traffic: readTraffic(rollout, evidence.minimumRequests > 0 ? [minimumQuestion(hash)] : [], read),
    evidence,
    checkJobs: checks.jobs,
    checkServices: checks.services,
    synthetic: readSynthetic(rollout, hash, evidence, checks.jobs, read),
  };
}

async function readReplicaSets(
  rollout: Rollout,
  workload: ObservedWorkload,
  read: Reader,
): Promise<Claims<ReplicaSet>> {
  const selector = selectorOf(rollout, workload);
  const claims = await readClaims<ReplicaSet>(rollout, replicaSetKind, selector, read);
  if (workload.is !== "found") return claims;
  // A workloadRef's own holds the template, and runs nothing.
  const { uid } = workload.object.metadata;
  return { ...claims, orphans: claims.orphans.filter(({ metadata }) => metadata.uid !== uid) };
}

async function readPods(rollout: Rollout, hash: string, replicaSets: readonly ReplicaSet[], read: Reader) {
  const { namespace } = rollout.metadata;
  const { restartAt } = rollout.spec;
  const wantsRestart = restartAt !== undefined && rollout.status?.restartedAt !== restartAt;
  const hashes = wantsRestart
    ? replicaSets.map(({ metadata }) => metadata.labels?.[podHashLabel] ?? "")
    : [hash, ...dressed(rollout, replicaSets)];
  const lists = await Promise.all(
    [...new Set(hashes)].map((label) =>
      read.list<Pod>(podKind, { ...(namespace === undefined ? {} : { namespace }), labels: { [podHashLabel]: label } }),
    ),
  );
  const owners = new Set(replicaSets.map(({ metadata }) => metadata.uid));
  return lists
    .flat()
    .filter(({ metadata }) => metadata.ownerReferences?.some(({ uid, controller }) => controller && owners.has(uid)));
}

/** The question whether a version has had enough requests for an analysis to begin. */
export const minimumQuestion = (hash: string): string => `minimum/${hash}`;

function readTraffic(rollout: Rollout, others: readonly string[], read: Reader): ReadonlyMap<string, TrafficQuestion> {
  const { currentStepAnalysisRunStatus, currentBackgroundAnalysisRunStatus } = rollout.status?.canary ?? {};
  const { postPromotionAnalysisRunStatus } = rollout.status?.blueGreen ?? {};
  const questions = new Map<string, TrafficQuestion>();
  const known = [currentStepAnalysisRunStatus, currentBackgroundAnalysisRunStatus, postPromotionAnalysisRunStatus];
  for (const question of [...known.flatMap((run) => run?.name ?? []), ...others]) {
    const id = trafficTaskId(rollout, question);
    questions.set(question, { id, state: read.task<CanaryTraffic>(id) });
  }
  return questions;
}

/** Every analysis of a Rollout with the path at which it stands. */
export function analysesOf(rollout: Rollout): readonly { readonly path: string; readonly analysis: RolloutAnalysis }[] {
  const { analysis } = canaryOf(rollout);
  const background = analysis === undefined ? [] : [{ path: "spec.strategy.canary.analysis", analysis }];
  const inline = stepsOf(rollout).flatMap(({ analysis }, index) =>
    analysis === undefined ? [] : [{ path: `spec.strategy.canary.steps[${index}].analysis`, analysis }],
  );
  const aroundTheSwitch = (["prePromotionAnalysis", "postPromotionAnalysis"] as const).flatMap((field) => {
    const found = blueGreenOf(rollout)?.[field];
    return found === undefined ? [] : [{ path: `spec.strategy.blueGreen.${field}`, analysis: found }];
  });
  return [...background, ...inline, ...aroundTheSwitch];
}
