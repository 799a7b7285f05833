import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { Fault } from "@sluice/kernel";
import { killGroup } from "./run-git.ts";

export type ObjectType = "commit" | "tree" | "blob" | "tag";

export type ObjectInfo =
  | { readonly is: "object"; readonly oid: string; readonly type: ObjectType; readonly size: number }
  | { readonly is: "missing" }
  | { readonly is: "ambiguous" };

interface Waiting {
  resolve(answer: { info: ObjectInfo; content: Buffer }): void;
  reject(fault: Fault): void;
  timer: NodeJS.Timeout;
}

const none = Buffer.alloc(0);
const answerWithinMillis = 20_000;
const idleMillis = 60_000;

/**
 * Two long-lived `git cat-file` processes, one for sizes and names, one for contents: no process is started
 * for a read, and a name is looked up anew each time, so a push is seen by the next question.
 */
export class ObjectReader {
  readonly #check: BatchProcess;
  readonly #batch: BatchProcess;

  constructor(gitDir: string, env: NodeJS.ProcessEnv) {
    this.#check = new BatchProcess(gitDir, "--batch-check", env);
    this.#batch = new BatchProcess(gitDir, "--batch", env);
  }

  /** `name` is an oid or a ref, optionally peeled (`^{commit}`); it must hold no newline. */
  async info(name: string): Promise<ObjectInfo> {
    return (await this.#check.ask(name)).info;
  }

  /** The object's bytes. Ask `info` first where it may be large. */
  async read(oid: string): Promise<Buffer> {
    const { info, content } = await this.#batch.ask(oid);
    if (info.is !== "object") throw new Fault("unavailable", `git object ${oid} is missing`);
    return content;
  }

  close(): void {
    this.#check.close(new Fault("unavailable", "closed"));
    this.#batch.close(new Fault("unavailable", "closed"));
  }
}

class BatchProcess {
  readonly #gitDir: string;
  readonly #mode: "--batch" | "--batch-check";
  readonly #env: NodeJS.ProcessEnv;
  #child: ChildProcessByStdio<Writable, Readable, null> | undefined;
  #waiting: Waiting[] = [];
  #received: Buffer[] = [];
  #receivedSize = 0;
  #needed = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(gitDir: string, mode: "--batch" | "--batch-check", env: NodeJS.ProcessEnv) {
    this.#gitDir = gitDir;
    this.#mode = mode;
    this.#env = env;
  }

  ask(name: string): Promise<{ info: ObjectInfo; content: Buffer }> {
    if (/[\n\0]/.test(name)) throw new Fault("invalid", "a git object's name holds a line break");
    const child = this.#start();
    clearTimeout(this.#idle);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.close(new Fault("unavailable", `git cat-file gave no answer within ${answerWithinMillis / 1000} s`)),
        answerWithinMillis,
      );
      this.#waiting.push({ resolve, reject, timer });
      child.stdin.write(`${name}\n`);
    });
  }

  close(fault: Fault): void {
    const child = this.#child;
    this.#child = undefined;
    clearTimeout(this.#idle);
    this.#received = [];
    this.#receivedSize = 0;
    this.#needed = 0;
    if (child !== undefined) killGroup(child);
    for (const { reject, timer } of this.#waiting.splice(0)) {
      clearTimeout(timer);
      reject(fault);
    }
  }

  #start(): ChildProcessByStdio<Writable, Readable, null> {
    if (this.#child !== undefined) return this.#child;
    const child = spawn("git", [`--git-dir=${this.#gitDir}`, "cat-file", this.#mode], {
      env: this.#env,
      detached: true,
      stdio: ["pipe", "pipe", "ignore"],
    });
    child.unref();
    this.#child = child;
    child.stdin.on("error", () => {});
    child.on("error", (cause) => {
      if (this.#child === child) this.close(new Fault("unavailable", "git can't be started", { cause }));
    });
    child.on("exit", () => {
      if (this.#child === child) this.close(new Fault("unavailable", "git cat-file ended"));
    });
    child.stdout.on("data", (chunk: Buffer) => {
      if (this.#child === child) this.#take(chunk);
    });
    return child;
  }

  #take(chunk: Buffer): void {
    this.#received.push(chunk);
    this.#receivedSize += chunk.length;
    // Joining only once a whole object is there keeps a large one linear.
    while (this.#receivedSize > this.#needed) {
      const buffer = this.#received.length === 1 ? (this.#received[0] as Buffer) : Buffer.concat(this.#received);
      const used = this.#answer(buffer);
      const rest = buffer.subarray(used);
      this.#received = rest.length === 0 ? [] : [rest];
      this.#receivedSize = rest.length;
      if (used === 0) return;
    }
  }

  /** Answers the oldest question if all of it is there; the number of bytes used. */
  #answer(buffer: Buffer): number {
    const end = buffer.indexOf(10);
    if (end === -1) return 0;
    const { info, size } = parseHeader(buffer.toString("utf8", 0, end));
    const total = end + 1 + (this.#mode === "--batch" && info.is === "object" ? size + 1 : 0);
    if (buffer.length < total) {
      this.#needed = total - 1;
      return 0;
    }
    this.#needed = 0;
    const content = total === end + 1 ? none : Buffer.from(buffer.subarray(end + 1, total - 1));
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) {
      clearTimeout(waiting.timer);
      waiting.resolve({ info, content });
    }
    if (this.#waiting.length === 0) {
      this.#idle = setTimeout(() => this.close(new Fault("unavailable", "idle")), idleMillis).unref();
    }
    return total;
  }
}

function parseHeader(header: string): { info: ObjectInfo; size: number } {
  const match = /^([0-9a-f]{40,64}) (commit|tree|blob|tag) (\d+)$/.exec(header);
  if (match === null) return { info: { is: header.endsWith(" ambiguous") ? "ambiguous" : "missing" }, size: 0 };
  const [, oid = "", type = "blob", digits = "0"] = match;
  const size = Number(digits);
  return { info: { is: "object", oid, type: type as ObjectType, size }, size };
}
