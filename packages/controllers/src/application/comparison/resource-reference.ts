import { type Resource, splitApiVersion } from "@sluice/api";
import type { ResourceKey } from "@sluice/kernel";

/** A resource as an Application's status names it; `namespace` is "" for cluster-scoped ones. */
export interface ResourceReference {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export function referenceOf({ apiVersion, kind, metadata }: Resource): ResourceReference {
  return { ...splitApiVersion(apiVersion), kind, namespace: metadata.namespace ?? "", name: metadata.name };
}

export function keyOfReference({ group, version, kind, namespace, name }: ResourceReference): ResourceKey {
  return {
    apiVersion: group === "" ? version : `${group}/${version}`,
    kind,
    ...(namespace === "" ? {} : { namespace }),
    name,
  };
}

/** Names the resource whatever its version. */
export const referenceText = ({ group, kind, namespace, name }: Omit<ResourceReference, "version">): string =>
  `${group}/${kind}:${namespace}/${name}`;

/**
 * Argo CD's tracking annotation. An Application outside the control plane's namespace is named `namespace_name`.
 * https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/
 */
export const trackingId = (application: string, reference: ResourceReference): string =>
  `${application}:${referenceText(reference)}`;

/** Argo CD's control plane lives in `argocd`; Applications of other namespaces carry theirs in the name. */
export function instanceName({ metadata }: Resource): string {
  const { namespace = "argocd", name } = metadata;
  return namespace === "argocd" ? name : `${namespace}_${name}`;
}

/** Which Application a tracking annotation names, if it names this very resource; copies of it are no claim. */
export function trackedBy(resource: Resource, annotation: string | undefined): string | undefined {
  const colon = annotation?.indexOf(":") ?? -1;
  if (annotation === undefined || colon === -1) return undefined;
  return annotation.slice(colon + 1) === referenceText(referenceOf(resource)) ? annotation.slice(0, colon) : undefined;
}
