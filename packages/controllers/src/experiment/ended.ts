import type { ExperimentStatus, ExperimentTemplate, ReplicaSet } from "@sluice/api";
import { after, formatInstant, type Instant, instant, type Plan, parseInstant, seconds } from "@sluice/kernel";
import type { Effect } from "../loop/index.ts";
import { annotations, keyOfChild, replicaSetKind, serviceKind } from "./names.ts";
import { isOwnedBy, type ObservedExperiment } from "./observe.ts";
import { countsOf, statusOf } from "./version.ts";

/** What ended keeps its Pods a while, since routers may still know them; then they and their Services go. */
export function planScaleDown(observed: ObservedExperiment, now: Instant): Plan<Effect, ExperimentStatus> {
  const { experiment, replicaSets } = observed;
  const actions: Effect[] = [];
  const wakes: Instant[] = [];
  for (const template of experiment.spec.templates) {
    const set = replicaSets.get(template.name)?.child;
    if (set === undefined) continue;
    if ((set.spec.replicas ?? 1) === 0) {
      actions.push(...planServiceEnd(observed, template));
      continue;
    }
    const deadline = deadlineOf(set) ?? after(now, seconds(experiment.spec.scaleDownDelaySeconds ?? 30));
    if (now >= deadline) {
      actions.push(
        patched(set, { metadata: { annotations: { [annotations.scaleDownDeadline]: null } }, spec: { replicas: 0 } }),
      );
      continue;
    }
    wakes.push(deadline);
    if (deadlineOf(set) !== undefined) continue;
    actions.push(
      patched(set, { metadata: { annotations: { [annotations.scaleDownDeadline]: formatInstant(deadline) } } }),
    );
  }
  const templateStatuses = experiment.spec.templates.map((template) => {
    const before = statusOf(experiment, template.name);
    const slot = replicaSets.get(template.name);
    const counts = slot === undefined ? undefined : countsOf(experiment, template, slot);
    const { status, message, lastTransitionTime } = before ?? {};
    return {
      ...(counts ??
        before ?? { name: template.name, replicas: 0, updatedReplicas: 0, readyReplicas: 0, availableReplicas: 0 }),
      ...(status === undefined ? {} : { status }),
      ...(message === undefined ? {} : { message }),
      ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }),
    };
  });
  return {
    actions,
    status: { ...experiment.status, templateStatuses },
    because: wakes.length > 0 ? "ended, its pods stay a while" : "ended",
    ...(wakes.length === 0 ? {} : { wakeAt: instant(Math.min(...wakes)) }),
  };
}

const deadlineOf = ({ metadata }: ReplicaSet): Instant | undefined =>
  parseInstant(metadata.annotations?.[annotations.scaleDownDeadline] ?? "");

const patched = (set: ReplicaSet, value: object): Effect => ({
  do: "patch",
  key: keyOfChild(replicaSetKind, set),
  patch: { type: "merge", value },
});

function planServiceEnd({ experiment, services }: ObservedExperiment, { name }: ExperimentTemplate): readonly Effect[] {
  const service = services.get(name);
  if (service === undefined || !isOwnedBy(experiment, service)) return [];
  return [{ do: "delete", key: keyOfChild(serviceKind, service) }];
}
