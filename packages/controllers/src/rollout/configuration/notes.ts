import type { ReplicaSet } from "@sluice/api";
import { type ConfigurationDigests, podHashLabel } from "../../version/index.ts";
import { annotations } from "../names.ts";

/** Of each ConfigMap and Secret that a version reads, by `Kind/name`: the digest of its content, or one of the words below. */
export type Notes = Readonly<Record<string, string>>;

/** Read under its own name: taken over from the original, or not there when its version began. */
export const live = "live";
export const absent = "absent";

/** A missing word of an optional one says that it was absent; of another that nothing was ever copied. */
export const isLiveNote = (note: string | undefined): boolean =>
  note === undefined || note === live || note.startsWith(`${live}:`);

/** Of its version. */
export const hashOf = (set: ReplicaSet): string => set.metadata.labels?.[podHashLabel] ?? "";

export function notesOf(set: ReplicaSet): Notes {
  const text = set.metadata.annotations?.[annotations.configuration];
  if (text === undefined) return {};
  try {
    const notes: unknown = JSON.parse(text);
    return typeof notes === "object" && notes !== null ? (notes as Notes) : {};
  } catch {
    return {};
  }
}

/** Those of which its Pods read a copy. */
export const copiedIn = (notes: Notes): ConfigurationDigests =>
  Object.fromEntries(Object.entries(notes).filter(([, note]) => !isLiveNote(note) && note !== absent));

/** The content that was there, as far as a version has noted it, whether its Pods read a copy or not. */
export function notedContent(note: string | undefined): string | undefined {
  if (note === undefined || note === live || note === absent) return undefined;
  return note.startsWith(`${live}:`) ? note.slice(live.length + 1) : note;
}
