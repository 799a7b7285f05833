import { valueAt } from "../schema/path.ts";

export interface FieldRequirement {
  readonly path: string;
  readonly operator: "=" | "!=";
  readonly value: string;
}

export type ParsedFieldSelector = { readonly requirements: readonly FieldRequirement[] } | { readonly problem: string };

/** `metadata.name=x,status.phase!=Running`; `\\`, `\,` and `\=` stand for themselves, as in apimachinery's fields. */
export function parseFieldSelector(text: string): ParsedFieldSelector {
  const requirements: FieldRequirement[] = [];
  for (const term of splitTerms(text)) {
    if (term === "") continue;
    const match = /^([^=!]+)(==|=|!=)((?:\\.|[^\\])*)$/s.exec(term);
    const [, path, operator, value] = match ?? [];
    if (path === undefined || operator === undefined || value === undefined || /(^|[^\\])=/.test(value)) {
      return {
        problem: `invalid field selector "${text}": ${JSON.stringify(term)} is not FIELD=VALUE or FIELD!=VALUE`,
      };
    }
    requirements.push({
      path: path.trim(),
      operator: operator === "!=" ? "!=" : "=",
      value: value.replace(/\\([\\,=])/g, "$1"),
    });
  }
  return { requirements };
}

function splitTerms(text: string): readonly string[] {
  const terms: string[] = [];
  let current = "";
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === "\\") {
      current += character + (text[++index] ?? "");
    } else if (character === ",") {
      terms.push(current);
      current = "";
    } else {
      current += character;
    }
  }
  terms.push(current);
  return terms;
}

/** An absent field reads as the empty text. */
export function matchesFields(requirements: readonly FieldRequirement[], object: unknown): boolean {
  for (const { path, operator, value } of requirements) {
    const found = valueAt(object, path);
    const text = found === undefined || found === null ? "" : String(found);
    if ((text === value) !== (operator === "=")) return false;
  }
  return true;
}
