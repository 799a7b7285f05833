import type { Instant } from "@sluice/kernel";
import { restartAt } from "./backoff.ts";
import type { ContainerView, PodView } from "./view.ts";

export type PodAction =
  | { readonly do: "start"; readonly container: string; readonly attempt: number; readonly backoffMillis: number }
  | { readonly do: "stop"; readonly container: string; readonly because: string; readonly graceSeconds: number }
  /** Nothing runs any more, and nothing shall. */
  | { readonly do: "remove" };

export interface PodPlan {
  readonly actions: readonly PodAction[];
  readonly because: string;
  readonly wakeAt?: Instant;
}

/** What to do for a Pod now. Pure: the same view and instant give the same plan. */
export function planPod(pod: PodView, now: Instant): PodPlan {
  if (pod.leaving !== undefined) return stopAll(pod, pod.leaving.because, pod.leaving.graceSeconds);
  if (isFinished(pod)) return stopSidecars(pod);
  if (pod.deadlineAt !== undefined && now >= pod.deadlineAt) return stopAll(pod, "deadline", 30);

  const actions: PodAction[] = [];
  let because = "all containers are as they should be";
  let wakeAt: Instant | undefined = pod.deadlineAt;
  const consider = (view: ContainerView): void => {
    const step = planContainer(view, pod.restartPolicy, now);
    if (step.action !== undefined) actions.push(step.action);
    if (step.wakeAt !== undefined && (wakeAt === undefined || step.wakeAt < wakeAt)) wakeAt = step.wakeAt;
  };
  for (const view of pod.containers) {
    if (view.kind === "main") continue;
    consider(view);
    if (!isPassed(view)) {
      because = `waiting for init container ${view.container.name}`;
      return plan(actions, because, wakeAt);
    }
  }
  for (const view of pod.containers) if (view.kind === "main") consider(view);
  if (actions.length > 0)
    because = actions.map(({ do: verb, ...rest }) => `${verb} ${"container" in rest ? rest.container : ""}`).join(", ");
  return plan(actions, because, wakeAt);
}

const plan = (actions: readonly PodAction[], because: string, wakeAt: Instant | undefined): PodPlan =>
  wakeAt === undefined ? { actions, because } : { actions, because, wakeAt };

/** Main containers first; sidecars are told when those have ended. */
function stopAll(pod: PodView, because: string, graceSeconds: number): PodPlan {
  const live = pod.containers.filter(isLive);
  if (live.length === 0) {
    return { actions: pod.leaving === undefined ? [] : [{ do: "remove" }], because: "nothing runs any more" };
  }
  const mains = live.filter(({ kind }) => kind !== "sidecar");
  const actions = (mains.length > 0 ? mains : live)
    .filter(({ run }) => run.is === "starting" || (run.is === "running" && !run.isStopping))
    .map(({ container }) => ({ do: "stop" as const, container: container.name, because, graceSeconds }));
  return { actions, because: `stopping: ${because}` };
}

function stopSidecars(pod: PodView): PodPlan {
  const actions = pod.containers
    .filter(({ run }) => run.is === "running" && !run.isStopping)
    .map(({ container }) => ({
      do: "stop" as const,
      container: container.name,
      because: "the main containers have ended",
      graceSeconds: 30,
    }));
  return { actions, because: "the Pod has run its course" };
}

interface Step {
  readonly action?: PodAction;
  readonly wakeAt?: Instant;
}

function planContainer({ container, kind, run }: ContainerView, policy: PodView["restartPolicy"], now: Instant): Step {
  switch (run.is) {
    case "none":
      if (run.waiting !== undefined && !isDue(run.waiting.retryAt, now)) return wake(run.waiting.retryAt);
      return { action: { do: "start", container: container.name, attempt: 0, backoffMillis: 0 } };
    case "starting":
    case "running":
      return {};
    case "ended": {
      if (!restarts(kind, policy, run.ended.exitCode)) return {};
      if (run.waiting !== undefined && !isDue(run.waiting.retryAt, now)) return wake(run.waiting.retryAt);
      const at = restartAt(run.attempt, run.backoffMillis, run.ended);
      // A clock set back must not stretch the wait beyond what it was meant to be.
      const isOver = now >= at || now < run.ended.finishedAt;
      if (!isOver) return { wakeAt: at };
      const attempt = run.attempt + 1;
      const backoffMillis = Math.max(0, at - run.ended.finishedAt);
      return { action: { do: "start", container: container.name, attempt, backoffMillis } };
    }
  }
}

const isDue = (at: Instant | undefined, now: Instant): boolean => at !== undefined && now >= at;
const wake = (wakeAt: Instant | undefined): Step => (wakeAt === undefined ? {} : { wakeAt });

/** Whether a container that ended like this is started again. */
export function restarts(kind: ContainerView["kind"], policy: PodView["restartPolicy"], exitCode: number): boolean {
  if (kind === "sidecar") return true;
  if (kind === "init") return exitCode !== 0 && policy !== "Never";
  return policy === "Always" || (policy === "OnFailure" && exitCode !== 0);
}

/** An init container that lets the next one start. */
export const isPassed = ({ kind, run }: ContainerView): boolean =>
  kind === "sidecar" ? run.is === "running" && run.isStarted : run.is === "ended" && run.ended.exitCode === 0;

const isLive = ({ run }: ContainerView): boolean => run.is === "running" || run.is === "starting";

const hasFailedForGood = ({ kind, run }: ContainerView, policy: PodView["restartPolicy"]): boolean =>
  run.is === "ended" && run.ended.exitCode !== 0 && !restarts(kind, policy, run.ended.exitCode);

/** Every main container has ended for good, or an init container has failed for good. */
export function isFinished({ containers, restartPolicy }: PodView): boolean {
  if (containers.some((view) => view.kind === "init" && hasFailedForGood(view, restartPolicy))) return true;
  return containers
    .filter(({ kind }) => kind === "main")
    .every(({ kind, run }) => run.is === "ended" && !restarts(kind, restartPolicy, run.ended.exitCode));
}
