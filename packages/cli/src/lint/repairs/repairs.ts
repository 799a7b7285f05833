import { isMap, isScalar } from "yaml";
import { readQuery } from "../analysis/query-shape.ts";
import type { FileEdit, Finding } from "../finding.ts";
import type { Manifest } from "../manifests/manifest.ts";
import type { Edit } from "../manifests/source.ts";

export type Repair = readonly FileEdit[] | undefined;

const inFile = ({ file }: Manifest, edits: readonly Edit[] | undefined): Repair =>
  edits?.map((edit) => ({ file, ...edit }));

/** All of them or none: half a repair is none. */
export const together = (...parts: readonly Repair[]): Repair =>
  parts.includes(undefined) ? undefined : parts.flatMap((part) => part ?? []);

export const withFix = (finding: Finding, fix: Repair): Finding =>
  fix === undefined || fix.length === 0 ? finding : { ...finding, fix };

export const removal = (manifest: Manifest, path: string): Repair => inFile(manifest, manifest.source.remove(path));

export const replacement = (manifest: Manifest, path: string, value: string): Repair =>
  inFile(manifest, manifest.source.replaceScalar(path, value));

/** `from` by `to` in a query, where it stands there. */
export function inQuery(manifest: Manifest, path: string, from: string, to: string): Repair {
  const place = queryText(manifest, path);
  if (place === undefined || !place.text.includes(from)) return undefined;
  const edits: Edit[] = [];
  for (let at = place.text.indexOf(from); at !== -1; at = place.text.indexOf(from, at + from.length)) {
    edits.push({ start: place.start + at, end: place.start + at + from.length, text: to });
  }
  return inFile(manifest, edits);
}

/** `label="value"` in each selector of a query, first. Not where a selector has no braces to put it in. */
export function inSelectors(manifest: Manifest, path: string, matcher: string): Repair {
  const place = queryText(manifest, path);
  if (place === undefined) return undefined;
  const { value } = manifest.source.nodeAt(path) as { readonly value: unknown };
  const read = readQuery(String(value).replaceAll(/\{\{[^}]*\}\}/g, "argument"));
  const braces = bracesOf(place.text);
  if (read.is === "refused" || read.shape.selectors.length === 0 || braces.length !== read.shape.selectors.length) {
    return undefined;
  }
  const edits = braces.map((at): Edit => {
    const isEmpty = /^\s*\}/.test(place.text.slice(at));
    return { start: place.start + at, end: place.start + at, text: isEmpty ? matcher : `${matcher},` };
  });
  return inFile(manifest, edits);
}

/** Behind each brace that opens a selector; those of `{{args.x}}` and of texts open none. */
function bracesOf(text: string): readonly number[] {
  const found: number[] = [];
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (quote !== "") {
      if (character === "\\") at++;
      else if (character === quote) quote = "";
    } else if (character === '"' || character === "'" || character === "`") quote = character;
    else if (character === "{") {
      if (text[at + 1] === "{") at = Math.max(at, text.indexOf("}}", at) + 1);
      else found.push(at + 1);
    }
  }
  return found;
}

/** `or vector(0)` behind the part of a share: nothing counted is then 0, not no answer. */
export function orZero(manifest: Manifest, path: string): Repair {
  const place = queryText(manifest, path);
  if (place === undefined) return undefined;
  // Arguments keep their length and the block's own head goes blank, so that offsets stay those of the file.
  const blank = place.text
    .replace(/^[|>][^\n]*/, (head) => " ".repeat(head.length))
    .replaceAll(/\{\{[^}]*\}\}/g, (argument) => "a".repeat(argument.length));
  const read = readQuery(blank);
  if (read.is === "refused" || read.shape.measure.is !== "share" || read.shape.measure.empty === undefined)
    return undefined;
  const { from, to } = read.shape.measure.empty;
  return inFile(manifest, [
    { start: place.start + from, end: place.start + from, text: "(" },
    { start: place.start + to, end: place.start + to, text: " or vector(0))" },
  ]);
}

/** Where a query can be changed as it stands: in a block or plain, without escapes. */
function queryText(manifest: Manifest, path: string) {
  const node = manifest.source.nodeAt(path);
  const isOpen = isScalar(node) && ["BLOCK_LITERAL", "BLOCK_FOLDED", "PLAIN"].includes(node.type ?? "");
  return isOpen ? manifest.source.raw(path) : undefined;
}

/** Tells the versions apart in what `--fix` writes. */
export const hashArgument = "canary-hash";

/** A comparison by version: the argument in template and Rollout, and the label in the query. */
export function byVersion(
  { template, query }: { readonly template: Manifest; readonly query: string },
  { rollout, analysis }: { readonly rollout: Manifest; readonly analysis: string },
): Repair {
  const name = hashArgument;
  return together(
    inSelectors(template, query, `pod_template_hash="{{args.${name}}}"`),
    withItem(template, "spec", "args", name, [`- name: ${name}`], `{ name: ${name} }`),
    givenVersion(rollout, analysis),
  );
}

/** The argument that says which version, in a Rollout's analysis. */
export function givenVersion(rollout: Manifest, analysis: string): Repair {
  const reference = "{ podTemplateHashValue: Latest }";
  const lines = [`- name: ${hashArgument}`, `  valueFrom: ${reference}`];
  const flow = `{ name: ${hashArgument}, valueFrom: ${reference} }`;
  return withItem(rollout, analysis, "args", hashArgument, lines, flow);
}

/** An item in a list that may not be there yet; nothing where one of that name is. */
export function withItem(
  manifest: Manifest,
  holder: string,
  field: string,
  name: string,
  lines: readonly string[],
  flow: string,
): Repair {
  const { source } = manifest;
  const path = `${holder}.${field}`;
  const list = source.raw(path);
  if (list === undefined)
    return inFile(manifest, source.addField(holder, [`${field}:`, ...lines.map((line) => `  ${line}`)]));
  if (list.text.includes(name)) return [];
  return inFile(manifest, source.append(path, lines, flow));
}

export const withField = (manifest: Manifest, holder: string, line: string): Repair =>
  inFile(manifest, manifest.source.addField(holder, [line]));

/** An annotation that isn't there yet. */
export function annotation(manifest: Manifest, name: string, value: string): Repair {
  const has = manifest.source.nodeAt("metadata.annotations") !== undefined;
  return has
    ? withField(manifest, "metadata.annotations", `${name}: ${value}`)
    : inFile(manifest, manifest.source.addField("metadata", ["annotations:", `  ${name}: ${value}`]));
}

/** A step that does several things, as one step each in the order in which they stand; the pods before their traffic. */
export function splitStep(manifest: Manifest, path: string): Repair {
  const { source } = manifest;
  const step = source.nodeAt(path);
  if (!isMap(step) || step.flow === true) return undefined;
  const starts = step.items.map(({ key }) => (isScalar(key) ? key.range?.[0] : undefined));
  const [start, ...others] = starts;
  if (start === undefined) return undefined;
  const lead = source.text.slice(source.lineStart(start), start);
  const begins = others.map((at) => (at === undefined ? "?" : source.text.slice(source.lineStart(at), at)));
  if (!/^\s*-\s+$/.test(lead) || begins.some((before) => !/^\s*$/.test(before))) return undefined;
  const end = source.contentEnd(path) ?? start;
  const parts = step.items.map(({ key }, index) => {
    const [from = start, to] = starts.slice(index, index + 2);
    const text = source.text.slice(from, to === undefined ? end : source.lineStart(to)).trimEnd();
    return { isScale: isScalar(key) && key.value === "setCanaryScale", text };
  });
  const ordered = [...parts.filter(({ isScale }) => isScale), ...parts.filter(({ isScale }) => !isScale)];
  return inFile(manifest, [{ start, end, text: ordered.map(({ text }) => text).join(`\n${lead}`) }]);
}

/** A step of its own before another one. */
export function stepBefore(manifest: Manifest, path: string, step: string): Repair {
  const { source } = manifest;
  const start = source.raw(path)?.start;
  if (start === undefined) return undefined;
  const at = source.lineStart(start);
  const lead = source.text.slice(at, start);
  return /^\s*-\s+$/.test(lead) ? inFile(manifest, [{ start: at, end: at, text: `${lead}${step}\n` }]) : undefined;
}

function leadingComment(text: string): readonly string[] {
  const lines = text.split("\n").map((line) => line.trim());
  const end = lines.findIndex((line) => !line.startsWith("#"));
  return lines.slice(0, Math.max(0, end));
}

/** A pod's affinity that stands in antiAffinity, where pods have it. */
export function movedAffinity(manifest: Manifest, path: string): Repair {
  const { source } = manifest;
  const podSpec = "spec.template.spec";
  const outer = source.nodeAt(path);
  const inner = isMap(outer) ? outer.items[0]?.value : undefined;
  if (source.nodeAt(`${podSpec}.affinity`) !== undefined || !isMap(outer) || outer.items.length !== 1) return undefined;
  if (!isMap(inner) || inner.flow === true || inner.range === null || inner.range === undefined) return undefined;
  const from = source.lineStart(inner.range[0]);
  const depth = inner.range[0] - from;
  const lines = source.text.slice(from, inner.range[1]).trimEnd().split("\n");
  if (lines.some((line) => line.trim() !== "" && !line.startsWith(" ".repeat(depth)))) return undefined;
  const gone = removal(manifest, path);
  // What is said of it goes along.
  const told = (gone ?? []).flatMap(({ start, end }) => leadingComment(source.text.slice(start, end)));
  const moved = [...told, "affinity:", ...lines.map((line) => `  ${line.slice(depth)}`)];
  return together(inFile(manifest, source.addField(podSpec, moved)), gone);
}
