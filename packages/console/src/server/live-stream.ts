import type { ServerResponse } from "node:http";
import { type Client, hasReason, type Resource, type Watch, type WatchEvent } from "@sluice/api";
import { type Clock, seconds, type Timer } from "@sluice/kernel";
import { brief } from "../live/brief.ts";
import { liveKinds, nameField } from "../live/live-kinds.ts";
import type { LiveMessage, LiveRequest } from "../live/messages.ts";

const beatEvery = seconds(10);

export interface LiveStreamOptions {
  readonly client: Client;
  readonly requests: readonly LiveRequest[];
  readonly version: string;
  readonly clock: Clock;
}

/** All watches of one page as lines of JSON, until the browser leaves. A reader that takes nothing is cut off. */
export async function streamLive(response: ServerResponse, options: LiveStreamOptions): Promise<void> {
  response.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
  const lines = new LineWriter(response);
  const watches = options.requests.map((request) => ({ request, watch: open(options.client, request) }));
  const heart = beat(response, lines, options.clock);
  response.on("close", () => {
    heart.stop();
    for (const { watch } of watches) watch.stop();
  });
  await lines.write({ type: "HELLO", version: options.version });
  await Promise.all(watches.map(({ request, watch }, index) => relay(watch, index, request, lines)));
  await lines.flushed();
  if (!response.destroyed) response.end();
}

function open(client: Client, { kind, namespace, name, resourceVersion }: LiveRequest): Watch {
  return client.watch(liveKinds[kind], {
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { fieldSelector: `${nameField(kind)}=${name}` }),
    ...(resourceVersion === undefined ? { sendInitialEvents: true } : { resourceVersion }),
    allowBookmarks: true,
  });
}

async function relay(watch: Watch, index: number, request: LiveRequest, lines: LineWriter): Promise<void> {
  const { resourceVersion, isBrief = false } = request;
  if (resourceVersion !== undefined) await lines.write({ type: "READY", watch: index, resourceVersion });
  try {
    for await (const event of watch) await lines.write(messageOf(event, index, isBrief));
  } catch (thrown) {
    const isExpired = hasReason(thrown, "Expired");
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    await lines.write(isExpired ? { type: "EXPIRED", watch: index } : { type: "REFUSED", watch: index, message });
  }
}

function messageOf(event: WatchEvent, watch: number, isBrief: boolean): LiveMessage {
  if (event.type === "BOOKMARK") {
    const type = event.initialEventsEnd === true ? "READY" : "BOOKMARK";
    return { type, watch, resourceVersion: event.resourceVersion };
  }
  const object = withoutManagedFields(event.object);
  return { type: event.type, watch, object: isBrief ? brief(object) : object };
}

/** Half of an object's bytes are about who owns its fields; no page shows that. */
function withoutManagedFields(object: Resource): Resource {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function beat(response: ServerResponse, lines: LineWriter, clock: Clock): { stop(): void } {
  let timer: Timer;
  let wasStuck = false;
  const next = () => {
    timer = clock.after(beatEvery, () => {
      if (response.writableNeedDrain && wasStuck) {
        response.destroy();
        return;
      }
      wasStuck = response.writableNeedDrain;
      if (!wasStuck) void lines.write({ type: "BEAT" });
      next();
    });
  };
  next();
  return { stop: () => timer.cancel() };
}

/** Lines that are ready together leave together; a full socket makes the writers wait. */
class LineWriter {
  readonly #response: ServerResponse;
  #pending: string[] = [];
  #flushed: Promise<void> | undefined;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  /** Resolves when the socket takes more. */
  async write(message: LiveMessage): Promise<void> {
    this.#pending.push(`${JSON.stringify(message)}\n`);
    if (this.#pending.length < 64 && this.#flushed === undefined) {
      this.#flushed = new Promise((resolve) => setImmediate(resolve)).then(() => this.#flush());
    }
    if (this.#pending.length >= 64) await this.#flushed;
  }

  async flushed(): Promise<void> {
    await this.#flushed;
  }

  async #flush(): Promise<void> {
    const response = this.#response;
    while (this.#pending.length > 0) {
      const text = this.#pending.join("");
      this.#pending = [];
      if (response.destroyed || response.writableEnded || response.write(text)) continue;
      await new Promise<void>((resolve) => {
        const go = () => {
          response.off("drain", go);
          response.off("close", go);
          resolve();
        };
        response.once("drain", go);
        response.once("close", go);
      });
    }
    this.#flushed = undefined;
  }
}
