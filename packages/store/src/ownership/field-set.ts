/**
 * A set of fields as Kubernetes writes it in managedFields (FieldsV1): a tree whose keys are path elements
 * (`f:name` a field, `k:{...}` a list item by its keys, `v:...` a set's value). A node without children is a member;
 * a node with children is a member too where it has `.`. Immutable.
 */
export interface FieldSet {
  readonly [element: string]: FieldSet;
}

export const emptySet: FieldSet = {};
const member: FieldSet = {};

export const isEmpty = (set: FieldSet): boolean => {
  for (const _ in set) return false;
  return true;
};

/** Whether the node itself, not only something below it, is in the set. */
export const isMember = (node: FieldSet): boolean => "." in node || isEmpty(node);

/** The root of a set is no member: it only has children. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmpty(b)) return a;
  if (isEmpty(a)) return b;
  let merged: Record<string, FieldSet> | undefined;
  for (const key in b) {
    const right = b[key] as FieldSet;
    const left = a[key];
    const both = left === undefined ? right : unionNodes(left, right);
    if (both === left) continue;
    merged ??= { ...a };
    merged[key] = both;
  }
  return merged ?? a;
}

function unionNodes(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(a)) return isMember(b) ? b : { ".": member, ...b };
  if (isEmpty(b)) return isMember(a) ? a : { ".": member, ...a };
  return union(a, b);
}

/** The members of `a` that aren't in `b`. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return isEmpty(b) ? a : combine(a, b, (inA, inB) => inA && !inB);
}

/** The members of both. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  return combine(a, b, (inA, inB) => inA && inB);
}

/** Without the node itself; `a` where nothing of it goes. */
function combine(a: FieldSet, b: FieldSet, keep: (inA: boolean, inB: boolean) => boolean): FieldSet {
  const kept: Record<string, FieldSet> = {};
  let isWhole = true;
  for (const key in a) {
    const node = key === "." ? undefined : combineNodes(a[key] as FieldSet, b[key], keep);
    if (node !== a[key]) isWhole = false;
    if (node !== undefined) kept[key] = node;
  }
  return isWhole ? a : kept;
}

function combineNodes(
  a: FieldSet,
  b: FieldSet | undefined,
  keep: (inA: boolean, inB: boolean) => boolean,
): FieldSet | undefined {
  if (b === undefined) return keep(true, false) ? a : undefined;
  const children = combine(a, b, keep);
  if (!keep(isMember(a), isMember(b))) return isEmpty(children) ? undefined : children;
  if (isEmpty(children)) return member;
  const isWhole = "." in a && holdsAll(children, a);
  return isWhole ? a : { ".": member, ...children };
}

const holdsAll = (children: FieldSet, a: FieldSet): boolean => {
  for (const key in a) if (key !== "." && children[key] !== a[key]) return false;
  return true;
};

/** The set without these subtrees, each given as its path elements. */
export function without(set: FieldSet, ...paths: readonly (readonly string[])[]): FieldSet {
  return paths.reduce((left, path) => withoutPath(left, path), set);
}

function withoutPath(set: FieldSet, [first, ...rest]: readonly string[]): FieldSet {
  const node = first === undefined ? undefined : set[first];
  if (first === undefined || node === undefined) return set;
  const { [first]: _, ...others } = set;
  if (rest.length === 0) return others;
  const left = withoutPath(node, rest);
  return left === node ? set : isEmpty(left) ? others : { ...others, [first]: left };
}

/** Each member as a path for people, e.g. `.spec.replicas` or `.spec.containers[name="web"].image`. */
export function memberPaths(set: FieldSet, parent = ""): string[] {
  const paths: string[] = [];
  for (const key in set) {
    if (key === ".") continue;
    const node = set[key] as FieldSet;
    const path = `${parent}${elementText(key)}`;
    if (isMember(node)) paths.push(path);
    paths.push(...memberPaths(node, path));
  }
  return paths;
}

function elementText(element: string): string {
  if (element.startsWith("f:")) return `.${element.slice(2)}`;
  if (element.startsWith("v:")) return `[=${element.slice(2)}]`;
  const keys: Record<string, unknown> = JSON.parse(element.slice(2));
  return `[${Object.entries(keys)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(",")}]`;
}
