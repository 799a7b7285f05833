import { controlledBy, controllerOf, keyOf, type LabelSelector, matchesSelector, type Resource } from "@sluice/api";
import type { KindKey, Reader } from "@sluice/kernel";
import type { StoreAction } from "../loop/index.ts";

/** What an owner has, by its references and by its selector. */
export interface Claims<R extends Resource> {
  /** Controlled by it; those on their way out included. */
  readonly own: readonly R[];
  /** Matched by its selector, controlled by nobody. */
  readonly orphans: readonly R[];
  /** Controlled by it, matched no more. */
  readonly strays: readonly R[];
  /** Matched, and as far as is known still of one of its name that is gone: it goes with that one, or is left to nobody. */
  readonly former: readonly R[];
}

/**
 * Without a selector what is owned is owned, and nothing is matched.
 * Source: kubernetes pkg/controller/controller_ref_manager.go ClaimObject.
 */
export async function readClaims<R extends Resource>(
  owner: Resource,
  kind: KindKey,
  selector: LabelSelector | undefined,
  read: Reader,
): Promise<Claims<R>> {
  const { namespace, uid = "", name } = owner.metadata;
  const inNamespace = namespace === undefined ? {} : { namespace };
  const owned = await read.list<R>(kind, { ...inNamespace, ownerUid: uid });
  if (selector === undefined) return { own: owned, orphans: [], strays: [], former: [] };
  const matching = await read.list<R>(kind, { ...inNamespace, labels: selector.matchLabels ?? {} });
  const isMatch = ({ metadata }: R) => matchesSelector(selector, metadata.labels ?? {});
  const isStaying = ({ metadata }: R) => metadata.deletionTimestamp === undefined;
  const isStray = (object: R) => isStaying(object) && !isMatch(object);
  return {
    own: owned.filter((object) => !isStray(object)),
    orphans: matching.filter((object) => isMatch(object) && isStaying(object) && controllerOf(object) === undefined),
    strays: owned.filter(isStray),
    former: matching.filter((object) => {
      const controller = controllerOf(object);
      const isOfName = controller?.kind === owner.kind && controller.name === name && controller.uid !== uid;
      return isOfName && isMatch(object) && isStaying(object);
    }),
  };
}

/** Nobody's are adopted, and those that match no more are let go; nothing where all is as it should be. */
export const claimed = (
  owner: Resource,
  { orphans, strays }: Pick<Claims<Resource>, "orphans" | "strays">,
): readonly StoreAction[] => [...orphans.map((orphan) => adopt(owner, orphan)), ...strays.map(release)];

/** Only while the owner is really there: what says that it is owned by one that is gone would go with it. */
function adopt(owner: Resource, orphan: Resource): StoreAction {
  const ownerReferences = [...(orphan.metadata.ownerReferences ?? []), controlledBy(owner)];
  return { ...referencesPatch(orphan, ownerReferences), onlyWhile: owner };
}

function release(stray: Resource): StoreAction {
  const others = (stray.metadata.ownerReferences ?? []).filter(({ controller }) => controller !== true);
  return referencesPatch(stray, others);
}

/** Refused where another of the same name has come, or another owner was quicker: the whole list is written. */
function referencesPatch(object: Resource, ownerReferences: Resource["metadata"]["ownerReferences"]) {
  const { uid, resourceVersion } = object.metadata;
  const value = { metadata: { uid, resourceVersion, ownerReferences } };
  return { do: "patch", key: keyOf(object), patch: { type: "merge", value } } as const;
}
