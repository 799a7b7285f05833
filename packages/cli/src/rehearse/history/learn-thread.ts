import { Worker } from "node:worker_threads";
import { Fault, type FaultKind, type Millis } from "@sluice/kernel";
import type { LearnedTraffic, ServiceOf } from "./learned-traffic.ts";

/** What the thread is asked for. */
export interface ToLearn {
  /** The state folder. */
  readonly path: string;
  readonly service: ServiceOf;
  readonly now: number;
  readonly length: Millis;
}

export type LearnAnswer =
  | { readonly is: "learned"; readonly learned: LearnedTraffic }
  | { readonly is: "failed"; readonly kind: FaultKind; readonly message: string };

/** An ordinary day from Sluice's own metrics, in a thread that ends with its answer. */
export function learnInThread(workerData: ToLearn): Promise<LearnedTraffic> {
  // The bundle has it beside its own parts.
  const file = import.meta.url.endsWith(".ts") ? "./learn-worker.ts" : "./learn-worker.mjs";
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(file, import.meta.url), { workerData });
    worker.once("message", (answer: LearnAnswer) => {
      if (answer.is === "learned") resolve(answer.learned);
      else reject(new Fault(answer.kind, answer.message));
    });
    worker.once("error", reject);
    worker.once("exit", () => reject(new Fault("unavailable", "the thread that reads the metrics ended")));
  });
}
