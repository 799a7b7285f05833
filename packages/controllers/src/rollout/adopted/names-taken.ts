import { controllerOf, type Resource, type Rollout } from "@sluice/api";
import type { Reader } from "@sluice/kernel";
import { podHashLabel } from "../../version/index.ts";
import { analysisRunKind, experimentKind, judgementKind } from "../names.ts";

/** `Kind/name` of what an earlier Rollout of this name left behind, and this one must not call its own. */
export type NamesTaken = ReadonlySet<string>;

const nameOf = (kind: string, name: string): string => `${kind}/${name}`;

export const isTaken = (taken: NamesTaken, { kind }: { readonly kind: string }, name: string): boolean =>
  taken.has(nameOf(kind, name));

/** The original's names tell versions and revisions apart, and no Rollouts: what is adopted brings both along. */
export async function readNamesTaken({ metadata }: Rollout, hash: string, read: Reader): Promise<NamesTaken> {
  const { namespace, name, uid } = metadata;
  const inNamespace = namespace === undefined ? {} : { namespace };
  const version = { ...inNamespace, labels: { [podHashLabel]: hash } };
  const found = await Promise.all([
    read.list<Resource>(analysisRunKind, version),
    read.list<Resource>(experimentKind, version),
    read.list<Resource>(judgementKind, { ...inNamespace, labels: { "sluice.dev/subject": name } }),
  ]);
  const others = found.flat().filter((one) => controllerOf(one)?.uid !== uid);
  return new Set(others.map((one) => nameOf(one.kind, one.metadata.name)));
}
