import type { Pod, ReplicaSet, Resource } from "@sluice/api";
import { startSecondsAnnotation } from "@sluice/api/release";
import { hours, type Instant, instant, parseInstant, toFault } from "@sluice/kernel";
import { labelValue } from "@sluice/metrics";
import { learnReadiness, type Readiness } from "@sluice/rehearsal";
import type { HistoryDoor } from "./door.ts";
import type { StoredPods } from "./stored-pods.ts";

export interface LearnedReadiness {
  /** Undefined where no Pod tells. */
  readonly readiness?: Readiness;
  readonly words: readonly string[];
}

type RolloutName = Pick<Resource, "metadata">;

/**
 * Pods of the Rollout that are ready and were never started again: since when, less when they were created. Where none is,
 * what its versions noted of their slowest Pod when it was new.
 */
export function readinessOfPods(
  { metadata: { name, namespace = "default" } }: RolloutName,
  { pods, replicaSets }: StoredPods,
  where: string,
): LearnedReadiness {
  const isOfRollout = ({ metadata: { ownerReferences = [], namespace: space = "default" } }: Pod) =>
    space === namespace && ownerReferences.some((owner) => owner.kind === "ReplicaSet" && isSetOf(name, owner.name));
  const own = pods.filter(isOfRollout);
  const what = `${where}: of its ${own.length} ${own.length === 1 ? "Pod" : "Pods"}`;
  const standing = told(own.map(tookSeconds), what);
  if (standing.readiness !== undefined) return standing;
  const isVersion = ({ metadata: { ownerReferences = [], namespace: space = "default" } }: ReplicaSet) =>
    space === namespace && ownerReferences.some((owner) => owner.kind === "Rollout" && owner.name === name);
  const noted = replicaSets.filter(isVersion).flatMap(({ metadata }) => {
    const text = metadata.annotations?.[startSecondsAnnotation];
    return text === undefined ? [] : [Number(text)];
  });
  const readiness = learnReadiness(noted);
  if (readiness === undefined) return standing;
  const versions =
    readiness.pods === 1
      ? "one version noted how long its slowest took"
      : `${readiness.pods} versions noted how long their slowest took`;
  return { readiness, words: [`${what} none tells, but ${versions}: ${readyWords(readiness)} started`] };
}

/** The hash of a version has no dash: `web-api-5d4f` is none of `web`. */
const isSetOf = (rollout: string, set: string): boolean =>
  set.startsWith(`${rollout}-`) && /^[a-z0-9]+$/.test(set.slice(rollout.length + 1));

function tookSeconds({ metadata, status }: Pod): number | undefined {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  const since = parseInstant(ready?.lastTransitionTime ?? "");
  const created = parseInstant(metadata.creationTimestamp ?? "");
  // After another start it is the last of several times.
  const isFirst = (status?.containerStatuses ?? []).every(({ restartCount }) => restartCount === 0);
  if (ready?.status !== "True" || since === undefined || created === undefined || !isFirst) return undefined;
  return (since - created) / 1000;
}

function told(took: readonly (number | undefined)[], what: string): LearnedReadiness {
  const readiness = learnReadiness(took.filter((seconds) => seconds !== undefined));
  if (readiness === undefined)
    return { words: [`${what} none tells how long it took to be ready: as assumed, unless you say`] };
  const { spread, pods } = readiness;
  const apart = spread === 0 ? "" : `, one from another by ${Math.round(spread * 100)} %`;
  return { readiness, words: [`${what} ${pods} tell: ${readyWords(readiness)} created${apart}`] };
}

const readyWords = ({ millis }: Readiness): string => `ready ${Math.round(millis / 100) / 10} s after they were`;

const lookedBack = hours(24 * 7);
const readyTime = "kube_pod_status_ready_time";

/** As kube-state-metrics has told of the Pods of the last week, those of a Deployment of the same name included. */
export async function readinessOfMetrics(
  door: HistoryDoor,
  { metadata: { name, namespace = "default" } }: RolloutName,
  now: Instant,
): Promise<LearnedReadiness> {
  const literal = name.replaceAll(".", "[.]");
  const owned = `kube_pod_owner{namespace="${namespace}",owner_kind="ReplicaSet",owner_name=~"${literal}-[a-z0-9]+"}`;
  const of = (metric: string) => `max by (pod) (${metric}{namespace="${namespace}",pod=~"${literal}-.+"})`;
  const query = `(${of(readyTime)} - ${of("kube_pod_created")}) and on (pod) ${owned}`;
  const what = `${door.name}: ${readyTime} of ${namespace}/${name}`;
  try {
    const period = { start: instant(now - lookedBack), end: now, step: hours(1) };
    const series = await door.range(query, period);
    // A Pod that was ill meanwhile tells a later time.
    const first = new Map(series.map(({ labels, values }) => [labelValue(labels, "pod"), Math.min(...values)]));
    return told([...first.values()], `${what}: of ${first.size} Pods`);
  } catch (thrown) {
    return { words: [`couldn't be had: ${what}: ${toFault(thrown).message}`] };
  }
}
