import type { OwnerReference, Resource } from "@sluice/api";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { addressOf } from "./addresses.ts";

/** `Rollout shop`, a link where it has a page. */
export function ObjectLink({
  kind,
  namespace,
  name,
}: {
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
}): ReactNode {
  const address = addressOf(kind, namespace, name);
  return (
    <>
      <span className="quiet">{kind}</span> {address === undefined ? name : <Link href={address}>{name}</Link>}
    </>
  );
}

export const ownerOf = ({ metadata }: Pick<Resource, "metadata">): OwnerReference | undefined =>
  metadata.ownerReferences?.find(({ controller }) => controller === true);

/** What made it, or that a person or a script did. */
export function Owner({ object }: { readonly object: Pick<Resource, "metadata"> }): ReactNode {
  const owner = ownerOf(object);
  if (owner === undefined) return <span className="quiet">on its own</span>;
  return <ObjectLink kind={owner.kind} namespace={object.metadata.namespace} name={owner.name} />;
}
