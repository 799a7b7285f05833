import type { Effect } from "../loop/index.ts";
import { annotations, keyIn, rolloutKind } from "./names.ts";
import type { View } from "./view.ts";

/** A person's word that a version is bad was heard, and is taken away. */
export const forgetBad = (view: View): Effect => forget(view, annotations.bad);

const forget = ({ rollout }: View, annotation: string): Effect => ({
  do: "patch",
  key: keyIn(rolloutKind, rollout.metadata.namespace, rollout.metadata.name),
  patch: { type: "merge", value: { metadata: { annotations: { [annotation]: null } } } },
});

/** A person called something bad that is not on its way: the word is taken away, so that it meets no later version. */
export function staleWord(view: View): readonly Effect[] {
  const { rollout, isFullyPromoted, isFirst } = view;
  const pastNotRevertible = rollout.metadata.annotations?.[annotations.pastNotRevertible];
  if (isFullyPromoted && pastNotRevertible === view.hash) return [forget(view, annotations.pastNotRevertible)];
  if (rollout.metadata.annotations?.[annotations.bad] === undefined || !(isFullyPromoted || isFirst)) return [];
  return [forgetBad(view)];
}
