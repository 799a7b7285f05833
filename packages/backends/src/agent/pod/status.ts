import type { ContainerState, ContainerStatus, Pod, PodCondition, PodPhase, PodStatus } from "@sluice/api";
import { formatInstant, type Instant } from "@sluice/kernel";
import { nextBackoff } from "./backoff.ts";
import { isFinished, isPassed, restarts } from "./plan.ts";
import type { ContainerView, Ended, PodView, RunView } from "./view.ts";

export interface StatusInput {
  readonly pod: Pod;
  readonly view: PodView;
  readonly podIP: string;
  readonly hostIP: string;
  readonly startedAt: Instant;
  /** Fields of the manifest that mean nothing here. */
  readonly notEnforced: readonly string[];
}

/** The complete next status of a Pod, as the kubelet would write it. Conditions of others are kept. */
export function podStatus(input: StatusInput, now: Instant): PodStatus {
  const { pod, view, podIP, hostIP, startedAt } = input;
  const phase = phaseOf(view, now);
  const statuses = view.containers.map((container) => [container, containerStatus(input, container)] as const);
  const isMain = ([{ kind }]: readonly [ContainerView, ContainerStatus]) => kind === "main";
  const main = statuses.filter(isMain).map(([, status]) => status);
  const init = statuses.filter((entry) => !isMain(entry)).map(([, status]) => status);
  return {
    phase,
    ...finishReason(view, now),
    conditions: conditionsOf(input, phase, now),
    hostIP,
    hostIPs: [{ ip: hostIP }],
    podIP,
    podIPs: [{ ip: podIP }],
    startTime: formatInstant(startedAt),
    ...(init.length === 0 ? {} : { initContainerStatuses: init }),
    containerStatuses: main,
    qosClass: qualityOfService(pod),
    ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
  };
}

export function phaseOf(view: PodView, now: Instant): PodPhase {
  if (isOverdue(view, now)) return "Failed";
  const mains = view.containers.filter(({ kind }) => kind === "main");
  const leaving = view.leaving !== undefined && mains.every(({ run }) => run.is === "ended" || run.is === "none");
  if (isFinished(view) || (leaving && mains.some(({ run }) => run.is === "ended"))) {
    return mains.every(({ run }) => run.is === "ended" && run.ended.exitCode === 0) ? "Succeeded" : "Failed";
  }
  const hasInitialised = view.containers.every((container) => container.kind === "main" || isPassed(container));
  const hasRun = mains.some(({ run }) => run.is === "running" || run.is === "ended");
  const allTried = mains.every(({ run }) => run.is === "running" || run.is === "ended");
  return (hasInitialised || hasRun) && allTried ? "Running" : "Pending";
}

const isOverdue = ({ deadlineAt }: PodView, now: Instant): boolean => deadlineAt !== undefined && now >= deadlineAt;

const finishReason = (view: PodView, now: Instant): { reason: string; message: string } | Record<string, never> =>
  isOverdue(view, now)
    ? { reason: "DeadlineExceeded", message: "Pod was active on the node longer than the specified deadline" }
    : {};

export const isContainerReady = ({ run }: ContainerView): boolean =>
  run.is === "running" && run.isStarted && run.isReady && !run.isStopping;

function containerStatus({ pod, view }: StatusInput, container: ContainerView): ContainerStatus {
  const { run } = container;
  const previous = previousOf(run, container, view);
  const state = stateOf(pod, view, container);
  const id = run.is === "running" ? run.containerId : run.is === "ended" ? run.ended.containerId : undefined;
  const isReady =
    container.kind === "init"
      ? run.is === "ended" && run.ended.exitCode === 0
      : isContainerReady(container) && view.leaving === undefined;
  return {
    name: container.container.name,
    state,
    lastState: previous === undefined ? {} : { terminated: terminated(previous) },
    ready: isReady,
    restartCount: run.is === "none" ? 0 : run.attempt,
    image: container.image,
    imageID: container.imageId,
    ...(id === undefined ? {} : { containerID: `sluice://${id}` }),
    started: run.is === "running" && run.isStarted,
  };
}

/** While a restart waits, the run that ended shows as the last one. */
function previousOf(run: RunView, container: ContainerView, view: PodView): Ended | undefined {
  if (run.is === "none") return undefined;
  if (run.is !== "ended") return run.previous;
  return isWaitingToRestart(run, container, view) ? run.ended : undefined;
}

const isWaitingToRestart = (run: RunView & { is: "ended" }, { kind }: ContainerView, view: PodView): boolean =>
  view.leaving === undefined && restarts(kind, view.restartPolicy, run.ended.exitCode) && !isFinished(view);

function stateOf(pod: Pod, view: PodView, container: ContainerView): ContainerState {
  const { run } = container;
  switch (run.is) {
    case "none":
      if (run.waiting !== undefined) return waiting(run.waiting.reason, run.waiting.message);
      return waiting(isBlockedByInit(view, container) ? "PodInitializing" : "ContainerCreating");
    case "starting":
      return waiting("ContainerCreating");
    case "running":
      return { running: { startedAt: formatInstant(run.startedAt) } };
    case "ended": {
      if (!isWaitingToRestart(run, container, view)) return { terminated: terminated(run.ended) };
      if (run.waiting !== undefined) return waiting(run.waiting.reason, run.waiting.message);
      const wait = nextBackoff(run.attempt, run.backoffMillis, run.ended);
      if (wait === 0) return waiting("ContainerCreating");
      // What no restart can mend keeps its own reason in sight.
      if (run.ended.reason === "AddressInUse") return waiting("AddressInUse", run.ended.message ?? "");
      const { name, namespace = "default", uid = "" } = pod.metadata;
      const label = `container=${container.container.name} pod=${name}_${namespace}(${uid})`;
      return waiting("CrashLoopBackOff", `back-off ${goDuration(wait)} restarting failed ${label}`);
    }
  }
}

const isBlockedByInit = (view: PodView, container: ContainerView): boolean => {
  const before = view.containers.slice(0, view.containers.indexOf(container)).filter(({ kind }) => kind !== "main");
  return before.some((init) => !isPassed(init));
};

const waiting = (reason: string, message?: string): ContainerState => ({
  waiting: message === undefined || message === "" ? { reason } : { reason, message },
});

const terminated = ({ exitCode, reason, message, startedAt, finishedAt, containerId }: Ended) => ({
  exitCode,
  reason,
  ...(message === undefined ? {} : { message }),
  startedAt: formatInstant(startedAt),
  finishedAt: formatInstant(finishedAt),
  containerID: `sluice://${containerId}`,
});

/** `10s`, `1m20s`, `5m0s`. */
function goDuration(millis: number): string {
  const total = Math.round(millis / 1000);
  return total < 60 ? `${total}s` : `${Math.floor(total / 60)}m${total % 60}s`;
}

function conditionsOf(input: StatusInput, phase: PodPhase, now: Instant): PodCondition[] {
  const { pod, view, notEnforced } = input;
  const mains = view.containers.filter(({ kind }) => kind !== "init");
  const unready = mains.filter((container) => !isContainerReady(container)).map(({ container }) => container.name);
  const pendingInit = view.containers
    .filter((container) => container.kind !== "main" && !isPassed(container))
    .map(({ container }) => container.name);
  const isOver = phase === "Succeeded" || phase === "Failed";
  const gates = (pod.spec.readinessGates ?? [])
    .map(({ conditionType }) => conditionType)
    .filter((type) => !pod.status?.conditions?.some((known) => known.type === type && known.status === "True"));
  const notReady = notReadyReason(view, phase, unready);
  const next: PodCondition[] = [
    condition("PodScheduled"),
    pendingInit.length === 0 || isOver
      ? condition("Initialized")
      : condition(
          "Initialized",
          "ContainersNotInitialized",
          `containers with incomplete status: [${pendingInit.join(" ")}]`,
        ),
    notReady === undefined
      ? condition("ContainersReady")
      : condition("ContainersReady", notReady.reason, notReady.message),
    notReady !== undefined
      ? condition("Ready", notReady.reason, notReady.message)
      : gates.length === 0
        ? condition("Ready")
        : condition(
            "Ready",
            "ReadinessGatesNotReady",
            gates.map((gate) => `corresponding condition of pod readiness gate "${gate}" does not exist.`).join(" "),
          ),
    ...(notEnforced.length === 0
      ? []
      : [
          {
            type: "NotEnforced",
            status: "True" as const,
            reason: "NoMeaningForProcesses",
            message: `accepted, without effect on this node: ${notEnforced.join(", ")}`,
          },
        ]),
  ];
  const known = pod.status?.conditions ?? [];
  const own = new Set(["PodScheduled", "Initialized", "ContainersReady", "Ready", "NotEnforced"]);
  return [...known.filter(({ type }) => !own.has(type)), ...next.map((each) => dated(each, known, now))];
}

function notReadyReason(
  view: PodView,
  phase: PodPhase,
  unready: readonly string[],
): { reason: string; message: string } | undefined {
  if (phase === "Succeeded") return { reason: "PodCompleted", message: "" };
  if (phase === "Failed") return { reason: "PodFailed", message: "" };
  if (view.leaving !== undefined) return { reason: "Terminating", message: "the Pod is being stopped" };
  if (unready.length === 0) return undefined;
  return { reason: "ContainersNotReady", message: `containers with unready status: [${unready.join(" ")}]` };
}

const condition = (type: string, reason?: string, message?: string): PodCondition => ({
  type,
  status: reason === undefined ? "True" : "False",
  ...(reason === undefined ? {} : { reason }),
  ...(message === undefined || message === "" ? {} : { message }),
});

/** The time of the last change of `status`, not of words. */
function dated(next: PodCondition, known: readonly PodCondition[], now: Instant): PodCondition {
  const before = known.find(({ type }) => type === next.type);
  const kept = before?.status === next.status ? before.lastTransitionTime : undefined;
  return { ...next, lastTransitionTime: kept ?? formatInstant(now) };
}

function qualityOfService({ spec }: Pod): "Guaranteed" | "Burstable" | "BestEffort" {
  const resources = spec.containers.map((container) => container.resources ?? {});
  const names = ["cpu", "memory"];
  if (
    resources.every(({ limits = {}, requests = {} }) =>
      names.every((name) => limits[name] === undefined && requests[name] === undefined),
    )
  ) {
    return "BestEffort";
  }
  const isGuaranteed = resources.every(({ limits = {}, requests = {} }) =>
    names.every((name) => limits[name] !== undefined && (requests[name] ?? limits[name]) === limits[name]),
  );
  return isGuaranteed ? "Guaranteed" : "Burstable";
}
