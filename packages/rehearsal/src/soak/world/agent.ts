import { keyOf, type Pod, type PodStatus } from "@sluice/api";
import { applyEffect, type Effects, type StoreAction } from "@sluice/controllers";
import { after, formatInstant, type Instant, type Plan, parseInstant, type Reconciler, seconds } from "@sluice/kernel";

/** Pods as a node runs them: the image's name says what becomes of them. */
export const modelledAgent = (effects: Effects): Reconciler<Pod, Pod, StoreAction> => ({
  kind: { apiVersion: "v1", kind: "Pod" },
  observe: async (pod) => pod,
  plan,
  apply: (_pod, action) => applyEffect(action, effects),
});

function plan(pod: Pod, now: Instant): Plan<StoreAction, PodStatus> {
  const { metadata, spec, status: known } = pod;
  if (metadata.deletionTimestamp !== undefined) {
    const options = { gracePeriodSeconds: 0, preconditions: { uid: metadata.uid ?? "" } };
    return { actions: [{ do: "delete", key: keyOf(pod), options }], because: "gone" };
  }
  const image = spec.containers[0]?.image ?? "";
  const startsAt = parseInstant(metadata.creationTimestamp ?? "") ?? now;
  const start = image.endsWith("slow") ? seconds(40) : seconds(3);
  const at = after(startsAt, start);
  const isWell = !image.endsWith("stuck") && !image.endsWith("crashing");
  const isReady = isWell && (now >= at || known?.conditions?.[0]?.status === "True");
  const restartCount = image.endsWith("crashing") && now >= at ? 3 : 0;
  if (
    known !== undefined &&
    isReady === (known.conditions?.[0]?.status === "True") &&
    (known.containerStatuses?.[0]?.restartCount ?? 0) >= restartCount
  ) {
    return { actions: [], because: "as before", ...(now < at ? { wakeAt: at } : {}) };
  }
  const status = {
    phase: "Running",
    podIP: "127.128.0.1",
    conditions: [{ type: "Ready", status: isReady ? "True" : "False", lastTransitionTime: formatInstant(now) }],
    containerStatuses: [{ name: "web", image, imageID: `${image}@sha256:1`, ready: isReady, restartCount }],
  } as PodStatus;
  return { actions: [], status, because: "modelled", ...(now < at ? { wakeAt: at } : {}) };
}
