import {
  type AnalysisRun,
  controllerOf,
  type Experiment,
  type ReplicaSet,
  type Resource,
  type Service,
} from "@sluice/api";
import { type Fault, type KindKey, parseInstant, type Reader } from "@sluice/kernel";
import { type KnownTemplates, readTemplates } from "../arguments/index.ts";
import type { Effect } from "../loop/index.ts";
import {
  analysisRunKind,
  analysisRunName,
  annotations,
  keyIn,
  replicaSetKind,
  replicaSetName,
  serviceKind,
} from "./names.ts";

/** One child that is there, or the name that it will have. */
export interface Slot<Child> {
  readonly child: Child | undefined;
  readonly name: string;
  /** How many names were another's. */
  readonly collisions: number;
}

export interface ObservedExperiment {
  readonly experiment: Experiment;
  /** By template. */
  readonly replicaSets: ReadonlyMap<string, Slot<ReplicaSet>>;
  /** By template, of those that want one; also one that is another's. */
  readonly services: ReadonlyMap<string, Service | undefined>;
  /** By analysis. */
  readonly analysisRuns: ReadonlyMap<string, Slot<AnalysisRun>>;
  readonly templates: KnownTemplates;
  /** Children that the API did not take just now, by `kind/name`, and why. */
  readonly refusals: ReadonlyMap<string, string>;
}

export async function observe(experiment: Experiment, read: Reader): Promise<ObservedExperiment> {
  const { namespace, uid = "" } = experiment.metadata;
  const owned = { ...(namespace === undefined ? {} : { namespace }), ownerUid: uid };
  const ownSets = await read.list<ReplicaSet>(replicaSetKind, owned);
  const ownRuns = await read.list<AnalysisRun>(analysisRunKind, owned);
  const replicaSets = new Map<string, Slot<ReplicaSet>>();
  const services = new Map<string, Service | undefined>();
  for (const { name, service } of experiment.spec.templates) {
    const own = ownSets.find(({ metadata }) => metadata.annotations?.[annotations.template] === name);
    const nameOf = (collision: number): string => replicaSetName(experiment, name, collision);
    const slot = await slotOf(experiment, own, replicaSetKind, nameOf, read);
    replicaSets.set(name, slot);
    if (service === undefined) continue;
    services.set(name, await read.get<Service>(keyIn(serviceKind, namespace, service.name ?? slot.name)));
  }
  const analysisRuns = new Map<string, Slot<AnalysisRun>>();
  for (const { name } of experiment.spec.analyses ?? []) {
    const own = ownRuns.find(
      (run) => run.metadata.annotations?.[annotations.analysis] === name && !isOfEarlierTry(experiment, run),
    );
    const nameOf = (collision: number): string => analysisRunName(experiment, name, collision);
    analysisRuns.set(name, await slotOf(experiment, own, analysisRunKind, nameOf, read));
  }
  const templates = await readTemplates(experiment.spec.analyses ?? [], namespace, read);
  return { experiment, replicaSets, services, analysisRuns, templates, refusals: new Map() };
}

/** What can't be made is an error of the version or the analysis that it was for, as it is in the original. */
export function withRefusal(
  observed: ObservedExperiment,
  effect: Effect,
  { message }: Fault,
): ObservedExperiment | undefined {
  if (effect.do !== "create") return undefined;
  const { kind, metadata } = effect.object;
  return { ...observed, refusals: new Map([...observed.refusals, [`${kind}/${metadata.name}`, message]]) };
}

/** Why a child can't be made. */
export const refusalOf = (
  { refusals }: ObservedExperiment,
  kind: "ReplicaSet" | "Service" | "AnalysisRun",
  name: string,
  whose: string,
): string | undefined => {
  const message = refusals.get(`${kind}/${name}`);
  return message === undefined ? undefined : `Failed to create ${kind} for ${whose}: ${message}`;
};

async function slotOf<Child extends Resource>(
  experiment: Experiment,
  own: Child | undefined,
  kind: KindKey,
  nameOf: (collision: number) => string,
  read: Reader,
): Promise<Slot<Child>> {
  for (let collisions = 0; ; collisions++) {
    const name = nameOf(collisions);
    if (own?.metadata.name === name) return { child: own, name, collisions };
    if (own !== undefined) continue;
    const found = await read.get<Child>(keyIn(kind, experiment.metadata.namespace, name));
    const isMine = found !== undefined && isOwnedBy(experiment, found) && !isOfEarlierTry(experiment, found);
    if (found === undefined || isMine) return { child: found, name, collisions };
  }
}

/** A person who empties status begins it again: what was measured before says nothing of this try. */
function isOfEarlierTry({ status }: Experiment, { kind, metadata }: Resource): boolean {
  if (kind !== analysisRunKind.kind) return false;
  const availableAt = parseInstant(status?.availableAt ?? "");
  return availableAt === undefined || (parseInstant(metadata.creationTimestamp ?? "") ?? availableAt) < availableAt;
}

export const isOwnedBy = (experiment: Experiment, child: Resource): boolean =>
  controllerOf(child)?.uid === experiment.metadata.uid;
