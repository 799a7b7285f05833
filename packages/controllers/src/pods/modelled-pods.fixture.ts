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

export interface ModelledPods {
  /** From creation to readiness; undefined: never. */
  readonly readyAfter: (pod: Pod) => Millis | undefined;
}

/** An agent in a few lines: Pods become ready when their time has come, and go when they are told to. */
export const modelledPods =
  ({ readyAfter }: ModelledPods) =>
  (effects: Effects): Reconciler<Pod, Pod, StoreAction> => ({
    kind: { apiVersion: "v1", kind: "Pod" },
    observe: async (pod) => pod,
    plan: (pod, now) => planPod(pod, now, readyAfter(pod)),
    apply: (_pod, action) => applyEffect(action, effects),
  });

function planPod(pod: Pod, now: Instant, readyAfter: Millis | undefined): Plan<StoreAction, PodStatus> {
  if (pod.metadata.deletionTimestamp !== undefined) {
    const preconditions = { uid: pod.metadata.uid ?? "" };
    return {
      actions: [{ do: "delete", key: keyOf(pod), options: { gracePeriodSeconds: 0, preconditions } }],
      because: "gone",
    };
  }
  const ready =
    readyAfter === undefined ? undefined : after(parseInstant(pod.metadata.creationTimestamp ?? "") ?? now, readyAfter);
  const isReady = ready !== undefined && now >= ready;
  const status: PodStatus = {
    phase: "Running",
    podIP: "127.128.0.1",
    conditions: [
      { type: "Ready", status: isReady ? "True" : "False", lastTransitionTime: formatInstant(isReady ? ready : now) },
    ],
  };
  const known = pod.status?.conditions?.[0];
  const next = known?.status === status.conditions?.[0]?.status ? pod.status : status;
  const actions: StoreAction[] =
    pod.spec.nodeName === undefined
      ? [{ do: "patch", key: keyOf(pod), patch: { type: "merge", value: { spec: { nodeName: "local" } } } }]
      : [];
  if (actions.length > 0) return { actions, because: "bound" };
  const plan: Plan<StoreAction, PodStatus> = {
    actions,
    because: "modelled",
    ...(next === undefined ? {} : { status: next }),
  };
  return isReady || ready === undefined ? plan : { ...plan, wakeAt: ready };
}
