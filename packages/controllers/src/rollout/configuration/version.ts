import type { PodTemplateSpec, ReplicaSet, Rollout } from "@sluice/api";
import { sameJson } from "@sluice/kernel";
import { type ConfigurationDigests, contentDigest, pinned, podTemplateHash, referenceId } from "../../version/index.ts";
import { writtenTemplate } from "../metadata/written-template.ts";
import { snapshotLabel } from "../names.ts";
import { absent, hashOf, isLiveNote, live, notesOf } from "./notes.ts";
import type { ObservedConfiguration } from "./read.ts";
import { undoneContent } from "./undone.ts";

/** The version that a Rollout asks for: its template together with the content of what that reads. */
export interface Version {
  /** As its ReplicaSet has it, names of ConfigMaps and Secrets led to copies. */
  readonly template: PodTemplateSpec | undefined;
  /** What is copied, by `Kind/name`. */
  readonly digests: ConfigurationDigests;
  readonly hash: string;
  readonly set: ReplicaSet | undefined;
  /** What its ReplicaSet should say of its configuration; undefined where there is nothing to say. */
  readonly note: string | undefined;
}

export function versionOf(
  rollout: Rollout,
  replicaSets: readonly ReplicaSet[],
  configuration: ObservedConfiguration,
): Version {
  const known = versions.get(configuration);
  if (known?.rollout === rollout && known.replicaSets === replicaSets) return known.version;
  const version = workedOut(rollout, replicaSets, configuration);
  versions.set(configuration, { rollout, replicaSets, version });
  return version;
}

/** Asked for as a Rollout is observed, and again of the same objects as what to do is planned. */
const versions = new WeakMap<
  ObservedConfiguration,
  { readonly rollout: Rollout; readonly replicaSets: readonly ReplicaSet[]; readonly version: Version }
>();

function workedOut(
  rollout: Rollout,
  replicaSets: readonly ReplicaSet[],
  configuration: ObservedConfiguration,
): Version {
  const digests = digestsNow(rollout, replicaSets, configuration);
  const template = pinned(rollout.spec.template, digests);
  const wanted = podTemplateHash(template, rollout.status?.collisionCount);
  const exact = replicaSets.find((set) => hashOf(set) === wanted);
  const set = exact ?? replicaSets.find((candidate) => isSameVersion(candidate, rollout, digests));
  const noted = set === undefined ? {} : notesOf(set);
  const notes = configuration.references.map((reference) => {
    const id = referenceId(reference);
    const digest = digests[id];
    const isLive = set !== undefined && set !== exact && isLiveNote(noted[id]);
    if (isLive) return [id, digest === undefined ? live : `${live}:${digest}`] as const;
    return [id, digest ?? (reference.isOptional || isSnapshot(configuration, id) ? absent : live)] as const;
  });
  const note = notes.length === 0 ? undefined : JSON.stringify(Object.fromEntries(notes));
  return { template, digests, hash: set === undefined ? wanted : hashOf(set), set, note };
}

const isSnapshot = ({ objects }: ObservedConfiguration, id: string): boolean =>
  objects.get(id)?.metadata.labels?.[snapshotLabel] !== undefined;

/** Digests of what is there. What was deleted under a version stays what it was: its Pods still have the copy. */
function digestsNow(
  rollout: Rollout,
  replicaSets: readonly ReplicaSet[],
  configuration: ObservedConfiguration,
): ConfigurationDigests {
  const current = replicaSets.find((set) => hashOf(set) === (rollout.status?.currentPodHash ?? ""));
  const noted = current === undefined ? {} : notesOf(current);
  const undone = undoneContent(rollout, replicaSets);
  const digests = configuration.references.flatMap((reference) => {
    const id = referenceId(reference);
    const object = configuration.objects.get(id);
    // The original's plugin asks for a copy by its own name as it undoes: it is what it is.
    if (isSnapshot(configuration, id)) return [];
    const old = undone?.digests[id];
    const there = object === undefined ? undefined : contentDigest(object);
    if (old !== undefined && (there === undefined || there === undone?.instead[id])) return [[id, old] as const];
    if (there !== undefined) return [[id, there] as const];
    const note = noted[id];
    return note === undefined || isLiveNote(note) || note === absent ? [] : [[id, note] as const];
  });
  return Object.fromEntries(digests);
}

/** By content: a live ReplicaSet of the original's is taken over, no Pod restarted, as long as what it reads is the same. */
function isSameVersion(set: ReplicaSet, rollout: Rollout, digests: ConfigurationDigests): boolean {
  const noted = notesOf(set);
  const kept = Object.entries(digests).filter(([id]) => !isLiveNote(noted[id]));
  const isChanged = Object.entries(digests).some(([id, digest]) => {
    const note = noted[id];
    return note === absent || (note?.startsWith(`${live}:`) === true && note !== `${live}:${digest}`);
  });
  return !isChanged && sameJson(writtenTemplate(set, rollout), pinned(rollout.spec.template, Object.fromEntries(kept)));
}
