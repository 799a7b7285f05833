import type { Client, Rollout } from "@sluice/api";
import { type ReleaseChanges, readReleaseChanges } from "@sluice/api/release";

/**
 * What a release changes; undefined where there is no such release. Compared here and not in the page, so that no
 * Secret leaves the control plane for it.
 */
export async function releaseChangesAt(client: Client, pathname: string): Promise<ReleaseChanges | undefined> {
  const [, namespace, name] = /^\/changes\/([^/]+)\/([^/]+)$/.exec(pathname)?.map(decodeURIComponent) ?? [];
  if (namespace === undefined || name === undefined) return undefined;
  const key = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", namespace, name };
  const rollout = await client.get<Rollout>(key);
  return rollout === undefined ? undefined : await readReleaseChanges(client, rollout);
}
