/**
 * The value at a printer column's JSONPath: names, `['quoted names']`, indexes, `[*]`, and the filter
 * `[?(@.field=="value")]`, as CustomResourceDefinitions use them. Undefined where nothing is there or the path asks for more.
 * https://kubernetes.io/docs/reference/kubectl/jsonpath/
 */
export function valueAt(object: unknown, path: string): unknown {
  let values: readonly unknown[] = [object];
  let rest = path.replace(/^\{|\}$/g, "").replace(/^\$/, "");
  while (rest !== "") {
    const step = nextStep(rest);
    if (step === undefined) return undefined;
    values = values.flatMap(step.take).filter((value) => value !== undefined);
    rest = rest.slice(step.length);
  }
  return values[0];
}

interface Step {
  readonly length: number;
  readonly take: (value: unknown) => readonly unknown[];
}

const named = /^\.((?:\\.|[^.[\\])+)/;
const quoted = /^\[(?:'([^']*)'|"([^"]*)")\]/;
const indexed = /^\[(\d+|\*)\]/;
const filtered = /^\[\?\(@\.([A-Za-z0-9_.]+)\s*==\s*(?:'([^']*)'|"([^"]*)"|([^)\s]+))\)\]/;

function nextStep(rest: string): Step | undefined {
  let match = named.exec(rest);
  if (match?.[1] !== undefined) return { length: match[0].length, take: property(match[1].replaceAll("\\", "")) };
  match = quoted.exec(rest);
  if (match !== null) return { length: match[0].length, take: property(match[1] ?? match[2] ?? "") };
  match = indexed.exec(rest);
  if (match !== null) {
    const index = match[1];
    return {
      length: match[0].length,
      take: (value) => (Array.isArray(value) ? (index === "*" ? value : [value[Number(index)]]) : []),
    };
  }
  match = filtered.exec(rest);
  if (match === null) return undefined;
  const [whole, field = "", single, double, bare] = match;
  const wanted = single ?? double ?? bare;
  return {
    length: whole.length,
    take: (value) =>
      Array.isArray(value) ? value.filter((item) => String(valueAt(item, `.${field}`)) === wanted) : [],
  };
}

const property =
  (name: string) =>
  (value: unknown): readonly unknown[] =>
    typeof value === "object" && value !== null && Object.hasOwn(value, name)
      ? [(value as Record<string, unknown>)[name]]
      : [];
