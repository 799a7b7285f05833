import type { ServerResponse } from "node:http";
import { ApiFault, type Pod } from "@sluice/api";
import { type Instant, parseInstant } from "@sluice/kernel";
import { badParameter, isSet, wholeNumber } from "./request/request-options.ts";

export interface PodLogOptions {
  readonly container: string;
  /** Goes on with what comes, until the container ends. */
  readonly follow: boolean;
  /** The container's run before the present one. */
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  readonly sinceSeconds?: number;
  readonly sinceTime?: Instant;
}

/** Where the output of containers is. */
export interface PodLogs {
  /**
   * The output, in pieces of any size. Ends when `signal` aborts.
   * May throw an ApiFault (BadRequest where there is no previous run, NotFound) before the first piece.
   */
  read(pod: Pod, options: PodLogOptions, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** Reads `pods/NAME/log`'s query. Faults: BadRequest with Kubernetes' own words about containers. */
export function podLogOptions(query: URLSearchParams, pod: Pod): PodLogOptions {
  const tailLines = wholeNumber(query, "tailLines");
  const limitBytes = wholeNumber(query, "limitBytes");
  const sinceSeconds = wholeNumber(query, "sinceSeconds");
  const sinceText = query.get("sinceTime");
  const sinceTime = sinceText === null ? undefined : parseInstant(sinceText);
  if (sinceText !== null && sinceTime === undefined) throw badParameter("sinceTime", "an RFC 3339 time");
  if (sinceSeconds !== undefined && sinceTime !== undefined) {
    throw badParameter("sinceTime", "at most one of sinceTime and sinceSeconds");
  }
  if (limitBytes === 0) throw badParameter("limitBytes", "1 or more");
  return {
    container: containerOf(query.get("container") || undefined, pod),
    follow: isSet(query, "follow"),
    previous: isSet(query, "previous"),
    timestamps: isSet(query, "timestamps"),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(sinceSeconds === undefined ? {} : { sinceSeconds }),
    ...(sinceTime === undefined ? {} : { sinceTime }),
  };
}

function containerOf(asked: string | undefined, { metadata, spec }: Pod): string {
  const names = spec.containers.map(({ name }) => name);
  const initNames = (spec.initContainers ?? []).map(({ name }) => name);
  if (asked !== undefined) {
    if (names.includes(asked) || initNames.includes(asked)) return asked;
    throw new ApiFault("BadRequest", `container ${asked} is not valid for pod ${metadata.name}`);
  }
  const [only] = names;
  if (names.length === 1 && only !== undefined) return only;
  throw new ApiFault(
    "BadRequest",
    `a container name must be specified for pod ${metadata.name}, choose one of: [${names.join(" ")}]` +
      (initNames.length === 0 ? "" : ` or one of the init containers: [${initNames.join(" ")}]`),
  );
}

/** How long a refusal may take to come, before the answer is begun as a good one. */
const refusalWaitMillis = 20;

/** Streams a log. Throws what the log refuses with, as long as nothing was sent. */
export async function streamLog(
  response: ServerResponse,
  open: (signal: AbortSignal) => AsyncIterable<Uint8Array>,
  limitBytes: number | undefined,
): Promise<void> {
  const abort = new AbortController();
  response.on("close", () => abort.abort());
  const pieces = open(abort.signal)[Symbol.asyncIterator]();
  let pending = pieces.next();
  await Promise.race([pending, new Promise((resolve) => setTimeout(resolve, refusalWaitMillis))]);
  response.writeHead(200, { "content-type": "text/plain", "cache-control": "no-cache, private" });
  response.flushHeaders();
  let left = limitBytes ?? Number.POSITIVE_INFINITY;
  try {
    for (let piece = await pending; !piece.done && left > 0; piece = await pending) {
      const data = piece.value.length > left ? piece.value.subarray(0, left) : piece.value;
      left -= data.length;
      if (!response.write(data)) await Promise.race([once(response, "drain"), once(response, "close")]);
      if (response.destroyed) return;
      pending = pieces.next();
    }
    response.end();
  } catch {
    response.destroy(); // Too late for a Status: a cut connection is what tells the reader.
  } finally {
    abort.abort();
    await pieces.return?.();
  }
}

const once = (response: ServerResponse, event: "drain" | "close"): Promise<void> =>
  new Promise((resolve) => response.once(event, resolve));
