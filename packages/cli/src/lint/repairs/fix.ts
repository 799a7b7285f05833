import type { FileEdit, Finding } from "../finding.ts";
import type { SourceFile } from "../manifests/manifest.ts";

export interface Fixed {
  readonly files: readonly SourceFile[];
  /** How many findings were repaired. */
  readonly repaired: number;
}

/** One repair makes place for the next: a list that the first one adds is what the second one adds to. */
const roundsMax = 10;

/** Writes every repair that can be written, until there is none; what is left needs a person. */
export function fixFiles(
  files: readonly SourceFile[],
  lint: (files: readonly SourceFile[]) => readonly Finding[],
): Fixed {
  let now = files;
  let found = lint(now);
  let repaired = 0;
  for (let round = 0; round < roundsMax; round++) {
    const fixes = sideBySide(found);
    if (fixes.edits.length === 0) break;
    const next = now.map(({ path, text }) => ({
      path,
      text: applied(
        text,
        fixes.edits.filter(({ file }) => file === path),
      ),
    }));
    const left = lint(next);
    // A repair that makes something else wrong is none.
    if (errorsOf(left) > errorsOf(found)) break;
    now = next;
    found = left;
    repaired += fixes.count;
  }
  return { files: now, repaired };
}

const errorsOf = (findings: readonly Finding[]): number =>
  findings.filter(({ severity }) => severity === "error").length;

/** The changes of as many findings as don't get into each other's way; of each finding all or none. */
function sideBySide(findings: readonly Finding[]): { readonly edits: readonly FileEdit[]; readonly count: number } {
  const taken = new Map<string, FileEdit>();
  let count = 0;
  for (const { fix = [] } of findings) {
    const added = fix.filter((edit) => !taken.has(keyOf(edit)));
    if (fix.length === 0 || added.some((edit) => [...taken.values()].some((other) => areInTheWay(edit, other))))
      continue;
    for (const edit of added) taken.set(keyOf(edit), edit);
    count++;
  }
  return { edits: [...taken.values()], count };
}

const keyOf = ({ file, start, end, text }: FileEdit): string => JSON.stringify([file, start, end, text]);

function areInTheWay(a: FileEdit, b: FileEdit): boolean {
  if (a.file !== b.file) return false;
  // Two labels for the same selector.
  if (a.start === b.start && a.end === a.start && b.end === b.start)
    return !(a.text.endsWith(",") && b.text.endsWith(","));
  return a.start < b.end && b.start < a.end;
}

function applied(text: string, edits: readonly FileEdit[]): string {
  let done = "";
  let at = 0;
  for (const edit of edits.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    done += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return done + text.slice(at);
}
