import type { Rollout } from "@sluice/api";
import type { Violation } from "@sluice/kernel";
import { isMap } from "yaml";
import type { Repair } from "../repairs/repairs.ts";
import type { Manifest } from "./manifest.ts";
import type { World } from "./world.ts";

/** A repair in words and as a change of the file. */
export interface Supplied {
  readonly repair: string;
  readonly fix: Repair;
}

/** What a Rollout without selector or template can take from where it stands; undefined where nothing tells. */
export function suppliedPart(world: World, manifest: Manifest, { path }: Violation): Supplied | undefined {
  if (manifest.resource.kind !== "Rollout") return undefined;
  if (path === "spec.selector") return suppliedSelector(manifest);
  return path === "spec.template" ? suppliedTemplate(world, manifest) : undefined;
}

const specOf = ({ resource }: Manifest): Partial<Rollout["spec"]> => (resource as Partial<Rollout>).spec ?? {};

/** The labels that its Pods have. */
function suppliedSelector(manifest: Manifest): Supplied | undefined {
  const labels = Object.entries(specOf(manifest).template?.metadata?.labels ?? {});
  if (labels.length === 0) return undefined;
  const written = labels.map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return {
    repair: `add selector: {matchLabels: {${written.join(", ")}}}`,
    fix: added(manifest, ["selector:", "  matchLabels:", ...written.map((line) => `    ${line}`)]),
  };
}

/** The containers of the only other Rollout beside it, under labels of its own: nobody's Pods are shared. */
function suppliedTemplate(world: World, manifest: Manifest): Supplied | undefined {
  const { name, namespace } = manifest.resource.metadata;
  const others = world
    .inNamespace("Rollout", namespace)
    .filter((other) => other !== manifest && specOf(other).template !== undefined);
  const [donor] = others;
  if (donor === undefined || others.length > 1 || name === undefined) return undefined;
  const path = "spec.template.spec";
  const node = donor.source.nodeAt(path);
  const raw = donor.source.raw(path);
  if (!isMap(node) || node.flow === true || raw === undefined) return undefined;
  const depth = raw.start - donor.source.lineStart(raw.start);
  const [first = "", ...rest] = raw.text.trimEnd().split("\n");
  const lines = [first, ...rest.map((line) => line.slice(depth))];
  const labels = Object.entries(specOf(manifest).selector?.matchLabels ?? { app: name });
  return {
    repair: `take the containers of ${donor.describe()}, under labels of its own, or write others`,
    fix: added(manifest, [
      "template:",
      "  metadata:",
      "    labels:",
      ...labels.map(([key, value]) => `      ${key}: ${JSON.stringify(value)}`),
      "  spec:",
      ...lines.filter((line) => line.trim() !== "").map((line) => `    ${line}`),
    ]),
  };
}

const added = ({ file, source }: Manifest, lines: readonly string[]): Repair =>
  source.addField("spec", lines)?.map((edit) => ({ file, ...edit }));
