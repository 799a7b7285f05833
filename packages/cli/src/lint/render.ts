import { styleText } from "node:util";
import type { Finding } from "./finding.ts";

type Format = Parameters<typeof styleText>[0];

/** For people: one block a finding, `file:line:column` first so that editors can jump there. */
export function renderFindings(findings: readonly Finding[], { color }: { readonly color: boolean }): string {
  const paint = (format: Format, text: string): string =>
    color ? styleText(format, text, { validateStream: false }) : text;
  const blocks = findings.map((finding) => {
    const { file, line, column, severity, rule, object, what, found, expected, repair } = finding;
    const label = severity === "error" ? paint("red", "error") : paint("yellow", "warning");
    const lines = [
      `${paint("bold", `${printable(file)}:${line}:${column}`)} ${label} ${printable(what)} ${paint("dim", `[${rule}]`)}`,
    ];
    if (object !== undefined) lines.push(`  in       ${printable(object)}`);
    if (found !== undefined) lines.push(`  found    ${printable(found)}`);
    if (expected !== undefined) lines.push(`  expected ${printable(expected)}`);
    const written = finding.fix === undefined ? "" : paint("dim", " (--fix writes it)");
    if (repair !== undefined) lines.push(`  ${paint("green", "repair")}   ${printable(repair)}${written}`);
    return lines.join("\n");
  });
  return [...blocks, summary(findings)].join("\n\n");
}

function summary(findings: readonly Finding[]): string {
  if (findings.length === 0) return "Nothing to complain about.";
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const warnings = findings.length - errors;
  return [counted(errors, "error"), counted(warnings, "warning")].filter((part) => part !== "").join(", ");
}

const counted = (count: number, noun: string): string =>
  count === 0 ? "" : `${count} ${noun}${count === 1 ? "" : "s"}`;

/** Manifests are written by others: no control character of theirs reaches the terminal. */
const printable = (text: string): string => text.replace(/\p{Cc}+/gu, " ");

/** For programs: one JSON object. */
export const findingsAsJson = (findings: readonly Finding[], files?: number): string =>
  JSON.stringify({ ...(files === undefined ? {} : { files }), findings });
