import type {
  Decision,
  DestinationRule,
  EndpointSlice,
  Pod,
  Quarantine,
  ReplicaSet,
  Resource,
  Rollout,
  VirtualService,
} from "@sluice/api";
import type { UnkindWorld } from "./world.ts";

export const invariants = [
  "settles: with time frozen the controllers come to rest",
  "weight: no version has more traffic than its step allows",
  "quarantine: a version that was judged bad gets no traffic until a person says so",
  "ready: no user is sent to a version or a pod that isn't ready",
  "why: each abort, promotion and rise of weight has its Decision",
  "ends: every release ends, or asks a person",
  "agrees: routes, workloads and the Rollout say the same in the end",
] as const;
export type Invariant = (typeof invariants)[number];
type Name = "settles" | "weight" | "quarantine" | "ready" | "why" | "ends" | "agrees";

/** What was violated, in a sentence with figures. */
export class Violated extends Error {
  readonly invariant: Invariant;

  constructor(name: Name, found: string) {
    super(`${name}: ${found}`);
    this.invariant = invariants.find((title) => title.startsWith(name)) as Invariant;
  }
}

const hashLabel = "rollouts-pod-template-hash";
const hashOf = ({ metadata }: Resource): string => metadata.labels?.[hashLabel] ?? "";
const isReady = ({ status, metadata }: Pod): boolean =>
  metadata.deletionTimestamp === undefined &&
  status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") === true;
const isLifted = ({ spec, status }: Quarantine): boolean => status?.lifted === true || (spec.liftedBy ?? "") !== "";

export interface Picture {
  readonly rollout: Rollout;
  readonly sets: readonly ReplicaSet[];
  readonly pods: readonly Pod[];
  readonly slices: readonly EndpointSlice[];
  readonly quarantines: readonly Quarantine[];
  readonly decisions: readonly Decision[];
  /** Percent of the canary subset, and the version that it leads to. */
  readonly weight: number;
  readonly canaryHash: string;
  readonly stableHash: string;
}

export async function pictureOf({ client }: UnkindWorld): Promise<Picture | undefined> {
  const all = async <R extends Resource>(apiVersion: string, kind: string) =>
    (await client.list<R>({ apiVersion, kind }, {})).items;
  const [rollout] = await all<Rollout>("argoproj.io/v1alpha1", "Rollout");
  const [route] = await all<VirtualService>("networking.istio.io/v1", "VirtualService");
  const [rule] = await all<DestinationRule>("networking.istio.io/v1", "DestinationRule");
  if (rollout === undefined) return undefined;
  const leadsTo = (name: string) =>
    rule?.spec.subsets?.find((subset) => subset.name === name)?.labels?.[hashLabel] ?? "";
  return {
    rollout,
    sets: await all<ReplicaSet>("apps/v1", "ReplicaSet"),
    pods: await all<Pod>("v1", "Pod"),
    slices: await all<EndpointSlice>("discovery.k8s.io/v1", "EndpointSlice"),
    quarantines: await all<Quarantine>("sluice.dev/v1alpha1", "Quarantine"),
    decisions: await all<Decision>("sluice.dev/v1alpha1", "Decision"),
    weight: route?.spec.http?.[0]?.route?.[1]?.weight ?? 0,
    canaryHash: leadsTo("canary"),
    stableHash: leadsTo("stable"),
  };
}

/** The weight that a Rollout's status allows to its canary. */
export function allowedWeight({ spec, status = {} }: Rollout): number {
  const steps = spec.strategy.canary?.steps ?? [];
  const { abort, currentStepIndex = 0 } = status;
  if (abort === true && status.promoteFull !== true) return 0;
  if (steps.length === 0 || currentStepIndex >= steps.length || status.promoteFull === true) return 100;
  return steps.slice(0, currentStepIndex + 1).findLast(({ setWeight }) => setWeight !== undefined)?.setWeight ?? 0;
}

/** What is remembered from look to look. */
export interface Memory {
  before: Picture | undefined;
  /** By version: how many Decisions were told when its weight rose last. */
  readonly rises: Map<string, number>;
  /** Since when an endpoint has led to a Pod that isn't ready. */
  readonly unready: Map<string, number>;
}

/** After a gap the watches begin anew 100 ms later, and a node tells its router by itself. */
const newsTakesAtMost = 1000;

/** What must hold whenever nothing is under way. `at` runs evenly, whatever the clock on the wall does. */
export function checkSettled(now: Picture, memory: Memory, at: number, count: (name: Invariant) => void): void {
  const { before, rises, unready } = memory;
  const isTrue = (name: Name, holds: boolean, found: () => string) => {
    count(invariants.find((title) => title.startsWith(name)) as Invariant);
    if (!holds) throw new Violated(name, found());
  };
  const { rollout, weight, canaryHash, pods } = now;
  const status = rollout.status ?? {};
  const isOther = canaryHash !== now.stableHash;
  if (isOther) {
    const allowed = allowedWeight(rollout);
    isTrue(
      "weight",
      weight <= allowed,
      () => `${weight} % on ${canaryHash} at step ${status.currentStepIndex}, which allows ${allowed} %`,
    );
    const ready = pods.filter((pod) => hashOf(pod) === canaryHash && isReady(pod)).length;
    const isRise = weight > (before?.weight ?? 0) || (weight > 0 && before?.canaryHash !== canaryHash);
    isTrue("ready", !isRise || ready > 0, () => `${weight} % given to ${canaryHash}, of which no pod is ready`);
    const told = now.decisions.filter((decision) => hashOf(decision) === canaryHash).length;
    isTrue(
      "why",
      !isRise || told > (rises.get(canaryHash) ?? 0),
      () => `weight of ${canaryHash} rose from ${before?.weight} to ${weight} %, and no Decision says why`,
    );
    if (isRise) rises.set(canaryHash, told);
  }
  for (const quarantine of now.quarantines.filter((one) => !isLifted(one))) {
    const hash = quarantine.spec.podTemplateHash;
    if (status.stableRS === hash) continue;
    isTrue(
      "quarantine",
      !(isOther && canaryHash === hash && weight > 0),
      () => `${weight} % on ${hash}, which is quarantined: ${quarantine.spec.reason}`,
    );
    const wanted = (picture: Picture | undefined) =>
      picture?.sets.filter((set) => hashOf(set) === hash).reduce((sum, { spec }) => sum + (spec.replicas ?? 1), 0) ?? 0;
    const wasKnown = before?.quarantines.some(({ metadata }) => metadata.name === quarantine.metadata.name);
    isTrue(
      "quarantine",
      !wasKnown || wanted(now) <= wanted(before),
      () => `pods of quarantined ${hash} went from ${wanted(before)} to ${wanted(now)}`,
    );
  }
  for (const { endpoints } of now.slices) {
    for (const { conditions, targetRef } of endpoints ?? []) {
      if (conditions?.ready !== true) continue;
      const name = targetRef?.name ?? "";
      const pod = pods.find(({ metadata }) => metadata.name === name);
      const since = unready.get(name) ?? at;
      if (pod !== undefined && isReady(pod)) unready.delete(name);
      else unready.set(name, since);
      isTrue(
        "ready",
        !unready.has(name) || at - since <= newsTakesAtMost,
        () => `an endpoint has led to ${name} for ${at - since} ms, which isn't ready`,
      );
    }
  }
  const tells = (action: readonly string[], hash: string) =>
    now.decisions.some((decision) => hashOf(decision) === hash && action.includes(decision.spec.action));
  const hash = status.currentPodHash ?? "";
  if (status.abort === true && status.abortedAt !== undefined) {
    isTrue("why", tells(["abort", "hold", "refuse"], hash), () => `${hash} is aborted, and no Decision says why`);
  }
  const stable = status.stableRS ?? "";
  if (before !== undefined && stable !== "" && stable !== before.rollout.status?.stableRS) {
    isTrue("why", tells(["promote", "complete"], stable), () => `${stable} became stable, and no Decision says why`);
  }
  memory.before = now;
}

/** What must hold once nobody has done anything for hours, and the outside is well. */
export function checkEnd(
  { rollout, sets, pods, weight, canaryHash, stableHash }: Picture,
  count: (name: Invariant) => void,
): void {
  const isTrue = (name: Name, holds: boolean, found: () => string) => {
    count(invariants.find((title) => title.startsWith(name)) as Invariant);
    if (!holds) throw new Violated(name, found());
  };
  const { spec, status = {} } = rollout;
  const { phase = "", message = "" } = status;
  isTrue("ends", ["Healthy", "Degraded", "Paused"].includes(phase), () => `it is ${phase} for hours: ${message}`);
  const stable = status.stableRS ?? "";
  if (phase === "Paused" || stable === "") return;
  const isRouted = spec.strategy.canary?.trafficRouting !== undefined;
  const isOver = status.abort === true || stable === status.currentPodHash;
  if (!isOver) return;
  if (isRouted) {
    isTrue("agrees", stableHash === stable, () => `the stable subset leads to ${stableHash}, stable is ${stable}`);
    isTrue("agrees", canaryHash === stableHash || weight === 0, () => `it is over, and ${canaryHash} has ${weight} %`);
  }
  for (const set of sets) {
    const wanted = set.spec.replicas ?? 1;
    const expected = hashOf(set) === stable ? (spec.replicas ?? 1) : 0;
    isTrue(
      "agrees",
      wanted === expected,
      () => `ReplicaSet ${set.metadata.name} wants ${wanted} pods, not ${expected}; ${phase}: ${message}`,
    );
    const there = pods.filter((pod) => hashOf(pod) === hashOf(set)).length;
    isTrue(
      "agrees",
      there === wanted,
      () => `ReplicaSet ${set.metadata.name} wants ${wanted} pods, and ${there} are there`,
    );
  }
}
