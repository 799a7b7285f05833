import { keyOf, type Pod, type PodStatus } from "@sluice/api";
import { applyEffect, type Effects, type StoreAction } from "@sluice/controllers";
import { after, formatInstant, type Instant, type Plan, parseInstant, type Reconciler, seconds } from "@sluice/kernel";

interface Observed {
  readonly pod: Pod;
  /** What a Job that asks finds. */
  readonly isAnswerGood: boolean;
}

/** Pods as a node runs them: the image's name says what becomes of them. */
export const modelledAgent = (
  effects: Effects,
  isAnswerGood: () => boolean,
): Reconciler<Pod, Observed, StoreAction> => ({
  kind: { apiVersion: "v1", kind: "Pod" },
  observe: async (pod) => ({ pod, isAnswerGood: isAnswerGood() }),
  plan,
  apply: (_pod, action) => applyEffect(action, effects),
});

function plan({ pod, isAnswerGood }: Observed, now: Instant): Plan<StoreAction, PodStatus> {
  const { metadata, spec } = pod;
  const image = spec.containers[0]?.image ?? "";
  if (metadata.deletionTimestamp !== undefined) {
    const isCounted = (metadata.finalizers?.length ?? 0) > 0;
    // Whoever counts its end lets it go.
    if (isCounted) return isOver(pod) ? { actions: [], because: "over" } : ended(image, 143, now);
    const at = after(
      parseInstant(metadata.deletionTimestamp) ?? now,
      seconds(1 - (metadata.deletionGracePeriodSeconds ?? 0)),
    );
    if (now < at) return { actions: [], because: "it ends what it is at", wakeAt: at };
    const options = { gracePeriodSeconds: 0, preconditions: { uid: metadata.uid ?? "" } };
    return { actions: [{ do: "delete", key: keyOf(pod), options }], because: "gone" };
  }
  const isJobs = metadata.ownerReferences?.[0]?.kind === "Job";
  return isJobs ? running(pod, image, isAnswerGood, now) : serving(pod, image, now);
}

const bornAt = ({ metadata }: Pod, now: Instant): Instant => parseInstant(metadata.creationTimestamp ?? "") ?? now;
const wasReady = ({ status }: Pod): boolean => status?.conditions?.[0]?.status === "True";

/** Ready after a while, and from then on; one that is flaky is away for 10 s of each minute of its first five. */
function serving(pod: Pod, image: string, now: Instant): Plan<StoreAction, PodStatus> {
  const at = after(bornAt(pod, now), image.endsWith("slow") ? seconds(40) : seconds(3));
  if (now < at && !wasReady(pod)) return { ...shown(pod, image, false, 0, now), wakeAt: at };
  if (image.endsWith("stuck")) return shown(pod, image, false, 0, now);
  if (image.endsWith("crashing")) return shown(pod, image, false, 3, now);
  const age = Math.max(0, now - at);
  if (!image.endsWith("flaky") || age >= 300_000) return shown(pod, image, true, 0, now);
  const phase = age % 60_000;
  const next = after(now, seconds((phase < 50_000 ? 50_000 - phase : 60_000 - phase) / 1000));
  return { ...shown(pod, image, phase < 50_000, 0, now), wakeAt: next };
}

/** A Job's: ends after five seconds, well or not. */
function running(pod: Pod, image: string, isAnswerGood: boolean, now: Instant): Plan<StoreAction, PodStatus> {
  if (isOver(pod)) return { actions: [], because: "over" };
  const at = after(bornAt(pod, now), seconds(5));
  if (now < at) return { ...shown(pod, image, true, 0, now), wakeAt: at };
  const isBad = image.endsWith("stuck") || image.endsWith("crashing") || (image.endsWith("asked") && !isAnswerGood);
  return ended(image, isBad ? 1 : 0, now);
}

const isOver = ({ status }: Pod): boolean => status?.phase === "Succeeded" || status?.phase === "Failed";

function ended(image: string, exitCode: number, now: Instant): Plan<StoreAction, PodStatus> {
  const terminated = { exitCode, finishedAt: formatInstant(now) };
  const status = {
    phase: exitCode === 0 ? "Succeeded" : "Failed",
    containerStatuses: [{ name: "main", image, imageID: image, ready: false, restartCount: 0, state: { terminated } }],
  } as PodStatus;
  return { actions: [], status, because: "over" };
}

function shown(
  pod: Pod,
  image: string,
  isReady: boolean,
  restartCount: number,
  now: Instant,
): Plan<StoreAction, PodStatus> {
  const { status: known } = pod;
  const restarts = Math.max(restartCount, known?.containerStatuses?.[0]?.restartCount ?? 0);
  if (known !== undefined && isReady === wasReady(pod) && known.containerStatuses?.[0]?.restartCount === restarts) {
    return { actions: [], because: "as before" };
  }
  const status = {
    phase: "Running",
    podIP: "127.128.0.1",
    conditions: [{ type: "Ready", status: isReady ? "True" : "False", lastTransitionTime: formatInstant(now) }],
    containerStatuses: [
      {
        name: "web",
        image,
        imageID: `${image}@sha256:1`,
        ready: isReady,
        restartCount: restarts,
        state: { running: { startedAt: formatInstant(bornAt(pod, now)) } },
      },
    ],
  } as PodStatus;
  return { actions: [], status, because: "modelled" };
}
