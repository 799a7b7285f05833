import type { Resource } from "@sluice/api";
import { isHelmTemplate, loadYaml } from "@sluice/api/yaml";

/** A manifest and the line (from 1) where it begins in its file. */
export interface LocatedResource {
  readonly file: string;
  readonly line: number;
  readonly resource: Resource;
}

/** Why a file, or a place in it, was refused. */
export interface ManifestFault {
  readonly file: string;
  readonly line?: number;
  readonly message: string;
  /** It can be read, and is something else: a program's settings, data, a kustomization. */
  readonly isNoManifest?: true;
}

export interface ParsedManifests {
  readonly resources: readonly LocatedResource[];
  readonly faults: readonly ManifestFault[];
}

const nodesMax = 200_000;
const depthMax = 128;

/** Reads one YAML or JSON file: several documents, Lists taken apart, empty documents passed over. */
export function parseManifests(file: string, text: string): ParsedManifests {
  const parsed = parseDocuments(file, text);
  if (parsed.faults.length === 0 || !isHelmTemplate(text)) return parsed;
  const faults = parsed.faults.map((fault) => ({ ...fault, message: `${fault.message}; ${renderHint}` }));
  return { ...parsed, faults };
}

const renderHint = "it is a Helm template: render it first, as with helm template CHART";

function parseDocuments(file: string, text: string): ParsedManifests {
  const resources: LocatedResource[] = [];
  const faults: ManifestFault[] = [];
  for (const { line, body } of documentsOf(file, text)) {
    const parsed = parseDocument(file, body);
    if (parsed.is === "refused") {
      faults.push({ file, line: line + parsed.line - 1, message: parsed.message });
      continue;
    }
    if (parsed.value === null || parsed.value === undefined) continue;
    // Aliases share memory until somebody writes them out: what counts is the size when they are.
    const problem = measure(parsed.value);
    if (problem !== undefined) {
      faults.push({ file, line, message: problem });
      continue;
    }
    const first = line + leadingLines(body);
    for (const item of flatten(parsed.value)) {
      const missing = missingField(item);
      if (missing === undefined) resources.push({ file, line: first, resource: item as Resource });
      else if (isManifest(item)) faults.push({ file, line: first, message: missing });
      else faults.push({ file, line: first, message: missing, isNoManifest: true });
    }
  }
  return { resources, faults };
}

/** Cuts at lines that are `---`, as kubectl does, so that each document has its line even when another is broken. */
function documentsOf(file: string, text: string): { line: number; body: string }[] {
  const clean = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  if (file.endsWith(".json")) return [{ line: 1, body: clean }];
  const documents: { line: number; body: string }[] = [];
  const separator = /^---(?=[ \t\r\n]|$).*$/gm;
  let start = 0;
  let line = 1;
  for (let match = separator.exec(clean); match !== null; match = separator.exec(clean)) {
    const body = clean.slice(start, match.index);
    documents.push({ line, body });
    line += countLines(body);
    // `--- {a: 1}` and `--- # comment` keep what stands behind the dashes.
    start = match.index + 3;
  }
  documents.push({ line, body: clean.slice(start) });
  return documents;
}

type Parsed =
  | { readonly is: "value"; readonly value: unknown }
  | { readonly is: "refused"; readonly line: number; readonly message: string };

function parseDocument(file: string, body: string): Parsed {
  if (file.endsWith(".json")) {
    try {
      return { is: "value", value: JSON.parse(body) };
    } catch {
      // YAML's reader knows the line; where it finds nothing wrong, the file is YAML in a .json.
      const again = parseYaml(body);
      return again.is === "refused"
        ? again
        : { is: "refused", line: 1, message: "is YAML, but its name ends in .json" };
    }
  }
  return parseYaml(body);
}

function parseYaml(body: string): Parsed {
  try {
    return { is: "value", value: loadYaml(body) };
  } catch (thrown) {
    if (thrown instanceof RangeError) return { is: "refused", line: 1, message: "is nested too deeply" };
    const { reason, mark } = thrown as { reason?: string; mark?: { line: number; column: number } };
    const column = mark === undefined ? "" : ` at column ${mark.column + 1}`;
    return { is: "refused", line: (mark?.line ?? 0) + 1, message: `${reason ?? "can't be read"}${column}` };
  }
}

/** Why a value is no plain tree of JSON of bearable size. */
function measure(root: unknown): string | undefined {
  let nodes = 0;
  const visit = (value: unknown, depth: number): string | undefined => {
    if (++nodes > nodesMax) return `has more than ${nodesMax} values once its aliases are written out`;
    if (depth > depthMax) return `is nested deeper than ${depthMax} levels`;
    if (typeof value === "number") {
      if (!Number.isFinite(value)) return "holds a number that JSON can't hold (.inf or .nan)";
      if (Number.isInteger(value) && !Number.isSafeInteger(value))
        return `holds the integer ${value}, which would lose digits: quote it`;
    }
    if (typeof value !== "object" || value === null) return undefined;
    if (value instanceof Uint8Array) return "holds !!binary: write base64 text";
    for (const item of Array.isArray(value) ? value : Object.values(value)) {
      const problem = visit(item, depth + 1);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
  return visit(root, 0);
}

function flatten(value: unknown): readonly unknown[] {
  if (typeof value !== "object" || value === null) return [value];
  const { kind, items } = value as { kind?: unknown; items?: unknown };
  if (typeof kind !== "string" || !kind.endsWith("List") || !Array.isArray(items)) return [value];
  return items.flatMap(flatten);
}

/** It has the three fields that tell one from anything else, whatever is wrong with them. */
const isManifest = (value: unknown): boolean =>
  typeof value === "object" && value !== null && ["apiVersion", "kind", "metadata"].every((name) => name in value);

function missingField(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return "is no manifest: expected an object with apiVersion, kind and metadata";
  const { apiVersion, kind, metadata } = value as { apiVersion?: unknown; kind?: unknown; metadata?: unknown };
  if (typeof apiVersion !== "string" || apiVersion === "")
    return "is no manifest: apiVersion is missing (an Application's directory.exclude leaves such files out)";
  if (typeof kind !== "string" || kind === "") return "is no manifest: kind is missing";
  if (typeof metadata !== "object" || metadata === null) return `${kind}: metadata is missing`;
  const { name, generateName, annotations, labels } = metadata as Record<string, unknown>;
  if (typeof name !== "string" || name === "") {
    return generateName === undefined
      ? `${kind}: metadata.name is missing`
      : `${kind}: metadata.generateName is not supported yet; write metadata.name`;
  }
  for (const [field, map] of [
    ["annotations", annotations],
    ["labels", labels],
  ] as const) {
    if (map === undefined || map === null) continue;
    const odd = typeof map !== "object" ? field : Object.entries(map).find(([, text]) => typeof text !== "string")?.[0];
    if (odd !== undefined) return `${kind} ${name}: metadata.${field}["${odd}"] is no text: quote it`;
  }
  return undefined;
}

const countLines = (text: string): number => text.split("\n").length - 1;

const leadingLines = (body: string): number => {
  const first = body.search(/^(?![ \t]*(#|\r?$|\n)).*\S/m);
  return first <= 0 ? 0 : countLines(body.slice(0, first));
};
