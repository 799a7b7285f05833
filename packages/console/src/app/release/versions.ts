import type { ObjectMeta, Pod, ReplicaSet, Rollout } from "@sluice/api";
import { rolesOf, scaleDownAt, type VersionRole } from "@sluice/api/release";

export const podHashLabel = "rollouts-pod-template-hash";

export interface Version {
  readonly hash: string;
  readonly revision: number;
  /** Most important first. */
  readonly roles: readonly VersionRole[];
  /** Epoch milliseconds when its Pods go, where it is only kept for a way back. */
  readonly goesAt?: number;
  readonly images: readonly string[];
  readonly wanted: number;
  readonly pods: readonly Pod[];
  readonly ready: number;
  readonly restarts: number;
  readonly isQuarantined: boolean;
}

export const revisionOf = ({ metadata }: { readonly metadata: ObjectMeta }): number =>
  Number(metadata.annotations?.["rollout.argoproj.io/revision"] ?? 0);

export const controllerUid = ({ metadata }: { readonly metadata: ObjectMeta }): string | undefined =>
  metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;

export const hashOf = ({ metadata }: { readonly metadata: ObjectMeta }): string =>
  metadata.labels?.[podHashLabel] ?? "";

export function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status: state }) => type === "Ready" && state === "True") ?? false;
}

export const restartsOf = ({ status }: Pod): number =>
  (status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + (restartCount ?? 0), 0);

/** Of a release, newest first: what is stable, what is on its way, what still has pods, and a few that had. */
export function versionsOf(
  rollout: Rollout,
  replicaSets: readonly ReplicaSet[],
  pods: readonly Pod[],
  quarantined: ReadonlySet<string>,
): readonly Version[] {
  const sorted = replicaSets.toSorted((a, b) => revisionOf(b) - revisionOf(a));
  return sorted.map((replicaSet) => {
    const mine = pods.filter((pod) => controllerUid(pod) === replicaSet.metadata.uid);
    const hash = hashOf(replicaSet);
    const goesAt = scaleDownAt(replicaSet);
    return {
      hash,
      revision: revisionOf(replicaSet),
      roles: rolesOf(rollout, hash, mine.length),
      ...(goesAt === undefined ? {} : { goesAt }),
      images: replicaSet.spec.template?.spec.containers.map(({ image = "" }) => image) ?? [],
      wanted: replicaSet.spec.replicas ?? 0,
      pods: mine.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)),
      ready: mine.filter(isReady).length,
      restarts: mine.reduce((sum, pod) => sum + restartsOf(pod), 0),
      isQuarantined: quarantined.has(hash),
    };
  });
}

/** Who gets how much, in percent. Without routes it is what the ready Pods make it. */
export interface Share {
  readonly hash: string;
  readonly percent: number;
  /** The Service of an experiment's version, which no version of the release is. */
  readonly experiment?: string;
}

export function sharesOf({ status }: Rollout, versions: readonly Version[]): readonly Share[] {
  const weights = status?.canary?.weights;
  const active = status?.blueGreen?.activeSelector;
  if (active !== undefined) return [{ hash: active, percent: 100 }];
  const stable = status?.stableRS ?? "";
  const current = status?.currentPodHash ?? "";
  if (weights === undefined) {
    const ready = versions.reduce((sum, version) => sum + version.ready, 0);
    if (ready === 0) return [];
    return versions
      .filter((version) => version.ready > 0)
      .map(({ hash, ready: mine }) => ({ hash, percent: Math.round((mine / ready) * 100) }))
      .reverse();
  }
  if (stable === current || stable === "") return [{ hash: current, percent: 100 }];
  const { canary, additional = [] } = weights;
  const others = additional.map(
    ({ weight, podTemplateHash = "", serviceName = podTemplateHash }): Share => ({
      hash: podTemplateHash,
      percent: weight,
      experiment: serviceName,
    }),
  );
  return [
    { hash: stable, percent: 100 - canary.weight - others.reduce((sum, { percent }) => sum + percent, 0) },
    { hash: canary.podTemplateHash ?? current, percent: canary.weight },
    ...others,
  ];
}
