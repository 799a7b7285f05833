import { didYouMean } from "@sluice/api";
import { Fault } from "@sluice/kernel";
import { describeRefusal, type Refusal } from "@sluice/languages";
import { type Clause, measureNames, parseRequirements } from "./requirement.ts";

/**
 * The requirements, before anything is rehearsed. Faults: invalid, with the position of what is wrong, what was found and
 * expected, and a repair.
 */
export function readRequirements(text: string, faults: readonly string[]): readonly Clause[] {
  const clauses = parseRequirements(text);
  if (clauses.is === "refused") throw wrong(text, clauses.refusal, repairOf(text, clauses.refusal));
  for (const clause of clauses.value) {
    checkArgument(text, clause, faults);
    checkShare(text, clause);
  }
  return clauses.value;
}

/** `p95, error +1pp`: which, and of which fault; of all of them where it is empty. */
export function harmOf({ argument = "" }: Clause): { readonly which: string; readonly fault: string } {
  const [which = "", ...rest] = argument.split(",");
  return { which: which.trim(), fault: rest.join(",").trim() };
}

function checkArgument(text: string, clause: Clause, faults: readonly string[]): void {
  const { measure, argument = "" } = clause;
  if (measure !== "caught" && measure !== "harmed") return;
  const opens = text.indexOf("(", clause.position) + 1;
  const { which, fault } = measure === "caught" ? { which: "p95", fault: argument } : harmOf(clause);
  const refuse = (part: string, expected: string, repair: string) => {
    const position = text.indexOf(part, opens);
    return wrong(text, { position, found: `"${part}"`, expected }, clause.text.replace(part, repair));
  };
  if (which !== "p95" && which !== "median") {
    throw refuse(which, "median or p95, then a comma and a fault, or nothing", "p95");
  }
  if (measure === "harmed" && fault === "") return;
  if (faults.includes(fault)) return;
  throw refuse(
    fault,
    `a fault that is rehearsed: ${faults.join(", ")}`,
    didYouMean(fault, faults) ?? faults[0] ?? fault,
  );
}

/** Of more than all there is nothing to find. */
function checkShare(text: string, { measure, position, text: clause }: Clause): void {
  const number =
    measure === "caught" || measure === "falseAborts" || measure === "asked" ? /([\d.]+)\s*%\s*$/.exec(clause) : null;
  if (number === null || Number(number[1]) <= 100) return;
  const at = text.indexOf(number[0], position);
  throw wrong(
    text,
    { position: at, found: number[0].trim(), expected: "0 to 100 %" },
    clause.replace(number[0], "100%"),
  );
}

/** The text with a caret under the place. */
function wrong(text: string, refusal: Refusal, repair: string): Fault {
  const caret = " ".repeat(refusal.position);
  return new Fault(
    "invalid",
    `requirement ${describeRefusal(refusal, text)}\n  ${text}\n  ${caret}^\n  write ${repair}`,
  );
}

const example = "caught(error +1pp) >= 95%, falseAborts <= 1%";

/** What was most likely meant at this place, else an example. */
function repairOf(text: string, { position, expected }: Refusal): string {
  const before = text.slice(0, position);
  const after = text.slice(position);
  // Who writes 0.95 of a share means 95 %: with its sign it would nearly always be met.
  const share = expected === "%" ? /(?<![\d.])0\.\d+$/.exec(before)?.[0] : undefined;
  if (share !== undefined && /^\s*(,|$)/.test(after))
    return `${before.slice(0, -share.length)}${Number((Number(share) * 100).toPrecision(12))}%${after}`;
  const unit = /^(%|s, m, h or d)$/.test(expected) ? (expected === "%" ? "%" : "m") : undefined;
  if (unit !== undefined) return `${before}${unit}${after.replace(/^\s*(%|[A-Za-z]+)/, "")}`;
  if (expected === "a plain number") return `${before}${after.replace(/^\s*(%|[A-Za-z]+)/, "")}`;
  if (expected.startsWith("<=")) {
    const meant = /^=?</.test(after) ? "<=" : ">=";
    return `${before}${meant}${after.replace(/^[=<>!~≥≤]*/, "")}`;
  }
  if (expected === "a comma or the end") return `${before},${after.replace(/^[;&|]+|^and\b/, "")}`;
  if (expected === '")"')
    return `${before.trimEnd().replace(/\s*(<=|>=|<|>)[^()]*$/, "")})${/\s*(<=|>=|<|>)[^()]*$/.exec(before)?.[0] ?? ""}${after}`;
  if (expected === "(median) or (p95)") return `${before.trimEnd()}(p95) ${after.replace(/^\(\s*\)/, "").trimStart()}`;
  if (expected.startsWith("an operator")) return `${before}${after.replace(/^\([^)]*\)/, "")}`;
  const word = /^[A-Za-z]+/.exec(after)?.[0];
  const measure = word === undefined ? undefined : didYouMean(word, measureNames);
  if (word !== undefined && measure !== undefined) return `${before}${measure}${after.slice(word.length)}`;
  // A comma too many at the end.
  if (after === "" && before.trimEnd().endsWith(",")) return before.trimEnd().slice(0, -1);
  return example;
}
