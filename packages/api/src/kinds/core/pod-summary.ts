import { ageOf } from "../columns.ts";
import type { ContainerStatus } from "./container.ts";
import type { Pod } from "./pod.ts";

/** What `kubectl get pods` says. https://github.com/kubernetes/kubernetes/blob/master/pkg/printers/internalversion/printers.go printPod */
export function readyContainers({ spec, status }: Pod): string {
  const ready = (status?.containerStatuses ?? []).filter(
    (container) => container.ready && container.state?.running,
  ).length;
  return `${ready}/${spec.containers.length}`;
}

export function podStatusWord({ spec, metadata, status }: Pod): string {
  let word: string = status?.reason ?? status?.phase ?? "Unknown";
  if ((spec.schedulingGates ?? []).length > 0 && status?.phase === "Pending") word = "SchedulingGated";
  const initial = initWord(status?.initContainerStatuses ?? [], spec.initContainers?.length ?? 0);
  if (initial !== undefined) {
    word = initial;
  } else {
    let running = false;
    for (const { state, ready } of [...(status?.containerStatuses ?? [])].reverse()) {
      if (state?.waiting?.reason) word = state.waiting.reason;
      else if (state?.terminated !== undefined) word = terminatedWord(state.terminated);
      else if (ready && state?.running !== undefined) running = true;
    }
    if (word === "Completed" && running) {
      const isReady = status?.conditions?.some(({ type, status: holds }) => type === "Ready" && holds === "True");
      word = isReady ? "Running" : "NotReady";
    }
  }
  if (metadata.deletionTimestamp !== undefined) {
    if (status?.reason === "NodeLost") return "Unknown";
    if (status?.phase !== "Failed" && status?.phase !== "Succeeded") return "Terminating";
  }
  return word;
}

function initWord(statuses: readonly ContainerStatus[], total: number): string | undefined {
  for (const [index, { state }] of statuses.entries()) {
    if (state?.terminated?.exitCode === 0) continue;
    if (state?.terminated !== undefined) return `Init:${terminatedWord(state.terminated)}`;
    const reason = state?.waiting?.reason;
    if (reason !== undefined && reason !== "" && reason !== "PodInitializing") return `Init:${reason}`;
    return `Init:${index}/${total}`;
  }
  return undefined;
}

function terminatedWord({ reason, signal, exitCode }: { reason?: string; signal?: number; exitCode: number }): string {
  if (reason !== undefined && reason !== "") return reason;
  return signal === undefined || signal === 0 ? `ExitCode:${exitCode}` : `Signal:${signal}`;
}

export function restarts({ status }: Pod, now: number): string {
  const containers = status?.containerStatuses ?? [];
  const count = containers.reduce((sum, { restartCount }) => sum + restartCount, 0);
  const last = containers
    .map(({ lastState }) => lastState?.terminated?.finishedAt)
    .filter((finished) => finished !== undefined)
    .sort()
    .at(-1);
  return count > 0 && last !== undefined ? `${count} (${ageOf(last, now)} ago)` : String(count);
}
