import { controllerOf, type Resource } from "@sluice/api";
import type { KindKey, ListFilter } from "@sluice/kernel";

/** One text a kind; versions of a kind share it, since they share their objects. */
export const kindName = ({ apiVersion, kind }: KindKey): string => {
  const slash = apiVersion.indexOf("/");
  return slash === -1 ? kind : `${apiVersion.slice(0, slash)}/${kind}`;
};

export const objectName = (namespace: string | undefined, name: string): string => `${namespace ?? ""}/${name}`;

/** The narrowest bucket that holds everything a filter can match. */
export function bucketOf(filter: ListFilter | undefined): string {
  if (filter?.ownerUid !== undefined) return `o:${filter.ownerUid}`;
  const label = filter?.labels === undefined ? undefined : Object.entries(filter.labels)[0];
  if (label !== undefined) return `l:${filter?.namespace ?? "*"}|${label[0]}=${label[1]}`;
  return filter?.namespace === undefined ? "*" : `n:${filter.namespace}`;
}

/** Every bucket an object stands in. */
export function bucketsOf(resource: Resource): string[] {
  const namespace = resource.metadata.namespace ?? "";
  const buckets = ["*", `n:${namespace}`];
  const owner = controllerOf(resource);
  if (owner !== undefined) buckets.push(`o:${owner.uid}`);
  for (const [key, value] of Object.entries(resource.metadata.labels ?? {})) {
    buckets.push(`l:*|${key}=${value}`, `l:${namespace}|${key}=${value}`);
  }
  return buckets;
}

export function matches(resource: Resource, filter: ListFilter | undefined): boolean {
  if (filter === undefined) return true;
  if (filter.namespace !== undefined && resource.metadata.namespace !== filter.namespace) return false;
  if (filter.ownerUid !== undefined && controllerOf(resource)?.uid !== filter.ownerUid) return false;
  const labels = resource.metadata.labels ?? {};
  return Object.entries(filter.labels ?? {}).every(([key, value]) => labels[key] === value);
}
