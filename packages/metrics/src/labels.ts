/**
 * The labels of a series: name, value, name, value, …, sorted by name, none of them empty.
 * Flat and shared: fifty thousand of these are held at a time.
 */
export type Labels = readonly string[];

export const metricNameLabel = "__name__";

export function labelsOf(pairs: { readonly [name: string]: string }): Labels {
  return fromPairs(Object.entries(pairs));
}

/** A later pair wins over an earlier one of the same name; an empty value is the same as none. */
export function fromPairs(pairs: Iterable<readonly [string, string]>): Labels {
  const byName = new Map(pairs);
  const names = [...byName.keys()].filter((name) => byName.get(name) !== "").sort();
  return names.flatMap((name) => [name, byName.get(name) ?? ""]);
}

export function* eachLabel(labels: Labels): Generator<readonly [name: string, value: string]> {
  for (let at = 0; at < labels.length; at += 2) yield [labels[at] ?? "", labels[at + 1] ?? ""];
}

/** "" where the label is missing. */
export function labelValue(labels: Labels, name: string): string {
  for (let at = 0; at < labels.length; at += 2) if (labels[at] === name) return labels[at + 1] ?? "";
  return "";
}

/** Equal for equal labels only: the separator is no character. */
export const labelsKey = (labels: Labels): string => labels.join("\uffff");

/** 32 bits, signed: equal for equal labels, and seldom equal for others. */
export function labelsHash(labels: Labels): number {
  let hash = 0x811c9dc5;
  for (const text of labels) {
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
    hash = Math.imul(hash ^ 0xffff, 0x01000193);
  }
  return hash;
}

export const sameLabels = (one: Labels, other: Labels): boolean =>
  one.length === other.length && one.every((text, at) => text === other[at]);

export function keepLabels(labels: Labels, names: ReadonlySet<string>): Labels {
  return filterLabels(labels, (name) => names.has(name));
}

export function dropLabels(labels: Labels, names: ReadonlySet<string>): Labels {
  return filterLabels(labels, (name) => !names.has(name));
}

export function dropMetricName(labels: Labels): Labels {
  const at = labels.indexOf(metricNameLabel);
  // A value may read like the name; names stand at even places.
  return at >= 0 && at % 2 === 0
    ? [...labels.slice(0, at), ...labels.slice(at + 2)]
    : filterLabels(labels, (name) => name !== metricNameLabel);
}

export function withLabel(labels: Labels, name: string, value: string): Labels {
  return fromPairs([...eachLabel(labels), [name, value]]);
}

function filterLabels(labels: Labels, isKept: (name: string) => boolean): Labels {
  const kept: string[] = [];
  for (let at = 0; at < labels.length; at += 2) {
    const name = labels[at] ?? "";
    if (isKept(name)) kept.push(name, labels[at + 1] ?? "");
  }
  return kept;
}

/** As Prometheus sorts a range query's series. */
export function compareLabels(left: Labels, right: Labels): number {
  const shared = Math.min(left.length, right.length);
  for (let at = 0; at < shared; at++) {
    const one = left[at] ?? "";
    const other = right[at] ?? "";
    if (one !== other) return one < other ? -1 : 1;
  }
  return left.length - right.length;
}

/** For people: `name{label="value"}`. */
export function describeLabels(labels: Labels): string {
  const name = labelValue(labels, metricNameLabel);
  const others = [...eachLabel(labels)].filter(([label]) => label !== metricNameLabel);
  const braces = others.map(([label, value]) => `${label}=${JSON.stringify(value)}`).join(", ");
  return name !== "" && braces === "" ? name : `${name}{${braces}}`;
}
