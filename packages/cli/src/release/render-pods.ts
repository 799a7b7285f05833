import { type Pod, podStatusWord } from "@sluice/api";
import { ageOf } from "../terminal/age.ts";
import { paint } from "../terminal/style.ts";
import type { Branch } from "../terminal/tree.ts";

const troubledShown = 5;

/** Pods in trouble, each on a line of its own, or every Pod. */
export function podBranches(
  pods: readonly Pod[],
  { now, everyPod }: { readonly now: number; readonly everyPod: boolean },
): readonly Branch[] {
  const troubled = pods.filter((pod) => isTroubled(pod, now));
  const shown = everyPod ? pods : troubled.slice(0, troubledShown);
  const hidden = everyPod ? 0 : troubled.length - shown.length;
  return [
    ...shown.map((pod) => podBranch(pod, now)),
    ...(hidden === 0 ? [] : [{ parts: [paint("dim", `${hidden} more like these: --pods`)] }]),
  ];
}

const restartsOf = ({ status }: Pod): number =>
  (status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + (restartCount ?? 0), 0);

export const isReady = ({ status }: Pod): boolean =>
  status?.conditions?.some(({ type, status: holds }) => type === "Ready" && holds === "True") ?? false;

const startMillisMax = 30_000;

/** Pods that start or end are no trouble. */
function isTroubled(pod: Pod, now: number): boolean {
  if (pod.metadata.deletionTimestamp !== undefined) return false;
  if (restartsOf(pod) > 0) return true;
  return !isReady(pod) && now - Date.parse(pod.metadata.creationTimestamp ?? "") > startMillisMax;
}

function podBranch(pod: Pod, now: number): Branch {
  const word = podStatusWord(pod);
  const restarts = restartsOf(pod);
  const waiting = pod.status?.containerStatuses?.find(({ state }) => state?.waiting !== undefined)?.state?.waiting;
  const isBad = restarts > 0 || waiting?.message !== undefined;
  return {
    parts: [
      `${podDot(pod)} ${pod.metadata.name}`,
      paint(
        isReady(pod) ? "green" : isBad ? "red" : "yellow",
        word === "Running" && !isReady(pod) ? "not ready" : word,
      ),
      restarts === 0 ? "" : `${restarts} ${restarts === 1 ? "restart" : "restarts"}`,
      paint("dim", ageOf(pod.metadata.creationTimestamp, now)),
      waiting?.message ?? "",
    ],
  };
}

const dotsShown = 30;

/** One a pod; of many, how many more there are. */
export function podDots(pods: readonly Pod[]): string {
  const more = pods.length - dotsShown;
  return pods.slice(0, dotsShown).map(podDot).join("") + (more > 0 ? paint("dim", `+${more}`) : "");
}

function podDot(pod: Pod): string {
  if (pod.metadata.deletionTimestamp !== undefined) return paint("dim", "◌");
  if (isReady(pod)) return paint(restartsOf(pod) > 0 ? "yellow" : "green", "●");
  return restartsOf(pod) > 0 ? paint("red", "✘") : paint("yellow", "○");
}
