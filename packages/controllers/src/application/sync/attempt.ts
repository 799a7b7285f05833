import type { Application, OperationState, ResourceResult, RetryStrategy } from "@sluice/api";
import { formatInstant, type Instant, parseInstant } from "@sluice/kernel";
import type { ApplyWork } from "./apply-manifests.ts";
import { mayRetry, retryAt } from "./backoff.ts";

/** What an operation decides next. The caller writes `state` and carries out the rest. */
export type OperationStep =
  | { readonly is: "waiting"; readonly because: string; readonly wakeAt?: Instant }
  | {
      readonly is: "starting";
      readonly id: string;
      readonly work: ApplyWork;
      readonly because: string;
      readonly isRestart: boolean;
    }
  | { readonly is: "moving"; readonly state: OperationState; readonly because: string; readonly wakeAt?: Instant }
  | { readonly is: "finished"; readonly state: OperationState; readonly because: string };

const textOfResult = ({ group, kind, namespace, name }: ResourceResult): string =>
  `${group}/${kind}:${namespace}/${name}`;

export const recordedIn = ({ syncResult }: OperationState): ReadonlySet<string> =>
  new Set((syncResult?.resources ?? []).map(textOfResult));

/**
 * The tasks that this attempt may have started so far, oldest first: by status alone, so that they are known where its
 * manifests no longer are. Recorded results number them, since groups shrink as what is pruned goes.
 */
export function groupTaskIds({ metadata }: Application, state: OperationState): readonly string[] {
  // Times are whole seconds: what a newer revision superseded may have begun in the same one.
  const attempt = `${state.startedAt}.${state.retryCount ?? 0}.${state.operation.sync?.revision ?? ""}`;
  const numbers = Array.from({ length: recordedIn(state).size + 1 }, (_, recorded) => recorded);
  return numbers.map((recorded) => `application/${metadata.uid}/sync/${attempt}/${recorded}`);
}

/** Ends the attempt. Another one follows while the retry strategy allows, as Argo CD writes it. */
export function failed(
  state: OperationState,
  message: string,
  now: Instant,
  phase: "Failed" | "Error" = "Failed",
): OperationStep {
  const strategy: RetryStrategy = state.operation.retry ?? {};
  const attempts = state.retryCount ?? 0;
  if (!mayRetry(attempts, strategy) || state.phase === "Terminating") {
    return finished(state, phase, attempts > 0 ? `${message} (retried ${attempts} times).` : message, now);
  }
  const due = retryAt(now, attempts, strategy);
  return {
    is: "moving",
    state: {
      ...state,
      phase: "Running",
      finishedAt: formatInstant(now),
      retryCount: attempts + 1,
      message: `${message}. Retrying attempt #${attempts + 1} at ${kitchen(due)}.`,
    },
    because: message,
    wakeAt: due,
  };
}

export function finished(
  state: OperationState,
  phase: OperationState["phase"],
  message: string,
  now: Instant,
): OperationStep {
  return { is: "finished", state: { ...state, phase, message, finishedAt: formatInstant(now) }, because: message };
}

/** The attempt after a failed one: results are forgotten, the count stays. */
export function nextAttempt(state: OperationState, now: Instant): OperationStep {
  const finishedAt = parseInstant(state.finishedAt ?? "") ?? now;
  const due = retryAt(finishedAt, (state.retryCount ?? 1) - 1, state.operation.retry ?? {});
  if (now < due) return { is: "waiting", because: state.message ?? "waiting to retry", wakeAt: due };
  const { finishedAt: _, syncResult, ...rest } = state;
  const { resources: __, ...result } = syncResult ?? { revision: "" };
  return {
    is: "moving",
    state: { ...rest, syncResult: result },
    because: `retrying attempt #${state.retryCount ?? 1}`,
  };
}

// Go's time.Kitchen, in UTC.
function kitchen(at: Instant): string {
  const text = formatInstant(at);
  const hour = Number(text.slice(11, 13));
  return `${hour % 12 === 0 ? 12 : hour % 12}:${text.slice(14, 16)}${hour < 12 ? "AM" : "PM"}`;
}
