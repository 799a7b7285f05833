import { keyOf, type Resource } from "@sluice/api";
import type { Effect } from "../loop/index.ts";
import type { ApplicationPlan } from "./application-plan.ts";
import { resourcesFinalizer } from "./names.ts";
import type { Observed } from "./observe.ts";
import { groupTaskIds } from "./sync/attempt.ts";
import { isRunning } from "./sync/operation.ts";
import { compareOrder, waveOf } from "./sync/order.ts";
import { isDeletionSkipped } from "./sync/sync-tasks.ts";

/**
 * With Argo CD's finalizer, an Application takes its resources with it, last wave first; without it they stay.
 * https://argo-cd.readthedocs.io/en/stable/user-guide/app_deletion/
 */
export function planDeletion({ application, tracked }: Observed): ApplicationPlan {
  const { finalizers = [] } = application.metadata;
  const own = finalizers.find((name) => name === resourcesFinalizer || name.startsWith(`${resourcesFinalizer}/`));
  if (own === undefined) return { actions: [], because: "being deleted; its resources stay" };
  // What a sync still writes would be nobody's.
  const { operationState } = application.status ?? {};
  const stopped = (isRunning(operationState) ? groupTaskIds(application, operationState) : []).map(
    (id): Effect => ({ do: "cancelTask", id }),
  );
  const doomed = tracked.filter((live) => !isDeletionSkipped(live));
  if (doomed.length === 0) {
    const value = finalizers.filter((name) => name !== own);
    const operations = [
      { op: "test", path: "/metadata/finalizers", value: finalizers },
      { op: "replace", path: "/metadata/finalizers", value },
    ];
    return {
      actions: [...stopped, { do: "patch", key: keyOf(application), patch: { type: "json", operations } }],
      because: "its resources are gone",
    };
  }
  const propagationPolicy = own.endsWith("/background") ? "Background" : "Foreground";
  const last = Math.max(...doomed.map(waveOf));
  const actions = doomed
    .filter((live) => waveOf(live) === last && live.metadata.deletionTimestamp === undefined)
    .sort((a, b) => -compareOrder(ordered(a), ordered(b)))
    .map(
      (live): Effect => ({
        do: "delete",
        key: keyOf(live),
        options: { propagationPolicy, preconditions: preconditionsOf(live) },
      }),
    );
  return { actions: [...stopped, ...actions], because: `deleting ${doomed.length} resources` };
}

const ordered = (live: Resource) => ({ wave: waveOf(live), kind: live.kind, name: live.metadata.name });

const preconditionsOf = ({ metadata }: Resource) => (metadata.uid === undefined ? {} : { uid: metadata.uid });
