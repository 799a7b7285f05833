import type { ServerResponse } from "node:http";
import type { KindDefinition, Resource, Watch, WatchEvent } from "@sluice/api";
import type { Clock, Millis } from "@sluice/kernel";
import type { Form } from "./accepted-form.ts";
import { eventLine } from "./json-text.ts";
import { apiFaultOf, failure } from "./status.ts";
import { columnDefinitions, columnsOf, type IncludeObject, metadataOf, row } from "./table.ts";

export interface WatchStreamOptions {
  readonly watch: Watch;
  readonly definition: KindDefinition;
  readonly apiVersion: string;
  readonly form: Form;
  readonly include: IncludeObject;
  readonly clock: Clock;
  /** The stream ends by itself after this. */
  readonly duration: Millis;
  /** A reader that takes nothing for so long is cut off. */
  readonly stall: Millis;
}

/**
 * Writes events as they come, and pulls the next only when the socket has taken the last: a watcher that doesn't read
 * costs what its socket buffers hold, and its place in the store's window. When the window has moved on it is told 410.
 */
export async function streamWatch(response: ServerResponse, options: WatchStreamOptions): Promise<void> {
  const { watch, clock } = options;
  const encode = encoderFor(options);
  response.on("close", () => watch.stop());
  const timer = clock.after(options.duration, () => watch.stop());
  response.writeHead(200, {
    "content-type":
      options.form === "table" ? "application/json;stream=watch;as=Table;v=v1;g=meta.k8s.io" : "application/json",
    "cache-control": "no-cache, private",
  });
  response.flushHeaders();
  const batch = new Batch(response, clock, options.stall);
  try {
    for await (const event of watch) {
      await batch.add(encode(event));
      if (response.destroyed) return;
    }
    await batch.flushed();
  } catch (thrown) {
    const status = failure(apiFaultOf(thrown));
    if (!response.destroyed) response.write(`${JSON.stringify({ type: "ERROR", object: status })}\n`);
  } finally {
    timer.cancel();
    watch.stop();
    if (!response.destroyed) response.end();
  }
}

/** Beyond this, events wait in the store and not here. */
const batchBytes = 16 * 1024;

/** Events that are ready together leave together: one write, one TLS record where they fit. */
class Batch {
  readonly #response: ServerResponse;
  readonly #clock: Clock;
  readonly #stall: Millis;
  #lines: Buffer[] = [];
  #bytes = 0;
  #flushing: Promise<void> | undefined;

  constructor(response: ServerResponse, clock: Clock, stall: Millis) {
    this.#response = response;
    this.#clock = clock;
    this.#stall = stall;
  }

  /** Resolves when there is room for the next. */
  async add(line: Buffer): Promise<void> {
    this.#lines.push(line);
    this.#bytes += line.length;
    this.#flushing ??= this.#flush();
    if (this.#bytes >= batchBytes) await this.#flushing;
  }

  async flushed(): Promise<void> {
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#lines.length > 0 && !this.#response.destroyed) {
      const [only, ...more] = this.#lines;
      // A lone line is the buffer that all watchers of the change share.
      const data = only !== undefined && more.length === 0 ? only : Buffer.concat(this.#lines, this.#bytes);
      this.#lines = [];
      this.#bytes = 0;
      if (this.#response.write(data)) continue;
      if (!(await drained(this.#response, this.#clock, this.#stall))) this.#response.destroy();
    }
    this.#flushing = undefined;
  }
}

/** False where nothing was taken in time, or the peer is gone. */
function drained(response: ServerResponse, clock: Clock, stall: Millis): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (taken: boolean) => {
      timer.cancel();
      response.off("drain", onDrain);
      response.off("close", onClose);
      resolve(taken);
    };
    const onDrain = () => settle(true);
    const onClose = () => settle(false);
    const timer = clock.after(stall, () => settle(false));
    response.on("drain", onDrain);
    response.on("close", onClose);
    if (response.destroyed) settle(false);
  });
}

function encoderFor({ definition, apiVersion, form, include, clock }: WatchStreamOptions) {
  const columns = columnsOf(definition);
  let first = true;
  const bookmarkKind = form === "whole" ? { kind: definition.kind, apiVersion } : metadataOf({} as Resource);
  return (event: WatchEvent): Buffer => {
    if (event.type === "BOOKMARK") {
      const metadata = {
        resourceVersion: event.resourceVersion,
        creationTimestamp: null,
        ...(event.initialEventsEnd ? { annotations: { "k8s.io/initial-events-end": "true" } } : {}),
      };
      return line("BOOKMARK", { ...bookmarkKind, metadata });
    }
    switch (form) {
      case "whole":
        return eventLine(event);
      case "metadata":
        return line(event.type, metadataOf(event.object));
      case "table": {
        const table = {
          kind: "Table",
          apiVersion: "meta.k8s.io/v1",
          metadata: { resourceVersion: event.object.metadata.resourceVersion },
          // Said once: the columns of one watch don't change.
          columnDefinitions: first ? columnDefinitions(columns) : null,
          rows: [row(event.object, columns, include, clock.now())],
        };
        first = false;
        return line(event.type, table);
      }
    }
  };
}

const line = (type: string, object: unknown): Buffer => Buffer.from(`${JSON.stringify({ type, object })}\n`);
