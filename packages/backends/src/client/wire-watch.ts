import { ApiFault, type Resource, type Watch, type WatchEvent } from "@sluice/api";
import { faultOf } from "./status-fault.ts";

/** A line of a watch's body. */
interface WireEvent {
  readonly type: string;
  readonly object: {
    readonly code?: number;
    readonly metadata?: {
      readonly resourceVersion?: string;
      readonly annotations?: Readonly<Record<string, string>>;
    };
  };
}

/**
 * A watch over the wire. It opens when first read, ends when stopped or when the server ends it, and leaves
 * reconnecting to its reader: only the reader knows from where. A connection that breaks is ServiceUnavailable.
 */
export class WireWatch<R extends Resource> implements Watch<R> {
  readonly #open: (signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>;
  readonly #abort = new AbortController();

  constructor(open: (signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>) {
    this.#open = open;
  }

  stop(): void {
    this.#abort.abort();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<WatchEvent<R>> {
    try {
      for await (const line of linesOf(await this.#open(this.#abort.signal))) {
        if (this.#abort.signal.aborted) return;
        yield eventOf<R>(JSON.parse(line));
      }
    } catch (thrown) {
      if (this.#abort.signal.aborted) return;
      if (thrown instanceof ApiFault) throw thrown;
      throw new ApiFault("ServiceUnavailable", "the watch's connection broke", { cause: thrown });
    } finally {
      this.#abort.abort();
    }
  }
}

function eventOf<R extends Resource>({ type, object }: WireEvent): WatchEvent<R> {
  switch (type) {
    case "ADDED":
    case "MODIFIED":
    case "DELETED":
      return { type, object: object as unknown as R };
    case "BOOKMARK": {
      const ends = object.metadata?.annotations?.["k8s.io/initial-events-end"] === "true";
      const resourceVersion = object.metadata?.resourceVersion ?? "";
      return { type, resourceVersion, ...(ends ? { initialEventsEnd: true } : {}) };
    }
    case "ERROR":
      throw faultOf(object.code ?? 500, object);
    default:
      throw new ApiFault("InternalError", `the watch sent an event of the unknown type ${JSON.stringify(type)}`);
  }
}

const newline = 10;

/** Whole lines, however the network cut them. A rest without its newline was cut off, and is no event. */
async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let parts: Uint8Array[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      parts.push(chunk.subarray(start, end));
      yield Buffer.concat(parts).toString("utf8");
      parts = [];
      start = end + 1;
    }
    if (start < chunk.length) parts.push(chunk.subarray(start));
  }
}
