import { compileRegex } from "@sluice/languages";
import { eachLabel, fromPairs, labelValue, withLabel } from "../labels.ts";
import { QueryRefused } from "./outcome.ts";
import { mergeRows, type Row } from "./row.ts";

/** A template of `$1`, `${1}`, `$name`, `${name}` and `$$`, as Go's regexp expands it. */
const reference = /\$(?:\$|(\w+)|\{(\w+)\})/g;

export function labelReplace(
  rows: readonly Row[],
  parameters: { target: string; replacement: string; source: string; pattern: string },
): readonly Row[] {
  requireLabelName(parameters.target, "label_replace");
  const pattern = compileRegex(parameters.pattern);
  if (pattern.is === "refused")
    throw new QueryRefused("bad_data", `invalid regular expression in label_replace(): ${parameters.pattern}`);
  const replaced = rows.map((row) => {
    const match = pattern.value.matcher(labelValue(row.labels, parameters.source));
    if (!match.matches()) return row;
    const group = (name: string): string => {
      try {
        return (/^\d+$/.test(name) ? match.group(Number(name)) : match.group(name)) ?? "";
      } catch {
        return ""; // A group that doesn't exist expands to nothing.
      }
    };
    const value = parameters.replacement.replace(reference, (whole, bare?: string, braced?: string) =>
      whole === "$$" ? "$" : group(bare ?? braced ?? ""),
    );
    return { ...row, labels: withLabel(row.labels, parameters.target, value) };
  });
  return mergeRows(replaced);
}

export function labelJoin(
  rows: readonly Row[],
  parameters: { target: string; separator: string; sources: readonly string[] },
): readonly Row[] {
  requireLabelName(parameters.target, "label_join");
  const joined = rows.map((row) => {
    const value = parameters.sources.map((source) => labelValue(row.labels, source)).join(parameters.separator);
    return { ...row, labels: fromPairs([...eachLabel(row.labels), [parameters.target, value]]) };
  });
  return mergeRows(joined);
}

function requireLabelName(name: string, where: string): void {
  if (name === "") throw new QueryRefused("execution", `invalid destination label name in ${where}(): ""`);
}
