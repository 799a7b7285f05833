import {
  type PodTemplateSpec,
  type ReplicaSet,
  type Rollout,
  readUndone,
  type Undone,
  undoneAnnotation,
} from "@sluice/api";
import { sameJson } from "@sluice/kernel";
import { type ConfigurationDigests, named, pinned, podTemplateHash } from "../../version/index.ts";
import { writtenTemplate } from "../metadata/written-template.ts";
import { copiedIn, hashOf, notedContent, notesOf } from "./notes.ts";

export function undoneOf({ metadata }: Rollout): Undone | undefined {
  const word = metadata.annotations?.[undoneAnnotation];
  return word === undefined ? undefined : readUndone(word);
}

/** The old content that is meant, by `Kind/name`; `instead` of which. Undefined once the template is another. */
export function undoneContent(
  rollout: Rollout,
  replicaSets: readonly ReplicaSet[],
): { readonly digests: ConfigurationDigests; readonly instead: ConfigurationDigests } | undefined {
  const undone = undoneOf(rollout);
  const set = undone && replicaSets.find((each) => hashOf(each) === undone.version);
  if (set === undefined) return undefined;
  const digests = copiedIn(notesOf(set));
  const template = pinned(rollout.spec.template, digests);
  const isMeant =
    podTemplateHash(template, rollout.status?.collisionCount) === undone?.version ||
    sameJson(writtenTemplate(set, rollout), template);
  return isMeant ? { digests, instead: undone?.instead ?? {} } : undefined;
}

/** An earlier version's template as its author wrote it: names of ConfigMaps and Secrets, not of their copies. */
export const undoneTemplate = (wanted: ReplicaSet, rollout: Rollout): PodTemplateSpec | undefined =>
  named(writtenTemplate(wanted, rollout), copiedIn(notesOf(wanted)));

/** What to write down beside that template; null where the content is what it was. `known`: the newest version first. */
export function undoneWord(wanted: ReplicaSet, rollout: Rollout, known: readonly ReplicaSet[]): string | null {
  const instead = Object.entries(copiedIn(notesOf(wanted))).flatMap(([id, digest]) => {
    const there = contentNow(id, rollout, known);
    return there === undefined || there === digest ? [] : [[id, there] as const];
  });
  if (instead.length === 0) return null;
  const undone: Undone = { version: hashOf(wanted), instead: Object.fromEntries(instead) };
  return JSON.stringify(undone);
}

/** As the latest version that reads it has noted it: what no version has read yet begins a release of its own. */
function contentNow(id: string, rollout: Rollout, known: readonly ReplicaSet[]): string | undefined {
  const current = rollout.status?.currentPodHash;
  const undone = undoneOf(rollout);
  if (undone !== undefined && undone.version === current && undone.instead[id] !== undefined) return undone.instead[id];
  const latest = known.toSorted((a, b) => Number(hashOf(b) === current) - Number(hashOf(a) === current));
  return latest.map((set) => notedContent(notesOf(set)[id])).find((content) => content !== undefined);
}
