import { readFile, writeFile } from "node:fs/promises";
import { Fault } from "@sluice/kernel";
import { amount, percent, type Suggestion, span } from "@sluice/rehearsal";
import { stringify } from "yaml";
import { paint } from "../terminal/style.ts";
import { lineDiff, withSteps } from "./steps-edit.ts";

export interface SuggestionPlace {
  /** By path, as they were read; what is written stands here, too. */
  readonly files: Map<string, string>;
  readonly rollout: { readonly name: string; readonly namespace: string };
  readonly write: boolean;
  readonly color: boolean;
}

/** What a search found, as a diff of the file; applied to it where that was asked for. */
export async function tellSuggestion(
  { better, before, tried, profile, aim, faults }: Suggestion,
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
  const lines = [words, `  weighed by ${faults.join(", ")}`, row("before", before), row("after ", better.after)];
  let isFound = false;
  for (const [path, text] of place.files) {
    const edited = withSteps(text, place.rollout, better.steps);
    if (edited === undefined) continue;
    isFound = true;
    lines.push(`  ${path}`);
    for (const line of lineDiff(text, edited)) {
      lines.push(paint(line.slice(5).startsWith("+") ? "green" : "red", `  ${line}`, place.color));
    }
    if (!place.write) continue;
    lines.push(`  ${await written(path, { text, edited })}`);
    place.files.set(path, edited);
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

/** What became of it, in words. Faults: invalid where nobody may write there. */
async function written(path: string, { text, edited }: { readonly text: string; readonly edited: string }) {
  if (path === "<stdin>") return "--write: standard input can't be written to";
  // A rehearsal takes a minute, in which somebody may go on typing.
  if ((await readFile(path, "utf8")) !== text) return `--write: ${path} changed meanwhile, and nothing was written`;
  try {
    await writeFile(path, edited);
  } catch (cause) {
    throw new Fault("invalid", `--write: can't write ${path}: ${(cause as NodeJS.ErrnoException).code}`, { cause });
  }
  return `written to ${path}`;
}
