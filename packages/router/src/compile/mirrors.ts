import type { Destination, HttpRoute } from "@sluice/api";
import type { DestinationEntry, MirrorEntry } from "../table.ts";

type Target = (destination: Destination, path: string) => Omit<DestinationEntry, "weight">;

/**
 * Who gets copies. A percentage that is given and 0 means none; one that is absent means all.
 * https://github.com/istio/istio/blob/master/pilot/pkg/networking/core/route/route.go: mirrorPercent
 */
export function compileMirrors(route: HttpRoute, target: Target): { readonly mirrors?: readonly MirrorEntry[] } {
  const mirrors: MirrorEntry[] = [];
  const add = (destination: Destination, path: string, percent: number): void => {
    if (percent > 0) mirrors.push({ ...target(destination, path), percent: Math.min(100, percent) });
  };
  if (route.mirror !== undefined) {
    const { mirrorPercentage, mirrorPercent, mirror_percent } = route;
    const percent =
      mirrorPercentage === undefined ? (mirrorPercent ?? mirror_percent ?? 100) : (mirrorPercentage.value ?? 0);
    add(route.mirror, "mirror", percent);
  }
  for (const [index, { destination, percentage }] of (route.mirrors ?? []).entries()) {
    if (destination === undefined) continue;
    add(destination, `mirrors[${index}].destination`, percentage === undefined ? 100 : (percentage.value ?? 0));
  }
  return mirrors.length === 0 ? {} : { mirrors };
}
