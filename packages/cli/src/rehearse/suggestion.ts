import { writeFile } from "node:fs/promises";
import { amount, percent, type Suggestion, span } from "@sluice/rehearsal";
import { stringify } from "yaml";
import { paint } from "../terminal/style.ts";
import { lineDiff, withSteps } from "./steps-edit.ts";

export interface SuggestionPlace {
  readonly files: readonly { readonly path: string; readonly text: string }[];
  readonly rollout: { readonly name: string; readonly namespace: string };
  readonly write: boolean;
  readonly color: boolean;
}

/** What a search found, as a diff of the file; applied to it where that was asked for. */
export async function tellSuggestion(
  { better, before, tried, profile, aim }: Suggestion,
  place: SuggestionPlace,
): Promise<string> {
  const who = profile === "argo" ? "as Argo Rollouts" : "as Sluice";
  if (tried === 0) return "suggestion: none; it needs at least two weights with a timed pause each";
  const [plans, wanted] =
    aim === "shortest" ? ["shorter plans", "harms no more"] : ["plans of the same length", "harms clearly fewer"];
  if (better === undefined) return `suggestion ${who}: of ${tried} ${plans} none ${wanted}`;
  const words = `suggestion ${who}, of ${tried} ${plans}, on other users than it was chosen for:`;
  const row = (name: string, { harmed, seconds, stopped }: typeof before) =>
    `  ${name}  ${amount(harmed)} requests harmed by a bad release, ${span(seconds)}, ${percent(stopped)} of good ones stopped`;
  const lines = [words, row("before", before), row("after ", better.after)];
  let isFound = false;
  for (const { path, text } of place.files) {
    const edited = withSteps(text, place.rollout, better.steps);
    if (edited === undefined) continue;
    isFound = true;
    lines.push(`  ${path}`);
    for (const line of lineDiff(text, edited)) {
      lines.push(paint(line.slice(5).startsWith("+") ? "green" : "red", `  ${line}`, place.color));
    }
    if (!place.write) continue;
    if (path === "<stdin>") lines.push("  --write: standard input can't be written to");
    else {
      await writeFile(path, edited);
      lines.push(`  written to ${path}`);
    }
  }
  if (!isFound) {
    lines.push("  its numbers can't be changed alone where they stand, behind an alias perhaps; as steps they are:");
    lines.push(
      ...stringify(better.steps)
        .trimEnd()
        .split("\n")
        .map((line) => `    ${line}`),
    );
    if (place.write) lines.push("  --write: nothing was written");
  }
  return lines.join("\n");
}
