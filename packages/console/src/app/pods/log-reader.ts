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
  let last = "";
  while (!signal.aborted) {
    try {
      const response = await fetch(addressOf(source, last), { signal });
      if (!response.ok || response.body === null) {
        onState({ is: "refused", message: await refusalOf(response) });
        return;
      }
      onState({ is: "reading" });
      for await (const line of readLines(response.body)) {
        const read = parseLine(line);
        // Asked again from a second that was read in part: what is known isn't shown twice.
        if (read.at !== "" && read.at <= last) continue;
        if (read.at !== "") last = read.at;
        onLines([read]);
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
