import { controllerOf, type LabelSelector, matchesSelector, type Resource } from "@sluice/api";
import type { KindKey, ListFilter } from "@sluice/kernel";

/** One text a kind; versions of a kind share it, since they share their objects. */
export function kindName({ apiVersion, kind }: KindKey): string {
  const known = kindNames.get(apiVersion)?.get(kind);
  if (known !== undefined) return known;
  const slash = apiVersion.indexOf("/");
  const name = slash === -1 ? kind : `${apiVersion.slice(0, slash)}/${kind}`;
  kindNames.set(apiVersion, (kindNames.get(apiVersion) ?? new Map<string, string>()).set(kind, name));
  return name;
}

/** By version and kind: asked for at each read and each change, of the same few. */
const kindNames = new Map<string, Map<string, string>>();

export const objectName = (namespace: string | undefined, name: string): string => `${namespace ?? ""}/${name}`;

/** What says by a selector whom it speaks of. Others have a `spec.selector` that nobody lists them by. */
const policies = new Set(["sluice.dev/EvidencePolicy", "sluice.dev/RollbackPolicy"]);

/** The fewest buckets that hold everything a filter can match; no object stands in two of them. */
export function bucketsToRead(filter: ListFilter | undefined): string[] {
  const namespace = filter?.namespace ?? "*";
  if (filter?.ownerUid !== undefined) return [`o:${filter.ownerUid}`];
  if (filter?.workload !== undefined) return [`w:${namespace}|${filter.workload.kind}/${filter.workload.name}`];
  if (filter?.selects !== undefined) {
    const labels = Object.entries(filter.selects).map(([key, value]) => `s:${namespace}|${key}=${value}`);
    return [`s:${namespace}|`, ...labels];
  }
  const labels = Object.entries(filter?.labels ?? {});
  // A version's own label is the narrowest: by the application's, a Pod would wake every version of it.
  const label = labels.find(([key]) => key.endsWith("pod-template-hash")) ?? labels[0];
  if (label !== undefined) return [`l:${namespace}|${label[0]}=${label[1]}`];
  return [filter?.namespace === undefined ? "*" : `n:${filter.namespace}`];
}

/** Every bucket an object stands in. */
export function bucketsOf(resource: Resource): readonly string[] {
  const known = buckets.get(resource) ?? bucketsFor(resource);
  buckets.set(resource, known);
  return known;
}

/** Asked for as an object comes and as it goes, to file it and to tell who reads it. */
const buckets = new WeakMap<Resource, readonly string[]>();

function bucketsFor(resource: Resource): readonly string[] {
  const namespace = resource.metadata.namespace ?? "";
  const buckets = ["*", `n:${namespace}`];
  const owner = controllerOf(resource);
  if (owner !== undefined) buckets.push(`o:${owner.uid}`);
  const inBoth = (letter: string, text: string) =>
    buckets.push(`${letter}:*|${text}`, `${letter}:${namespace}|${text}`);
  for (const [key, value] of Object.entries(resource.metadata.labels ?? {})) inBoth("l", `${key}=${value}`);
  const workload = workloadOf(resource);
  if (workload !== undefined) inBoth("w", `${workload.kind}/${workload.name}`);
  if (policies.has(kindName(resource))) {
    // One label that it asks for is enough to find it by; what asks for none is everybody's.
    const [label] = Object.entries(selectorOf(resource).matchLabels ?? {});
    inBoth("s", label === undefined ? "" : `${label[0]}=${label[1]}`);
  }
  return buckets;
}

export function matches(resource: Resource, filter: ListFilter | undefined): boolean {
  if (filter === undefined) return true;
  if (filter.namespace !== undefined && resource.metadata.namespace !== filter.namespace) return false;
  if (filter.ownerUid !== undefined && controllerOf(resource)?.uid !== filter.ownerUid) return false;
  if (filter.workload !== undefined) {
    const workload = workloadOf(resource);
    if (workload?.kind !== filter.workload.kind || workload.name !== filter.workload.name) return false;
  }
  if (filter.selects !== undefined && !matchesSelector(selectorOf(resource), filter.selects)) return false;
  const labels = resource.metadata.labels ?? {};
  return Object.entries(filter.labels ?? {}).every(([key, value]) => labels[key] === value);
}

const specOf = (resource: Resource) =>
  (resource as { readonly spec?: { readonly workload?: unknown; readonly selector?: LabelSelector } }).spec;

const selectorOf = (resource: Resource): LabelSelector => specOf(resource)?.selector ?? {};

function workloadOf(resource: Resource): ListFilter["workload"] {
  const workload = specOf(resource)?.workload;
  // Other kinds name theirs by a text.
  return typeof workload === "object" && workload !== null ? (workload as ListFilter["workload"]) : undefined;
}
