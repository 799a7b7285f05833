import type { Resource } from "@sluice/api";
import { isHelmTemplate } from "@sluice/api/yaml";
import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  type Scalar,
  visit,
  type YAMLError,
} from "yaml";
import type { FileEdit, Finding } from "../finding.ts";
import { keysOf, keyText, Source } from "./source.ts";

interface Place {
  readonly line: number;
  readonly column: number;
}

/** One object of a file, and where its fields stand. */
export interface Manifest {
  readonly file: string;
  readonly resource: Resource;
  /** The value at a path such as `spec.steps[2].pause`, or the nearest place that there is. */
  placeOf(path: string, part?: "key" | "value"): Place;
  describe(): string;
  /** Its text, and how it can be changed. */
  readonly source: Source;
}

export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

const fileCharactersMax = 10 * 1024 * 1024;
const aliasesMax = 100;
const nodesMax = 200_000;

interface ReadManifests {
  readonly manifests: readonly Manifest[];
  readonly findings: readonly Finding[];
}

/** Every object of a file; what can't be read is a finding. */
export function readManifests(file: SourceFile): ReadManifests {
  const read = readDocuments(file);
  // Half of a chart's templates are YAML by chance: what is wrong with those is that nobody rendered them.
  const isHalf =
    read.findings.some(({ severity }) => severity === "error") ||
    read.manifests.some(({ resource }) => typeof resource.metadata.name !== "string");
  if (!isHalf || !isHelmTemplate(file.text)) return read;
  return {
    manifests: [],
    findings: [
      {
        file: file.path,
        line: 1,
        column: 1,
        severity: "error",
        rule: "helm-template",
        what: "this is a Helm template, and no manifest yet",
        found: "{{ … }}",
        expected: "what Helm makes of it",
        repair: "render it first: helm template CHART | sluice lint -",
      },
    ],
  };
}

function readDocuments({ path, text }: SourceFile): ReadManifests {
  const problem = (
    what: string,
    place: Place = { line: 1, column: 1 },
    rule = "unreadable",
    repair?: string,
  ): Finding => ({
    file: path,
    ...place,
    severity: "error",
    rule,
    what,
    ...(repair === undefined ? {} : { repair }),
  });
  if (text.length > fileCharactersMax) {
    const megabytes = (text.length / 1024 / 1024).toFixed(0);
    return {
      manifests: [],
      findings: [problem(`the file has ${megabytes} MB; a manifest has at most 10`, undefined, "too-large")],
    };
  }
  if (text.includes("\0")) {
    return { manifests: [], findings: [problem("the file is no text")] };
  }
  const lines = new LineCounter();
  let documents: readonly Document[];
  try {
    documents = parseAllDocuments(text, {
      lineCounter: lines,
      prettyErrors: false,
      logLevel: "error",
      merge: true,
    }) as readonly Document[];
  } catch (thrown) {
    const what =
      thrown instanceof RangeError ? "the file is nested too deeply" : `the file can't be read: ${String(thrown)}`;
    return { manifests: [], findings: [problem(what, undefined, "too-deep")] };
  }
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const manifests: Manifest[] = [];
  const findings: Finding[] = [];
  for (const document of documents) {
    // After the first syntax error the parser only guesses.
    const broken = document.errors.find(({ code }) => code !== "DUPLICATE_KEY");
    findings.push(
      ...(broken === undefined ? document.errors : [broken]).map((error) => describeError(error, problem, placeAt)),
    );
    if (broken !== undefined) continue;
    const start = placeAt(document.contents?.range?.[0] ?? 0);
    const value = plainValue(document);
    if ("problem" in value) {
      findings.push(problem(value.problem, start, value.rule));
      continue;
    }
    if (value.value === null || value.value === undefined) continue;
    findings.push(...oldBooleans(document, path, placeAt));
    for (const { item, node } of flattened(value.value, document.contents)) {
      const place = placeAt(node?.range?.[0] ?? document.contents?.range?.[0] ?? 0);
      const wrong = notAManifest(item);
      if (wrong !== undefined) {
        findings.push({ ...problem(wrong.what, place, "not-a-manifest", wrong.repair), severity: wrong.severity });
        continue;
      }
      manifests.push(manifestOf(path, item as Resource, node, placeAt, place, new Source(text, node)));
    }
  }
  return { manifests, findings };
}

function describeError(
  error: YAMLError,
  problem: (what: string, place?: Place, rule?: string, repair?: string) => Finding,
  placeAt: (offset: number) => Place,
): Finding {
  const place = placeAt(error.pos[0]);
  if (error.code === "DUPLICATE_KEY") {
    return problem("this key stands in the same object a second time", place, "duplicate-key", "keep one of them");
  }
  if (error.code === "RESOURCE_EXHAUSTION") return problem("the document is nested too deeply", place, "too-deep");
  if (error.code === "TAB_AS_INDENT") {
    return problem("a tab indents this line", place, "malformed", "indent with spaces");
  }
  return problem(`this is no YAML: ${error.message}`, place, "malformed");
}

/** Aliases share memory until somebody writes them out; what counts is the size when they are. */
function plainValue(document: Document): { value: unknown } | { problem: string; rule: string } {
  let aliases = 0;
  visit(document, {
    Alias: () => {
      aliases++;
    },
  });
  if (aliases > aliasesMax) {
    return { problem: `${aliases} aliases; a manifest has at most ${aliasesMax}`, rule: "alias-bomb" };
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: aliasesMax });
  } catch (thrown) {
    if (thrown instanceof ReferenceError && thrown.message.includes("Excessive alias count")) {
      return { problem: "its aliases write out to more than a manifest can hold", rule: "alias-bomb" };
    }
    if (thrown instanceof RangeError) return { problem: "the document is nested too deeply", rule: "too-deep" };
    return {
      problem: `the document can't be read: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      rule: "malformed",
    };
  }
  return countNodes(value) > nodesMax
    ? { problem: `more than ${nodesMax} values once its aliases are written out`, rule: "alias-bomb" }
    : { value };
}

function countNodes(root: unknown): number {
  let nodes = 0;
  const open: unknown[] = [root];
  while (open.length > 0 && nodes <= nodesMax) {
    const value = open.pop();
    nodes++;
    if (typeof value === "object" && value !== null) open.push(...Object.values(value));
  }
  return nodes;
}

/** `yes` and `on` are texts here and booleans for kubectl, which reads YAML 1.1. */
function oldBooleans(document: Document, file: string, placeAt: (offset: number) => Place): readonly Finding[] {
  const findings: Finding[] = [];
  visit(document, {
    Scalar: (key, node) => {
      if (key === "key" || node.type !== "PLAIN" || typeof node.value !== "string") return;
      if (!/^(y|n|yes|no|on|off)$/i.test(node.value)) return;
      findings.push({
        file,
        ...placeAt(node.range?.[0] ?? 0),
        severity: "warning",
        rule: "ambiguous-boolean",
        what: `kubectl reads ${node.value} as a boolean, YAML 1.2 as a text`,
        found: node.value,
        expected: "true, false or a quoted text",
        repair: `write "${node.value}" in quotes, or true or false`,
        fix: quoted(file, node.range, node.value),
      });
    },
  });
  return findings;
}

/** What Sluice and YAML 1.2 read, said so that kubectl reads it, too. */
const quoted = (file: string, range: Scalar["range"], value: string): readonly FileEdit[] =>
  range === null || range === undefined ? [] : [{ file, start: range[0], end: range[1], text: `"${value}"` }];

/** Lists taken apart. */
function flattened(value: unknown, node: unknown): readonly { item: unknown; node: Node | undefined }[] {
  const at = isMap(node) || isSeq(node) || isScalar(node) || isAlias(node) ? (node as Node) : undefined;
  if (typeof value !== "object" || value === null) return [{ item: value, node: at }];
  const { kind, items } = value as { kind?: unknown; items?: unknown };
  if (typeof kind !== "string" || !kind.endsWith("List") || !Array.isArray(items)) return [{ item: value, node: at }];
  const itemsNode = isMap(node) ? node.get("items", true) : undefined;
  return items.flatMap((item, index) => flattened(item, isSeq(itemsNode) ? itemsNode.items[index] : undefined));
}

function notAManifest(value: unknown): { what: string; repair?: string; severity: Finding["severity"] } | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { what: "this is no manifest: it isn't an object", severity: "warning" };
  }
  const { apiVersion, kind, metadata } = value as Record<string, unknown>;
  if (apiVersion === undefined && kind === undefined) {
    return { what: "this is no manifest: it has neither apiVersion nor kind", severity: "warning" };
  }
  for (const [name, found] of Object.entries({ apiVersion, kind })) {
    if (typeof found === "string" && found !== "") continue;
    return { what: `${name} is missing`, repair: `add ${name}`, severity: "error" };
  }
  if (typeof metadata !== "object" || metadata === null) {
    return {
      what: `metadata is missing in this ${String(kind)}`,
      repair: "add metadata with a name",
      severity: "error",
    };
  }
  return undefined;
}

function manifestOf(
  file: string,
  resource: Resource,
  node: Node | undefined,
  placeAt: (offset: number) => Place,
  start: Place,
  source: Source,
): Manifest {
  return {
    file,
    resource,
    source,
    placeOf: (path, part = "value") => {
      const offset = offsetOf(node, keysOf(path), part);
      return offset === undefined ? start : placeAt(offset);
    },
    describe: () => {
      const { namespace, name, generateName } = resource.metadata;
      return `${resource.kind} ${namespace === undefined ? "" : `${namespace}/`}${name ?? `${generateName ?? ""}…`}`;
    },
  };
}

/** The value's own place for texts and numbers, the key's for what holds more; the deepest that exists. */
function offsetOf(root: Node | undefined, keys: readonly string[], part: "key" | "value"): number | undefined {
  let node: unknown = root;
  let offset: number | undefined;
  for (const key of keys) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && keyText(item) === key);
      if (pair === undefined) return offset;
      const value = pair.value;
      offset = startOf(isScalar(value) && part === "value" ? value : pair.key) ?? offset;
      node = value;
    } else if (isSeq(node)) {
      const item = node.items[Number(key)];
      if (item === undefined) return offset;
      offset = startOf(item) ?? offset;
      node = item;
    } else {
      return offset;
    }
  }
  return offset;
}

const startOf = (node: unknown): number | undefined =>
  isMap(node) || isSeq(node) || isScalar(node) || isAlias(node) ? node.range?.[0] : undefined;
