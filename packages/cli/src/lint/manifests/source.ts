import { isMap, isPair, isScalar, isSeq, type Node, type Pair } from "yaml";

/** Text put in the place of some other; offsets into the file. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Where an object stands in its file's text, and how that can be changed by hand, as a person would. */
export class Source {
  readonly text: string;
  readonly #root: Node | undefined;

  constructor(text: string, root: Node | undefined) {
    this.text = text;
    this.#root = root;
  }

  /** Undefined where nothing stands there, or an alias stands for it. */
  nodeAt(path: string): Node | undefined {
    let node: unknown = this.#root;
    for (const key of keysOf(path)) node = isMap(node) ? pairOf(node.items, key)?.value : childOf(node, key);
    return isNode(node) ? node : undefined;
  }

  /** The text of a value, without what follows it. */
  raw(path: string): { readonly start: number; readonly end: number; readonly text: string } | undefined {
    const range = this.nodeAt(path)?.range;
    if (range === null || range === undefined) return undefined;
    const [start, end] = range;
    return { start, end, text: this.text.slice(start, end) };
  }

  /** Another plain text for a scalar; its quotes stay. */
  replaceScalar(path: string, value: string): readonly Edit[] | undefined {
    const node = this.nodeAt(path);
    const range = node?.range;
    if (!isScalar(node) || range === null || range === undefined) return undefined;
    const quote = node.type === "QUOTE_DOUBLE" ? '"' : node.type === "QUOTE_SINGLE" ? "'" : "";
    if (quote === "" && node.type !== "PLAIN") return undefined;
    return [{ start: range[0], end: range[1], text: `${quote}${value}${quote}` }];
  }

  /** Another name for a field; its value stays. */
  renameKey(path: string, name: string): readonly Edit[] | undefined {
    const keys = keysOf(path);
    const parent = this.nodeAt(pathOf(keys.slice(0, -1)));
    const key = isMap(parent) ? pairOf(parent.items, keys.at(-1) ?? "")?.key : undefined;
    if (!isScalar(key) || key.type !== "PLAIN" || key.range === null || key.range === undefined) return undefined;
    return [{ start: key.range[0], end: key.range[1], text: name }];
  }

  /** Takes a list's item or an object's field out, with the lines that it stands on; the last one with what held it. */
  remove(path: string): readonly Edit[] | undefined {
    const keys = keysOf(path);
    const last = keys.at(-1);
    const parentPath = pathOf(keys.slice(0, -1));
    const parent = this.nodeAt(parentPath);
    if (last === undefined || parent === undefined) return undefined;
    if (isMap(parent)) {
      const pair = pairOf(parent.items, last);
      const start = startOf(pair?.key);
      if (pair === undefined || start === undefined) return undefined;
      if (parent.items.length === 1) return this.remove(parentPath);
      return this.#removeLines(start, endOf(pair.value) ?? endOf(pair.key) ?? start, /^\s*$/);
    }
    const item = isSeq(parent) ? parent.items[Number(last)] : undefined;
    const start = startOf(item);
    if (!isSeq(parent) || parent.items.length < 2 || start === undefined) return undefined;
    return this.#removeLines(start, endOf(item) ?? start, /^\s*-\s+$/);
  }

  #removeLines(start: number, end: number, before: RegExp): readonly Edit[] | undefined {
    const lineStart = this.lineStart(start);
    if (!before.test(this.text.slice(lineStart, start))) return undefined;
    const lineEnd = this.lineEnd(start + this.text.slice(start, end).trimEnd().length);
    return [{ start: this.#withComment(lineStart, lineEnd), end: lineEnd, text: "" }];
  }

  /** Where the comment right above begins, if it speaks of nothing else: no neighbour follows without a gap. */
  #withComment(lineStart: number, lineEnd: number): number {
    const indent = this.#indentOf(lineStart);
    const next = this.text.slice(lineEnd, this.lineEnd(lineEnd + 1)).trim();
    const isFollowed = next !== "" && !next.startsWith("#") && next !== "---" && this.#indentOf(lineEnd) >= indent;
    let begins = lineStart;
    while (!isFollowed && begins > 0) {
      const above = this.lineStart(begins - 1);
      const isComment = this.text.slice(above, begins).trim().startsWith("#") && this.#indentOf(above) === indent;
      if (!isComment) break;
      begins = above;
    }
    return begins;
  }

  #indentOf(lineStart: number): number {
    return /^ */.exec(this.text.slice(lineStart, this.lineEnd(lineStart + 1)))?.[0].length ?? 0;
  }

  /** Puts an item behind the last one of a list: `lines` in a block, `flow` between brackets. */
  append(path: string, lines: readonly string[], flow: string): readonly Edit[] | undefined {
    const list = this.nodeAt(path);
    const last = isSeq(list) ? list.items.at(-1) : undefined;
    const [start, end] = [startOf(last), endOf(last)];
    if (!isSeq(list) || start === undefined || end === undefined) return undefined;
    if (list.flow === true) return [{ start: end, end, text: `, ${flow}` }];
    const lineStart = this.lineStart(start);
    const indent = /^(\s*)-\s+$/.exec(this.text.slice(lineStart, start))?.[1];
    if (indent === undefined) return undefined;
    return [this.#below(start, end, lines.map((line) => `${indent}${line}\n`).join(""))];
  }

  /** Adds a field to an object in block style, as its last one. */
  addField(path: string, lines: readonly string[]): readonly Edit[] | undefined {
    const map = this.nodeAt(path);
    if (!isMap(map) || map.flow === true) return undefined;
    const first = startOf(map.items[0]?.key);
    const last = map.items.at(-1);
    const start = startOf(last?.key);
    if (first === undefined || last === undefined || start === undefined) return undefined;
    const indent = " ".repeat(first - this.lineStart(first));
    return [this.#below(start, endOf(last.value) ?? start, lines.map((line) => `${indent}${line}\n`).join(""))];
  }

  /** Behind the last line that has something of what stands from `start` to `end`. */
  #below(start: number, end: number, text: string): Edit {
    const at = this.lineEnd(start + this.text.slice(start, end).trimEnd().length);
    const isOpen = at > 0 && this.text[at - 1] !== "\n";
    return { start: at, end: at, text: isOpen ? `\n${text}` : text };
  }

  /** Where the last line of a value ends, its comment with it. */
  contentEnd(path: string): number | undefined {
    const raw = this.raw(path);
    return raw && this.lineEnd(raw.start + raw.text.trimEnd().length + 1) - 1;
  }

  lineStart(offset: number): number {
    return this.text.lastIndexOf("\n", offset - 1) + 1;
  }

  /** Behind the end of the line. */
  lineEnd(offset: number): number {
    const end = this.text.indexOf("\n", Math.max(0, offset - 1));
    return end === -1 ? this.text.length : end + 1;
  }
}

/** `a.b[0][c d]` as keys. */
export const keysOf = (path: string): readonly string[] =>
  [...path.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)].map(([, bracketed, plain]) => bracketed ?? plain ?? "");

const pathOf = (keys: readonly string[]): string => keys.map((key) => `[${key}]`).join("");

export const keyText = (pair: Pair): string => (isScalar(pair.key) ? String(pair.key.value) : String(pair.key));

const pairOf = (items: readonly unknown[], key: string): Pair | undefined =>
  items.find((item): item is Pair => isPair(item) && keyText(item) === key);
const childOf = (node: unknown, key: string): unknown => (isSeq(node) ? node.items[Number(key)] : undefined);
const isNode = (node: unknown): node is Node => isMap(node) || isSeq(node) || isScalar(node);
const startOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined);
const endOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[1] : undefined);
