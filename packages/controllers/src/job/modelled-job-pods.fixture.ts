import { keyOf, type Pod, type PodStatus } from "@sluice/api";
import {
  after,
  formatInstant,
  type Instant,
  type Millis,
  type Plan,
  parseInstant,
  type Reconciler,
} from "@sluice/kernel";
import { applyEffect, type Effects, type StoreAction } from "../loop/index.ts";

export interface ModelledRun {
  /** Undefined: for ever. */
  readonly lasts?: Millis;
  readonly exitCode: number;
}

interface Observed {
  readonly pod: Pod;
  readonly before: number;
}

/** An agent in a few lines, whose Pods come to an end. `runs`: how the n-th Pod of a Job runs; the last for all after. */
export const modelledJobPods =
  (runs: readonly ModelledRun[]) =>
  (effects: Effects): Reconciler<Pod, Observed, StoreAction> => ({
    kind: { apiVersion: "v1", kind: "Pod" },
    async observe(pod, read) {
      const owner = pod.metadata.ownerReferences?.[0]?.uid ?? "";
      const pods = await read.list<Pod>({ apiVersion: "v1", kind: "Pod" }, { ownerUid: owner });
      return { pod, before: pods.filter((other) => other.status?.phase === "Failed" && other !== pod).length };
    },
    plan: ({ pod, before }, now) => planPod(pod, runs[Math.min(before, runs.length - 1)] as ModelledRun, now),
    apply: (_pod, action) => applyEffect(action, effects),
  });

function planPod(pod: Pod, { lasts, exitCode }: ModelledRun, now: Instant): Plan<StoreAction, PodStatus> {
  const { deletionTimestamp, creationTimestamp = "" } = pod.metadata;
  const isOver = pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
  if (deletionTimestamp !== undefined) {
    if (!isOver) return { actions: [], status: ended(143, now), because: "stopped" };
    const options = { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid ?? "" } };
    const isHeld = (pod.metadata.finalizers?.length ?? 0) > 0;
    return { actions: isHeld ? [] : [{ do: "delete", key: keyOf(pod), options }], because: "gone" };
  }
  if (isOver) return { actions: [], because: "over" };
  const end = lasts === undefined ? undefined : after(parseInstant(creationTimestamp) ?? now, lasts);
  if (end !== undefined && now >= end) return { actions: [], status: ended(exitCode, now), because: "over" };
  const conditions = [{ type: "Ready", status: "True" as const, lastTransitionTime: creationTimestamp }];
  return {
    actions: [],
    status: { phase: "Running", conditions },
    because: "runs",
    ...(end === undefined ? {} : { wakeAt: end }),
  };
}

const ended = (exitCode: number, now: Instant): PodStatus => ({
  phase: exitCode === 0 ? "Succeeded" : "Failed",
  containerStatuses: [
    {
      name: "main",
      image: "",
      imageID: "",
      ready: false,
      restartCount: 0,
      state: { terminated: { exitCode, finishedAt: formatInstant(now) } },
    },
  ],
});
