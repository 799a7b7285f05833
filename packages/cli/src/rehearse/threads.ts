import { availableParallelism } from "node:os";
import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";
import { Fault } from "@sluice/kernel";
import type { Outcome, ReleaseOptions } from "@sluice/rehearsal";
import type { Answer, ToPlay } from "./release-worker.ts";

interface Asked {
  readonly release: ReleaseOptions;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (cause: unknown) => void;
}

const most = 8;
/** Scavenges are a tenth of the time otherwise: a release makes much garbage and keeps nothing. */
const youngMegabytes = 64;

/** Releases know nothing of each other: a thread for each core plays them, and each outcome is the same as without. */
export class ReleaseThreads {
  readonly #asked: Asked[] = [];
  readonly #workers: Worker[] = [];
  readonly #idle: Worker[] = [];
  readonly #busy = new Map<Worker, Asked>();
  /** What each plays or played last: what releases share is much to copy, and a thread knows more of what it has met. */
  readonly #sent = new Map<Worker, ReleaseOptions>();

  constructor(count = Math.min(most, availableParallelism())) {
    // Each core plays already: what helps to collect garbage is waited for, and takes turns with another release.
    setFlagsFromString("--no-parallel-scavenge");
    // What compiles takes turns with them too, and of much code that runs now and then most is never worth the last compiler.
    setFlagsFromString("--invocation-count-for-turbofan=30000");
    // The bundle has it beside its own parts.
    const file = import.meta.url.endsWith(".ts") ? "./release-worker.ts" : "./release-worker.mjs";
    for (let index = 0; index < count; index++) {
      const worker = new Worker(new URL(file, import.meta.url), {
        resourceLimits: { maxYoungGenerationSizeMb: youngMegabytes },
      });
      worker.on("message", (answer: Answer) => {
        const asked = this.#release(worker);
        if (answer.is === "ended") asked?.resolve(answer.outcome);
        else asked?.reject(new Fault(answer.kind, answer.message));
        this.#next();
      });
      worker.on("error", (cause) => {
        const failed = this.#release(worker);
        this.#idle.splice(this.#idle.indexOf(worker), 1);
        failed?.reject(cause);
        for (const { reject } of this.#asked.splice(0)) reject(cause);
      });
      this.#workers.push(worker);
      this.#idle.push(worker);
    }
  }

  readonly play = (release: ReleaseOptions): Promise<Outcome> =>
    new Promise((resolve, reject) => {
      this.#asked.push({ release, resolve, reject });
      this.#next();
    });

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #release(worker: Worker): Asked | undefined {
    const asked = this.#busy.get(worker);
    this.#busy.delete(worker);
    this.#idle.push(worker);
    return asked;
  }

  #next(): void {
    for (;;) {
      const worker = this.#idle[0];
      const asked = this.#asked[0];
      if (worker === undefined || asked === undefined) return;
      this.#idle.shift();
      this.#asked.shift();
      this.#busy.set(worker, asked);
      worker.postMessage(this.#workFor(worker, asked.release));
    }
  }

  #workFor(worker: Worker, release: ReleaseOptions): ToPlay {
    const before: ToPlay = this.#sent.get(worker) ?? {};
    this.#sent.set(worker, release);
    const fields = new Set([...Object.keys(before), ...Object.keys(release)]) as Set<keyof ReleaseOptions>;
    return Object.fromEntries(
      [...fields].filter((field) => before[field] !== release[field]).map((field) => [field, release[field]]),
    );
  }
}
