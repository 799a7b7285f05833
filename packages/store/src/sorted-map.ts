interface Leaf<Value> {
  readonly is: "leaf";
  readonly size: number;
  readonly keys: readonly string[];
  readonly values: readonly Value[];
}

interface Branch<Value> {
  readonly is: "branch";
  readonly size: number;
  /** The least key of each child. */
  readonly keys: readonly string[];
  readonly children: readonly Tree<Value>[];
}

type Tree<Value> = Leaf<Value> | Branch<Value>;

const widest = 32;
const narrowest = 8;

/**
 * An immutable map in key order. A change shares all but one path of nodes with its predecessor,
 * so that a snapshot is a reference and the state before a failed commit is still there.
 */
export class SortedMap<Value> {
  readonly #root: Tree<Value>;

  private constructor(root: Tree<Value>) {
    this.#root = root;
  }

  static empty<Value>(): SortedMap<Value> {
    return new SortedMap<Value>({ is: "leaf", size: 0, keys: [], values: [] });
  }

  get size(): number {
    return this.#root.size;
  }

  get(key: string): Value | undefined {
    let node = this.#root;
    while (node.is === "branch") node = node.children[childFor(node.keys, key)] as Tree<Value>;
    const at = lowerBound(node.keys, key);
    return node.keys[at] === key ? node.values[at] : undefined;
  }

  set(key: string, value: Value): SortedMap<Value> {
    const nodes = insert(this.#root, key, value);
    return new SortedMap(nodes.length === 1 ? (nodes[0] as Tree<Value>) : branch(nodes));
  }

  delete(key: string): SortedMap<Value> {
    let root = remove(this.#root, key);
    if (root === this.#root) return this;
    while (root.is === "branch" && root.children.length === 1) root = root.children[0] as Tree<Value>;
    return root.size === 0 ? SortedMap.empty() : new SortedMap(root);
  }

  /** Visits in key order from the first key >= `from`, until `visit` returns false. */
  scan(from: string, visit: (value: Value, key: string) => boolean): void {
    walk(this.#root, from, visit);
  }

  /** Every value whose key starts with `prefix`, in key order. */
  startingWith(prefix: string): Value[] {
    const found: Value[] = [];
    this.scan(prefix, (value, key) => {
      if (!key.startsWith(prefix)) return false;
      found.push(value);
      return true;
    });
    return found;
  }

  /** How many keys are less than `key`. */
  rank(key: string): number {
    let before = 0;
    let node = this.#root;
    while (node.is === "branch") {
      const at = childFor(node.keys, key);
      for (let index = 0; index < at; index++) before += (node.children[index] as Tree<Value>).size;
      node = node.children[at] as Tree<Value>;
    }
    return before + lowerBound(node.keys, key);
  }
}

function branch<Value>(children: readonly Tree<Value>[]): Branch<Value> {
  let size = 0;
  for (const child of children) size += child.size;
  return { is: "branch", size, keys: children.map((child) => child.keys[0] ?? ""), children };
}

const leaf = <Value>(keys: readonly string[], values: readonly Value[]): Leaf<Value> => ({
  is: "leaf",
  size: keys.length,
  keys,
  values,
});

function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function childFor(keys: readonly string[], key: string): number {
  const at = lowerBound(keys, key);
  return keys[at] === key ? at : Math.max(0, at - 1);
}

function insert<Value>(node: Tree<Value>, key: string, value: Value): readonly Tree<Value>[] {
  if (node.is === "leaf") {
    const at = lowerBound(node.keys, key);
    if (node.keys[at] === key) return [leaf(node.keys, node.values.with(at, value))];
    return split(leaf(node.keys.toSpliced(at, 0, key), node.values.toSpliced(at, 0, value)));
  }
  const at = childFor(node.keys, key);
  const grown = insert(node.children[at] as Tree<Value>, key, value);
  return split(branch(node.children.toSpliced(at, 1, ...grown)));
}

function split<Value>(node: Tree<Value>): readonly Tree<Value>[] {
  if (node.keys.length <= widest) return [node];
  const middle = node.keys.length >> 1;
  if (node.is === "branch") return [branch(node.children.slice(0, middle)), branch(node.children.slice(middle))];
  return [
    leaf(node.keys.slice(0, middle), node.values.slice(0, middle)),
    leaf(node.keys.slice(middle), node.values.slice(middle)),
  ];
}

function remove<Value>(node: Tree<Value>, key: string): Tree<Value> {
  if (node.is === "leaf") {
    const at = lowerBound(node.keys, key);
    if (node.keys[at] !== key) return node;
    return leaf(node.keys.toSpliced(at, 1), node.values.toSpliced(at, 1));
  }
  const at = childFor(node.keys, key);
  const child = node.children[at] as Tree<Value>;
  const shrunk = remove(child, key);
  if (shrunk === child) return node;
  if (shrunk.keys.length === 0) return branch(node.children.toSpliced(at, 1));
  const right = node.children[at + 1];
  if (shrunk.keys.length < narrowest && right !== undefined && shrunk.keys.length + right.keys.length <= widest) {
    return branch(node.children.toSpliced(at, 2, merge(shrunk, right)));
  }
  return branch(node.children.with(at, shrunk));
}

function merge<Value>(left: Tree<Value>, right: Tree<Value>): Tree<Value> {
  if (left.is === "branch" && right.is === "branch") return branch([...left.children, ...right.children]);
  if (left.is === "leaf" && right.is === "leaf") {
    return leaf([...left.keys, ...right.keys], [...left.values, ...right.values]);
  }
  throw new Error("a leaf beside a branch: the tree is not balanced");
}

function walk<Value>(node: Tree<Value>, from: string, visit: (value: Value, key: string) => boolean): boolean {
  if (node.is === "leaf") {
    for (let at = lowerBound(node.keys, from); at < node.keys.length; at++) {
      if (!visit(node.values[at] as Value, node.keys[at] as string)) return false;
    }
    return true;
  }
  for (let at = childFor(node.keys, from); at < node.children.length; at++) {
    if (!walk(node.children[at] as Tree<Value>, from, visit)) return false;
  }
  return true;
}
