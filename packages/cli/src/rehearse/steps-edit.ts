import type { CanaryStep } from "@sluice/api";
import { type Document, isScalar, isSeq, parseAllDocuments } from "yaml";

/**
 * A file with other weights and pauses in the same steps; every other byte, comments too, stays. Undefined where the
 * Rollout isn't in it, or its numbers don't stand where they could be changed alone.
 */
export function withSteps(
  text: string,
  rollout: { readonly name: string; readonly namespace: string },
  steps: readonly CanaryStep[],
): string | undefined {
  // Of several the last one counts, as where they are applied.
  const found = (parseAllDocuments(text) as readonly Document[]).flatMap(placesOf).findLast(({ document, path }) => {
    const isIt =
      document.getIn([...path, "kind"]) === "Rollout" && document.getIn([...path, "metadata", "name"]) === rollout.name;
    return isIt && (document.getIn([...path, "metadata", "namespace"]) ?? rollout.namespace) === rollout.namespace;
  });
  if (found === undefined) return undefined;
  const canary = [...found.path, "spec", "strategy", "canary"];
  const most = found.document.getIn([...canary, "trafficRouting", "maxTrafficWeight"]);
  // A rehearsal's weights are percent, whatever the file's are of.
  const unit = typeof most === "number" && most > 0 ? most / 100 : 1;
  const inUnit = (weight: number | undefined) => (weight === undefined ? undefined : Math.round(weight * unit));
  const edits = steps.flatMap((step, index) => [
    editOf(found.document, [...canary, "steps", index, "setWeight"], inUnit(step.setWeight)),
    editOf(found.document, [...canary, "steps", index, "pause", "duration"], step.pause?.duration),
  ]);
  let edited = text;
  for (const edit of edits.filter((one) => one !== undefined).toSorted((a, b) => (b?.from ?? 0) - (a?.from ?? 0))) {
    if (edit === null) return undefined;
    edited = edited.slice(0, edit.from) + edit.value + edited.slice(edit.to);
  }
  return edited;
}

interface Place {
  readonly document: Document;
  readonly path: readonly (string | number)[];
}

/** Where manifests stand in a document: it is one, or a List of them. */
function placesOf(document: Document): readonly Place[] {
  const items = document.get("items");
  return isSeq(items)
    ? items.items.map((_, index) => ({ document, path: ["items", index] }))
    : [{ document, path: [] }];
}

/** Undefined: it stays. Null: it stands elsewhere, behind an alias. */
function editOf(document: Document, path: readonly (string | number)[], value: number | string | undefined) {
  if (value === undefined) return undefined;
  const node = document.getIn(path, true);
  if (!isScalar(node) || node.range == null) return null;
  return node.value === value ? undefined : { from: node.range[0], to: node.range[1], value: String(value) };
}

/** The lines that differ, with their numbers; both texts have the same number of lines. */
export function lineDiff(before: string, after: string): readonly string[] {
  const old = before.split("\n");
  return after.split("\n").flatMap((line, index) => {
    const number = String(index + 1).padStart(4);
    return line === old[index] ? [] : [`${number} - ${old[index] ?? ""}`, `${number} + ${line}`];
  });
}
