import type { Violation } from "@sluice/kernel";
import { show } from "../../schema/show.ts";
import type { Labels } from "../quantities.ts";
import { invalid } from "../rules.ts";

/** On Rollouts: a person went back to this version, also to the content of ConfigMaps and Secrets that it read. */
export const undoneAnnotation = "sluice.dev/undone";

/** A version that a person went back to, whose ConfigMaps and Secrets have another content by now. */
export interface Undone {
  /** Its hash. */
  readonly version: string;
  /** By `Kind/name`, as digests: whose old content is meant, and only while this is the content under its name. */
  readonly instead: Readonly<Record<string, string>>;
}

interface Marked {
  readonly annotations?: Labels;
}

/** What the annotation's value says; undefined where it can't be read. */
export function readUndone(text: string): Undone | undefined {
  try {
    const { version, instead } = JSON.parse(text) ?? {};
    if (typeof version !== "string" || typeof instead !== "object" || instead === null) return undefined;
    return Object.values(instead).every((digest) => typeof digest === "string") ? { version, instead } : undefined;
  } catch {
    return undefined;
  }
}

/** One that can't be read would be taken for none. What is stored already stands in no other change's way. */
export function checkUndone({ annotations }: Marked, old: Marked | undefined): readonly Violation[] {
  const word = annotations?.[undoneAnnotation];
  if (word === undefined || word === old?.annotations?.[undoneAnnotation] || readUndone(word) !== undefined) return [];
  return [
    invalid({
      path: `metadata.annotations[${undoneAnnotation}]`,
      found: show(word),
      expected: 'JSON as sluice rollout undo writes it: {"version": HASH, "instead": {"ConfigMap/NAME": DIGEST}}',
      repair: "take the annotation out, and go back by sluice rollout undo",
    }),
  ];
}
