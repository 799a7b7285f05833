import type { IncomingMessage, ServerResponse } from "node:http";
import { type HookSecrets, verifyHook } from "./verify-hook.ts";

export interface HookHandlerOptions {
  readonly secrets: () => HookSecrets;
  /** Called with the URLs of the repositories that changed; storms come as one call. */
  readonly onPush: (repositories: readonly string[]) => void;
  /** Pushes within this time of one another become one call. The first is told at once. Default 200 ms. */
  readonly quietMillis?: number;
  /** Default 5 MiB: GitHub sends up to 25 MB, but pushes that large are heard of by the poll. */
  readonly maxBytes?: number;
  /** Bodies being read at one time; more are told to come back. Default 32. */
  readonly maxConcurrent?: number;
}

const repositoriesMax = 10_000;

/** `POST /hooks/git` for node:http. Memory is bounded by `maxBytes` times `maxConcurrent`, whoever calls. */
export class HookHandler {
  readonly #options: Required<HookHandlerOptions>;
  #reading = 0;
  #pending = new Set<string>();
  #quiet: NodeJS.Timeout | undefined;

  constructor(options: HookHandlerOptions) {
    this.#options = { quietMillis: 200, maxBytes: 5 * 1024 * 1024, maxConcurrent: 32, ...options };
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const refusal = this.#refusalOf(request);
    if (refusal !== undefined) {
      if (refusal.status === 429) response.setHeader("retry-after", "1");
      answer(request, response, refusal.status, refusal.said);
      return;
    }
    this.#read(request, response);
  }

  /** What can be said before any of the body is read. */
  #refusalOf(request: IncomingMessage): { readonly status: number; readonly said: string } | undefined {
    if (request.method !== "POST") return { status: 405, said: "POST only" };
    if (Number(request.headers["content-length"] ?? 0) > this.#options.maxBytes) {
      return { status: 413, said: "the body is too large" };
    }
    if (this.#reading >= this.#options.maxConcurrent) return { status: 429, said: "too many hooks at once" };
    return undefined;
  }

  #read(request: IncomingMessage, response: ServerResponse): void {
    this.#reading++;
    const chunks: Buffer[] = [];
    let size = 0;
    let isOver = false;
    const finish = (status: number, said: string) => {
      if (isOver) return;
      isOver = true;
      this.#reading--;
      clearTimeout(slow);
      answer(request, response, status, said);
    };
    const slow = setTimeout(() => finish(408, "the body didn't arrive within 10 s"), 10_000).unref();
    request.on("data", (chunk: Buffer) => {
      if (isOver) return;
      size += chunk.length;
      if (size > this.#options.maxBytes) finish(413, "the body is too large");
      else chunks.push(chunk);
    });
    request.on("close", () => finish(400, "the connection closed"));
    request.on("end", () => {
      if (isOver) return;
      const verdict = verifyHook(request.headers, Buffer.concat(chunks), this.#options.secrets());
      if (verdict.is === "refused") return finish(verdict.status, verdict.reason);
      if (verdict.is === "push") this.#heard(verdict.repositories);
      finish(verdict.is === "push" ? 202 : 200, verdict.is);
    });
  }

  close(): void {
    clearTimeout(this.#quiet);
    this.#pending.clear();
  }

  #heard(repositories: readonly string[]): void {
    for (const url of repositories) if (this.#pending.size < repositoriesMax) this.#pending.add(url);
    if (this.#quiet === undefined) this.#tell();
  }

  #tell(): void {
    const heard = [...this.#pending];
    this.#pending = new Set();
    this.#quiet = undefined;
    if (heard.length === 0) return;
    this.#quiet = setTimeout(() => this.#tell(), this.#options.quietMillis).unref();
    this.#options.onPush(heard);
  }
}

function answer(request: IncomingMessage, response: ServerResponse, status: number, said: string): void {
  if (response.headersSent || response.destroyed) return;
  // What is left of the body isn't wanted: the connection ends with the answer.
  const hasMore = !request.complete;
  response.writeHead(status, { "content-type": "text/plain", ...(hasMore ? { connection: "close" } : {}) });
  response.end(`${said}\n`, () => {
    if (hasMore) request.destroy();
  });
}
