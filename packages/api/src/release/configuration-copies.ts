import type { ReplicaSet } from "../kinds/apps/replica-set.ts";

/** On ReplicaSets: which content of which ConfigMaps and Secrets their version began with, by digest. */
export const configurationAnnotation = "sluice.dev/configuration";

const nameLengthMax = 253;

/** What the copy of this content is called. */
export const snapshotName = (name: string, digest: string): string =>
  `${name.slice(0, nameLengthMax - digest.length - 1)}-${digest}`;

/** A ConfigMap or Secret that a version reads. */
export interface ReadConfiguration {
  readonly kind: "ConfigMap" | "Secret";
  readonly name: string;
  /** The copy that its Pods read; undefined where they read it under its own name, or where it wasn't there. */
  readonly copy?: string;
}

/** What a ReplicaSet says of its configuration. */
export function configurationReadBy({ metadata }: ReplicaSet): readonly ReadConfiguration[] {
  return Object.entries(notesIn(metadata.annotations?.[configurationAnnotation])).flatMap(([id, note]) => {
    const [kind, name] = id.split("/");
    if ((kind !== "ConfigMap" && kind !== "Secret") || name === undefined) return [];
    const isCopied = /^[0-9a-f]+$/.test(note);
    return [{ kind, name, ...(isCopied ? { copy: snapshotName(name, note) } : {}) }];
  });
}

function notesIn(text = "{}"): Readonly<Record<string, string>> {
  try {
    const notes: unknown = JSON.parse(text);
    return typeof notes === "object" && notes !== null ? (notes as Readonly<Record<string, string>>) : {};
  } catch {
    return {};
  }
}
