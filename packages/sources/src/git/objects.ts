/** One entry of a git tree. */
export interface TreeEntry {
  readonly name: string;
  readonly is: "file" | "folder" | "symlink" | "submodule";
  readonly mode: string;
  readonly oid: string;
}

export interface CommitInfo {
  readonly sha: string;
  readonly tree: string;
  readonly parents: readonly string[];
  /** Name and address. */
  readonly author: string;
  /** RFC 3339 */
  readonly date: string;
  readonly subject: string;
  readonly message: string;
}

const kinds: Readonly<Record<string, TreeEntry["is"]>> = {
  "40000": "folder",
  "120000": "symlink",
  "160000": "submodule",
};

/** https://git-scm.com/book/en/v2/Git-Internals-Git-Objects: `<mode> <name>\0<20 or 32 bytes>` again and again. */
export function parseTree(bytes: Buffer, oidBytes: number): readonly TreeEntry[] {
  const entries: TreeEntry[] = [];
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(32, at);
    const zero = bytes.indexOf(0, space);
    if (space === -1 || zero === -1) break;
    const mode = bytes.toString("latin1", at, space);
    at = zero + 1 + oidBytes;
    entries.push({
      name: bytes.toString("utf8", space + 1, zero),
      is: kinds[mode] ?? "file",
      mode,
      oid: bytes.toString("hex", zero + 1, at),
    });
  }
  return entries;
}

export function parseCommit(sha: string, bytes: Buffer): CommitInfo {
  const text = bytes.toString("utf8");
  const blank = text.indexOf("\n\n");
  const head = (blank === -1 ? text : text.slice(0, blank)).split("\n");
  const message = blank === -1 ? "" : text.slice(blank + 2);
  const values = (name: string) =>
    head.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
  const author = /^(.*) (-?\d+) [+-]\d{4}$/.exec(values("author")[0] ?? "");
  return {
    sha,
    tree: values("tree")[0] ?? "",
    parents: values("parent"),
    author: author?.[1] ?? "",
    date: new Date(Number(author?.[2] ?? 0) * 1000).toISOString().replace(".000Z", "Z"),
    subject: message.split("\n", 1)[0] ?? "",
    message,
  };
}
