import type { Effect } from "../loop/index.ts";
import { annotations, keyIn, rolloutKind } from "./names.ts";
import type { View } from "./view.ts";

/** A person's word that a version is bad was heard, and is taken away. */
export const forgetBad = ({ rollout }: View): Effect => ({
  do: "patch",
  key: keyIn(rolloutKind, rollout.metadata.namespace, rollout.metadata.name),
  patch: { type: "merge", value: { metadata: { annotations: { [annotations.bad]: null } } } },
});

/** A person called something bad that is not on its way: the word is taken away, so that it meets no later version. */
export function staleWord(view: View): readonly Effect[] {
  const { rollout, isFullyPromoted, isFirst } = view;
  if (rollout.metadata.annotations?.[annotations.bad] === undefined || !(isFullyPromoted || isFirst)) return [];
  return [forgetBad(view)];
}
