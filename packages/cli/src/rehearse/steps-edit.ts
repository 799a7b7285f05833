import type { CanaryStep } from "@sluice/api";
import { type Document, isScalar, parseAllDocuments } from "yaml";

/** A file with other weights and pauses in the same steps; every other byte, comments too, stays. Undefined: not in it. */
export function withSteps(
  text: string,
  rollout: { readonly name: string; readonly namespace: string },
  steps: readonly CanaryStep[],
): string | undefined {
  const document = (parseAllDocuments(text) as readonly Document[]).find((candidate) => {
    const isIt = candidate.get("kind") === "Rollout" && candidate.getIn(["metadata", "name"]) === rollout.name;
    return isIt && (candidate.getIn(["metadata", "namespace"]) ?? "default") === rollout.namespace;
  });
  if (document === undefined) return undefined;
  const edits = steps.flatMap((step, index) => [
    editOf(document, [index, "setWeight"], step.setWeight),
    editOf(document, [index, "pause", "duration"], step.pause?.duration),
  ]);
  let edited = text;
  for (const { from, to, value } of edits.filter((edit) => edit !== undefined).toSorted((a, b) => b.from - a.from)) {
    edited = edited.slice(0, from) + value + edited.slice(to);
  }
  return edited;
}

function editOf(document: Document, path: readonly (string | number)[], value: number | string | undefined) {
  const node = document.getIn(["spec", "strategy", "canary", "steps", ...path], true);
  if (value === undefined || !isScalar(node) || node.range == null || node.value === value) return undefined;
  return { from: node.range[0], to: node.range[1], value: String(value) };
}

/** The lines that differ, with their numbers; both texts have the same number of lines. */
export function lineDiff(before: string, after: string): readonly string[] {
  const old = before.split("\n");
  return after.split("\n").flatMap((line, index) => {
    const number = String(index + 1).padStart(4);
    return line === old[index] ? [] : [`${number} - ${old[index] ?? ""}`, `${number} + ${line}`];
  });
}
