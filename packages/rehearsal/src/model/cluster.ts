import { controlledBy, type Pod, type ReplicaSet } from "@sluice/api";
import { applyEffect, type Effect, type Effects } from "@sluice/controllers";
import { after, formatInstant, type Instant, instant, type Millis, type Reconciler } from "@sluice/kernel";

export const hashLabel = "rollouts-pod-template-hash";
export const hashOf = (set: ReplicaSet): string => set.metadata.labels?.[hashLabel] ?? "";
const wantedOf = (set: ReplicaSet): number => set.spec.replicas ?? 1;

/** How a version's pods come up. */
export interface PodBehaviour {
  /** Asked once for each pod. */
  readonly readyAfter: () => Millis;
  /** What it usually is. */
  readonly took: Millis;
  readonly fate: "well" | "crashing" | "stuck";
}

interface Observed {
  readonly set: ReplicaSet;
  /** When each pod that is wanted is ready. */
  readonly readyAt: readonly Instant[];
  readonly fate: PodBehaviour["fate"];
  /** From its start until it is ready, as usual. */
  readonly took: Millis;
}

/** Pods as counts: what a ReplicaSet's controller, a scheduler and kubelets would come to, without them. */
export class ModelledCluster {
  readonly #behaviour: (set: ReplicaSet) => PodBehaviour;
  readonly #readyAt: Map<string, readonly Instant[]>;
  readonly #lost = new Map<string, number>();
  readonly #now: () => Instant;
  readonly #shown: number;

  /** Of each version so many ready pods are objects too: all for strategies that ask whether a Service would reach them. */
  constructor(
    now: () => Instant,
    behaviour: (set: ReplicaSet) => PodBehaviour,
    shown: number,
    readyAt: ModelledCluster["readyAt"] = new Map(),
  ) {
    this.#readyAt = new Map(readyAt);
    this.#now = now;
    this.#shown = shown;
    this.#behaviour = behaviour;
  }

  /** By the uid of a ReplicaSet: when each of its pods is ready. For another cluster that goes on from here. */
  get readyAt(): ReadonlyMap<string, readonly Instant[]> {
    return new Map(this.#readyAt);
  }

  /** A node goes with its share of each version's pods; they start again elsewhere. */
  loseNode(share: number): void {
    for (const [uid, times] of this.#readyAt) this.#lost.set(uid, Math.ceil(times.length * share));
  }

  readonly reconciler = (effects: Effects): Reconciler<ReplicaSet, Observed, Effect> => ({
    kind: { apiVersion: "apps/v1", kind: "ReplicaSet" },
    observe: async (set) => this.#observe(set),
    plan: ({ set, readyAt, fate, took }, now) => {
      const ready = fate === "well" ? readyAt.filter((at) => at <= now).length : 0;
      const next = readyAt.find((at) => at > now);
      const told = {
        replicas: wantedOf(set),
        readyReplicas: ready,
        availableReplicas: ready,
        observedGeneration: set.metadata.generation ?? 0,
      };
      // That Pods are on their way is told with the first of them that is ready: nobody decides anything before.
      const isNews = next === undefined || fate !== "well" || ready !== (set.status?.readyReplicas ?? 0);
      return {
        actions: this.#podsOf(set, { fate, ready, took }, now),
        ...(isNews ? { status: told } : {}),
        because: "modelled",
        ...(next === undefined ? {} : { wakeAt: next }),
      };
    },
    apply: (_set, effect) => applyEffect(effect, effects),
  });

  #podsOf(
    set: ReplicaSet,
    pods: { readonly fate: PodBehaviour["fate"]; readonly ready: number; readonly took: Millis },
    now: Instant,
  ): readonly Effect[] {
    const { fate, took } = pods;
    if (fate !== "well") return hasPod(set) || wantedOf(set) === 0 ? [] : failingPod(set, fate, now);
    const ready = Math.min(this.#shown, pods.ready);
    const before = Math.min(this.#shown, set.status?.readyReplicas ?? 0);
    const places = (from: number, to: number) =>
      Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
    return [
      ...places(before, ready).flatMap((place) => readyPod(set, place, { from: instant(now - took), to: now })),
      ...places(ready, before).map((place): Effect => ({ do: "delete", key: podKey(set, place) })),
    ];
  }

  #observe(set: ReplicaSet): Observed {
    const uid = set.metadata.uid ?? set.metadata.name;
    const { readyAfter, took, fate } = this.#behaviour(set);
    const wanted = wantedOf(set);
    const times = (this.#readyAt.get(uid) ?? []).slice(0, wanted);
    const lost = this.#lost.get(uid) ?? 0;
    this.#lost.delete(uid);
    for (let index = 0; index < Math.min(lost, times.length); index++) times[index] = after(this.#now(), readyAfter());
    while (times.length < wanted) times.push(after(this.#now(), readyAfter()));
    times.sort((one, other) => one - other);
    this.#readyAt.set(uid, times);
    return { set, readyAt: times, fate, took };
  }
}

interface Start {
  readonly from: Instant;
  readonly to: Instant;
}

const hasPod = ({ status }: ReplicaSet): boolean => (status?.replicas ?? 0) > 0;

const podKey = (set: ReplicaSet, place: number) => ({
  apiVersion: "v1",
  kind: "Pod",
  ...(set.metadata.namespace === undefined ? {} : { namespace: set.metadata.namespace }),
  name: `${set.metadata.name}-${place}`,
});

function readyPod(set: ReplicaSet, place: number, { from, to }: Start): readonly Effect[] {
  const { apiVersion, kind, ...metadata } = podKey(set, place);
  const { name = "main", image = "" } = set.spec.template?.spec.containers[0] ?? {};
  const object = {
    apiVersion,
    kind,
    metadata: {
      ...metadata,
      labels: { ...set.spec.template?.metadata?.labels, [hashLabel]: hashOf(set) },
      ownerReferences: [controlledBy(set)],
    },
    spec: set.spec.template?.spec,
    status: {
      phase: "Running",
      podIP: `10.1.${place >> 8}.${place & 255}`,
      conditions: [{ type: "Ready", status: "True", lastTransitionTime: formatInstant(to, "millis") }],
      containerStatuses: [
        {
          name,
          ready: true,
          restartCount: 0,
          image,
          imageID: image,
          state: { running: { startedAt: formatInstant(from, "millis") } },
        },
      ],
    },
  } as unknown as Pod;
  return [
    { do: "create", object },
    { do: "update", object, subresource: "status" },
  ];
}

/** One for all of them: what the crash loop's and the deadline's rules read. */
function failingPod(set: ReplicaSet, fate: "crashing" | "stuck", now: Instant): readonly Effect[] {
  const name = set.spec.template?.spec.containers[0]?.name ?? "main";
  const image = set.spec.template?.spec.containers[0]?.image ?? "";
  const crashing = {
    restartCount: 4,
    state: { waiting: { reason: "CrashLoopBackOff", message: "it ends as soon as it starts" } },
    lastState: { terminated: { exitCode: 1, reason: "Error" } },
  };
  const stuck = { restartCount: 0, state: { running: { startedAt: formatInstant(now, "millis") } } };
  const object = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `${set.metadata.name}-0`,
      ...(set.metadata.namespace === undefined ? {} : { namespace: set.metadata.namespace }),
      labels: { ...set.spec.template?.metadata?.labels, [hashLabel]: hashOf(set) },
      ownerReferences: [controlledBy(set)],
    },
    spec: { containers: [{ name, image }] },
    status: {
      phase: "Running",
      conditions: [{ type: "Ready", status: "False", reason: "ContainersNotReady" }],
      containerStatuses: [{ name, ready: false, image, imageID: image, ...(fate === "crashing" ? crashing : stuck) }],
    },
  } as unknown as Pod;
  return [
    { do: "create", object },
    { do: "update", object, subresource: "status" },
  ];
}
