import { type Parsed, parsed, refused } from "@sluice/languages";

/** `sluice.caught(error +1pp) >= 95%` */
export interface Clause {
  readonly profile: "argo" | "sluice";
  readonly measure: Measure;
  /** Within the parentheses, as written. */
  readonly argument: string | undefined;
  readonly operator: Operator;
  /** Shares in 0..1, times in seconds, else as written. */
  readonly limit: number;
  readonly text: string;
  readonly position: number;
}

export type Measure = "caught" | "falseAborts" | "asked" | "harmed" | "duration" | "waits";
export type Operator = "<" | "<=" | ">" | ">=";

type Unit = "share" | "requests" | "seconds";
const measures: Readonly<Record<Measure, { readonly unit: Unit; readonly argument: "none" | "needed" }>> = {
  caught: { unit: "share", argument: "needed" },
  falseAborts: { unit: "share", argument: "none" },
  asked: { unit: "share", argument: "none" },
  harmed: { unit: "requests", argument: "needed" },
  duration: { unit: "seconds", argument: "none" },
  waits: { unit: "seconds", argument: "none" },
};
export const measureNames: readonly string[] = Object.keys(measures);
const secondsOf: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * Requirements with commas between them: `[argo.|sluice.]MEASURE[(ARGUMENT)] OPERATOR NUMBER[UNIT]`. Without a profile
 * it is Sluice's. Shares take `%`, times `s`, `m`, `h` or `d`.
 */
export function parseRequirements(text: string): Parsed<readonly Clause[]> {
  const clauses: Clause[] = [];
  let position = 0;
  for (;;) {
    const clause = parseClause(text, position);
    if (clause.is === "refused") return clause;
    clauses.push(clause.value.clause);
    position = clause.value.end;
    if (position >= text.length) return parsed(clauses);
    if (text[position] !== ",") return refused(position, here(text, position), "a comma or the end");
    position++;
  }
}

function parseClause(text: string, from: number): Parsed<{ readonly clause: Clause; readonly end: number }> {
  let at = from;
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? "";
    at += found.length;
    return found;
  };
  take(/\s*/y);
  const start = at;
  const profile = take(/(argo|sluice)\s*\.\s*/y).startsWith("argo") ? "argo" : "sluice";
  const nameAt = at;
  const name = take(/[A-Za-z]+/y);
  if (!isMeasure(name)) return refused(nameAt, here(text, nameAt), `one of ${measureNames.join(", ")}`);
  const { unit, argument: wanted } = measures[name];
  take(/\s*/y);
  let argument: string | undefined;
  const bracketAt = at;
  if (take(/\(/y) !== "") {
    argument = take(/[^()]*/y).trim();
    if (take(/\)/y) === "") return refused(at, here(text, at), '")"');
  }
  if (wanted === "needed" && (argument === undefined || argument === "")) {
    return refused(bracketAt, here(text, bracketAt), name === "caught" ? "(a fault's name)" : "(median) or (p95)");
  }
  if (wanted === "none" && argument !== undefined)
    return refused(bracketAt, here(text, bracketAt), `an operator: ${name} takes nothing`);
  take(/\s*/y);
  const operatorAt = at;
  const operator = take(/<=|>=|<|>/y);
  if (operator === "") return refused(operatorAt, here(text, operatorAt), "<=, >=, < or >");
  take(/\s*/y);
  const numberAt = at;
  const number = take(/\d+(\.\d+)?/y);
  if (number === "") return refused(numberAt, here(text, numberAt), "a number");
  const suffixAt = at;
  const suffix = take(/\s*(%|[A-Za-z]+)/y).trim();
  const factor = factorOf(unit, suffix);
  if (factor === undefined) {
    const expected = { share: "%", requests: "a plain number", seconds: "s, m, h or d" }[unit];
    return refused(suffixAt, here(text, suffixAt), expected);
  }
  const end = at;
  take(/\s*/y);
  const clause: Clause = {
    profile,
    measure: name,
    argument,
    operator: operator as Operator,
    limit: unit === "share" ? Number(number) / 100 : Number(number) * factor,
    text: text.slice(start, end),
    position: start,
  };
  return parsed({ clause, end: at });
}

const isMeasure = (name: string): name is Measure => Object.hasOwn(measures, name);

function factorOf(unit: Unit, suffix: string): number | undefined {
  if (unit === "share") return suffix === "%" ? 1 : undefined;
  if (unit === "seconds") return secondsOf[suffix];
  return suffix === "" ? 1 : undefined;
}

const here = (text: string, position: number): string =>
  position >= text.length ? "the end" : JSON.stringify(text.slice(position, position + 12));
