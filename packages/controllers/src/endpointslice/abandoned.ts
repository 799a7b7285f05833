import type { Pod, Service } from "@sluice/api";
import { type Abandoned, withoutManager } from "../marks/index.ts";
import { podHashLabel } from "../version/index.ts";

/** What it selects beside the version. */
export function versionless({ spec }: Service): Readonly<Record<string, string>> {
  const { [podHashLabel]: _, ...selector } = spec.selector ?? {};
  return selector;
}

/** Selecting all versions again. */
export const withoutVersion = (service: Service): Service => ({
  ...withoutManager(service),
  spec: { ...service.spec, selector: versionless(service) },
});

/**
 * Whether it may select Pods of all versions by now. What goes is led to until it has gone; then whoever serves in its place
 * is. And whom a Rollout leads by something else isn't led to a version that is being tried, or was taken back. `others`:
 * Pods of other versions. Source: argo-rollouts service/service.go, which doesn't wait.
 */
export function mayServeAll(by: Abandoned, pods: readonly Pod[], others: readonly Pod[]): boolean {
  const isThere = ({ metadata }: Pod): boolean => metadata.deletionTimestamp === undefined;
  if (by === "byPods" || !pods.some(isThere)) return true;
  return by === "elsewhere" && !others.some(isThere);
}
