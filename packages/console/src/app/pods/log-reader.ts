import { refusalOf } from "../data/api.ts";
import { readLines } from "../data/read-lines.ts";

export interface LogLine {
  /** As the API writes it, with nanoseconds. */
  readonly at: string;
  readonly text: string;
}

export type LogState =
  | { readonly is: "reading" }
  | { readonly is: "ended" }
  | { readonly is: "interrupted" }
  | { readonly is: "refused"; readonly message: string };

export interface LogSource {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly previous: boolean;
}

const tail = 1000;

/** Follows a container's output until the signal; goes on where it was when the connection breaks. */
export async function followLog(
  source: LogSource,
  signal: AbortSignal,
  onLines: (lines: readonly LogLine[]) => void,
  onState: (state: LogState) => void,
): Promise<void> {
  const place = new LogPlace();
  while (!signal.aborted) {
    try {
      const response = await fetch(addressOf(source, place.resume()), { signal });
      if (!response.ok || response.body === null) {
        onState({ is: "refused", message: await refusalOf(response) });
        return;
      }
      onState({ is: "reading" });
      for await (const line of readLines(response.body)) {
        const read = parseLine(line);
        if (place.isNew(read)) onLines([read]);
      }
      onState({ is: "ended" });
      return;
    } catch {
      if (signal.aborted) return;
      onState({ is: "interrupted" });
      await new Promise((resolve) => setTimeout(resolve, 1500));
    }
  }
}

/** Where the reading stands. Asked again from a time that was read in part, what is known isn't shown twice. */
export class LogPlace {
  #last = "";
  /** Lines of that very time that were shown; several may share it. */
  #shown = 0;
  #toSkip = 0;

  /** The time to ask from; empty at the beginning. */
  resume(): string {
    this.#toSkip = this.#shown;
    return this.#last;
  }

  isNew({ at }: LogLine): boolean {
    if (at === "") return true;
    if (at < this.#last) return false;
    if (at === this.#last && this.#toSkip > 0) {
      this.#toSkip--;
      return false;
    }
    this.#shown = at === this.#last ? this.#shown + 1 : 1;
    this.#last = at;
    this.#toSkip = 0;
    return true;
  }
}

function addressOf({ namespace, pod, container, previous }: LogSource, since: string): string {
  const query = new URLSearchParams({ container, timestamps: "true" });
  if (previous) query.set("previous", "true");
  else query.set("follow", "true");
  if (since === "") query.set("tailLines", String(tail));
  else query.set("sinceTime", since);
  return `/k8s/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log?${query}`;
}

export function parseLine(line: string): LogLine {
  const match = /^(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)) ?(.*)$/s.exec(line);
  return match === null ? { at: "", text: line } : { at: match[1] ?? "", text: match[2] ?? "" };
}
