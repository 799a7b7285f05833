import type { Rollout } from "@sluice/api";

/** Rings take in whom they name, whatever the weight says: what the new version really gets. */
export function ringNote({ status }: Rollout): string | undefined {
  const { rings, weights } = status?.canary ?? {};
  if (rings === undefined || rings.weight !== weights?.canary.weight) return undefined;
  return `With the rings the new version gets ${rings.share} % of the requests.`;
}
