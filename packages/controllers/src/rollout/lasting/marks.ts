import { notRevertible, type PodTemplateSpec, type ReplicaSet, unsaidReason } from "@sluice/api";
import { revisionOf, type View } from "../view.ts";

/** What a template does that can't be undone. One that the other names in the same words was done there already. */
export function lastingChange(
  template: PodTemplateSpec | undefined,
  other: PodTemplateSpec | undefined,
): string | undefined {
  const reason = notRevertible(template ?? {});
  return reason === unsaidReason || reason !== notRevertible(other ?? {}) ? reason : undefined;
}

/** A later version that can't be undone, which going back to this one would go past. */
export const lastingSince = (wanted: ReplicaSet, sets: readonly ReplicaSet[]): ReplicaSet | undefined =>
  sets.find(
    (set) =>
      revisionOf(set) > revisionOf(wanted) && lastingChange(set.spec.template, wanted.spec.template) !== undefined,
  );

/** Going back by itself would put old code on data that this version has changed for good. */
export const isLasting = ({ status }: Pick<View, "status">): boolean => {
  const { accepted } = status.notRevertible ?? {};
  return accepted !== undefined && accepted.isWayBack !== true && status.abortedAt === undefined;
};
