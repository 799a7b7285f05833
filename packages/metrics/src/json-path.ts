import { type Parsed, parsed, refused } from "@sluice/languages";

type Comparison = "==" | "!=" | "<" | "<=" | ">" | ">=";

type Step =
  | { readonly is: "field"; readonly name: string }
  | { readonly is: "descend"; readonly name: string }
  | { readonly is: "index"; readonly at: number }
  | { readonly is: "slice"; readonly from: number | undefined; readonly to: number | undefined; readonly by: number }
  | { readonly is: "all" }
  | {
      readonly is: "filter";
      readonly path: readonly Step[];
      readonly comparison: Comparison | undefined;
      readonly value: unknown;
    };

export type JsonPath = readonly Step[];

const expected = 'a JSONPath such as {$.data.ok} or {$.items[0].value} (fields, [n], [a:b], [*], .., [?(@.a=="b")])';

/**
 * One expression of Kubernetes' JSONPath, `{…}`; range, end, text around it and unions are refused.
 * https://kubernetes.io/docs/reference/kubectl/jsonpath/
 */
export function parseJsonPath(text: string): Parsed<JsonPath> {
  const trimmed = text.trim();
  const inner = /^\{(.*)\}$/s.exec(trimmed)?.[1];
  if (inner === undefined) return refused(0, JSON.stringify(text), expected);
  const steps = readSteps(inner.trim().replace(/^\$/, ""));
  return steps === undefined ? refused(0, JSON.stringify(text), expected) : parsed(steps);
}

const patterns = {
  descend: /^\.\.([A-Za-z_][\w-]*|\*)/,
  wildcard: /^(?:\.\*|\[\*\])/,
  field: /^\.((?:[^.[\]{}\s'"()?@,:*\\]|\\.)+)/,
  quoted: /^\.?\[(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\]/,
  index: /^\[(-?\d+)\]/,
  slice: /^\[(-?\d*):(-?\d*)(?::(\d+))?\]/,
  filter:
    /^\[\?\(\s*@([^=!<>]*?)\s*(?:(==|!=|<=|>=|<|>)\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|-?\d+(?:\.\d+)?|true|false))?\s*\)\]/,
} as const;

function readSteps(text: string): Step[] | undefined {
  const steps: Step[] = [];
  let rest = text;
  if (/^[A-Za-z_]/.test(rest)) rest = `.${rest}`;
  if (rest === ".") return steps;
  while (rest !== "") {
    const read = readStep(rest);
    if (read === undefined) return undefined;
    steps.push(read.step);
    rest = rest.slice(read.length);
  }
  return steps;
}

function readStep(text: string): { step: Step; length: number } | undefined {
  const match = (name: keyof typeof patterns) => patterns[name].exec(text);
  const unescaped = (value: string) => value.replace(/\\(.)/g, "$1");
  const descend = match("descend");
  if (descend !== null) return { step: { is: "descend", name: descend[1] ?? "*" }, length: descend[0].length };
  const wildcard = match("wildcard");
  if (wildcard !== null) return { step: { is: "all" }, length: wildcard[0].length };
  const quoted = match("quoted");
  if (quoted !== null)
    return { step: { is: "field", name: unescaped(quoted[1] ?? quoted[2] ?? "") }, length: quoted[0].length };
  const field = match("field");
  if (field !== null) return { step: { is: "field", name: unescaped(field[1] ?? "") }, length: field[0].length };
  const index = match("index");
  if (index !== null) return { step: { is: "index", at: Number(index[1]) }, length: index[0].length };
  const slice = match("slice");
  if (slice !== null) {
    const bound = (digits: string | undefined) => (digits === undefined || digits === "" ? undefined : Number(digits));
    const by = bound(slice[3]) ?? 1;
    if (by < 1) return undefined;
    return { step: { is: "slice", from: bound(slice[1]), to: bound(slice[2]), by }, length: slice[0].length };
  }
  const filter = match("filter");
  if (filter === null) return undefined;
  const path = readSteps(filter[1] ?? "");
  if (path === undefined) return undefined;
  const value = filter[3] === undefined ? undefined : readLiteral(filter[3]);
  const comparison = filter[2] as Comparison | undefined;
  return { step: { is: "filter", path, comparison, value }, length: filter[0].length };
}

function readLiteral(text: string): unknown {
  if (text.startsWith("'") || text.startsWith('"')) return text.slice(1, -1).replace(/\\(.)/g, "$1");
  return JSON.parse(text) as unknown;
}

export type JsonPathOutcome =
  | { readonly is: "found"; readonly values: readonly unknown[] }
  | { readonly is: "missing"; readonly what: string };

/** All values at the path, in order. A field or an element that isn't there is `missing`, as in kubectl. */
export function findJsonPath(path: JsonPath, root: unknown): JsonPathOutcome {
  let values: readonly unknown[] = [root];
  for (const step of path) {
    const next: unknown[] = [];
    for (const value of values) {
      const found = take(step, value);
      if (found === undefined) return { is: "missing", what: describe(step) };
      next.push(...found);
    }
    values = next;
  }
  return { is: "found", values };
}

/** Undefined where the step names something that isn't there. */
function take(step: Step, value: unknown): readonly unknown[] | undefined {
  switch (step.is) {
    case "field":
      if (!isObject(value) || !Object.hasOwn(value, step.name)) return undefined;
      return [value[step.name]];
    case "index": {
      if (!Array.isArray(value)) return undefined;
      const at = step.at < 0 ? value.length + step.at : step.at;
      return at >= 0 && at < value.length ? [value[at]] : undefined;
    }
    case "slice":
      return Array.isArray(value)
        ? value.slice(step.from, step.to).filter((_, index) => index % step.by === 0)
        : undefined;
    case "all":
      return childrenOf(value);
    case "descend":
      return descend(value, step.name);
    case "filter":
      return childrenOf(value).filter((child) => passes(step, child));
  }
}

function passes(step: Extract<Step, { is: "filter" }>, child: unknown): boolean {
  const outcome = findJsonPath(step.path, child);
  if (outcome.is === "missing" || outcome.values.length === 0) return false;
  if (step.comparison === undefined) return true;
  const [left, right] = [outcome.values[0], step.value];
  if (step.comparison === "==") return left === right;
  if (step.comparison === "!=") return left !== right;
  if (typeof left !== typeof right || (typeof left !== "number" && typeof left !== "string")) return false;
  const order = (left as string) < (right as string) ? -1 : left === right ? 0 : 1;
  if (step.comparison === "<") return order < 0;
  if (step.comparison === "<=") return order <= 0;
  return step.comparison === ">" ? order > 0 : order >= 0;
}

function descend(value: unknown, name: string): readonly unknown[] {
  const below = childrenOf(value).flatMap((child) => descend(child, name));
  if (name === "*") return [...childrenOf(value), ...below];
  return isObject(value) && Object.hasOwn(value, name) ? [value[name], ...below] : below;
}

function childrenOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return isObject(value) ? Object.values(value) : [];
}

const isObject = (value: unknown): value is { readonly [name: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function describe(step: Step): string {
  if (step.is === "field") return `field ${JSON.stringify(step.name)}`;
  return step.is === "index" ? `element ${step.at}` : "what the path asks for";
}
