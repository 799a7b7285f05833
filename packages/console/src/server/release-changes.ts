import type { Client, Rollout } from "@sluice/api";
import { readReleaseChanges } from "@sluice/api/release";

/**
 * What a release changes, as JSON; undefined where there is no such release. Compared here and not in the page, so that no
 * Secret leaves the control plane for it.
 */
export async function releaseChangesAt(client: Client, pathname: string): Promise<string | undefined> {
  const [, namespace, name] = /^\/changes\/([^/]+)\/([^/]+)$/.exec(pathname)?.map(decodeURIComponent) ?? [];
  if (namespace === undefined || name === undefined) return undefined;
  const key = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", namespace, name };
  const rollout = await client.get<Rollout>(key);
  const changes = rollout === undefined ? undefined : await readReleaseChanges(client, rollout);
  return changes === undefined ? undefined : JSON.stringify(changes);
}
