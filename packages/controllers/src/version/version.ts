import type { PodTemplateSpec } from "@sluice/api";
import { canonicalJson, shortHash } from "@sluice/kernel";
import { sha256 } from "./sha256.ts";

/** The label by which a ReplicaSet's Pods, Services and subsets find each other. */
export const podHashLabel = "rollouts-pod-template-hash";

/**
 * What a version is, whatever it is called: the canonical digest of the rendered pod template with the images in it.
 * The same template has the same digest in git, in a Rollout and in a Quarantine.
 */
export function templateDigest(template: PodTemplateSpec | undefined): string {
  const content = template ?? {};
  const digest = digests.get(content) ?? `sha256:${sha256(canonicalText(content))}`;
  digests.set(content, digest);
  return digest;
}

/** The short name of a version inside one Rollout. Ours, not the original's: a take-over matches by deep-equal. */
export const podTemplateHash = (template: PodTemplateSpec | undefined, collisionCount = 0): string =>
  shortHash(`${canonicalText(template ?? {})}${collisionCount === 0 ? "" : `#${collisionCount}`}`);

/** Asked for at every look, of the same unchanging objects. */
const canonicalTexts = new WeakMap<object, string>();
const digests = new WeakMap<object, string>();

function canonicalText(value: object): string {
  const known = canonicalTexts.get(value) ?? canonicalJson(value);
  canonicalTexts.set(value, known);
  return known;
}

/** Images as the template names them, each once, in order. */
export function imagesOf(template: PodTemplateSpec | undefined): readonly string[] {
  const { containers = [], initContainers = [] } = template?.spec ?? {};
  return [...new Set([...initContainers, ...containers].flatMap(({ image }) => (image === undefined ? [] : [image])))];
}
