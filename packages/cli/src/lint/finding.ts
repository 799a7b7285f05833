/** Text of a file put in the place of some other; offsets into it. */
export interface FileEdit {
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface Finding {
  readonly file: string;
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  readonly severity: "error" | "warning";
  /** A word to search for, such as `unknown-field` or `pooled-query`. */
  readonly rule: string;
  /** `Rollout production/frontend`, where it is about an object. */
  readonly object?: string;
  /** The field, such as `spec.steps[2]`. */
  readonly path?: string;
  /** What is wrong, in a sentence. */
  readonly what: string;
  readonly found?: string;
  readonly expected?: string;
  readonly repair?: string;
  /** The repair as changes of files, where it is mechanical: all of them, or none. */
  readonly fix?: readonly FileEdit[];
}

/** By file, then place. */
export const byPlace = (a: Finding, b: Finding): number =>
  a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column;
