import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { builtInKinds, type Client, KindRegistry, type ReplicaSet, type Resource } from "@sluice/api";
import {
  applyEffect,
  type Effect,
  type Effects,
  Loop,
  type LoopOptions,
  type Pass,
  TaskBoard,
  type TaskHandler,
} from "@sluice/controllers";
import type { Reconciler } from "@sluice/kernel";
import { createStore } from "@sluice/store";
import { openSqlitePersistence } from "../../packages/backends/src/embedded/persistence/index.ts";
import { realClock } from "../../packages/cli/src/control-plane/real-clock.ts";

export const namespace = "fleet";

/** The store on SQLite and the loop in real time, in this process: controllers alone, without Pods and a router. */
export class Fleet {
  readonly client: Client;
  readonly folder: string;
  readonly #stopStore: () => Promise<void>;
  #loop: Loop | undefined;
  #onPass: (pass: Pass) => void = () => {};

  private constructor(client: Client, stopStore: () => Promise<void>, folder: string) {
    this.client = client;
    this.#stopStore = stopStore;
    this.folder = folder;
  }

  /** With what stands in `folder`. Default: with nothing. */
  static async open(folder = mkdtempSync(join(tmpdir(), "sluice-bench-fleet-"))): Promise<Fleet> {
    const store = await createStore({
      kinds: new KindRegistry(builtInKinds()),
      clock: realClock,
      random: { next: () => Math.random() },
      schedule: setImmediate,
      persistence: openSqlitePersistence(join(folder, "store.db")),
      namespaces: [namespace],
    });
    return new Fleet(store.client, () => store.stop(), folder);
  }

  /** A control plane's life begins: its caches are empty. */
  async begin(
    reconcilers: LoopOptions["reconcilers"],
    handlers: Readonly<Record<string, TaskHandler>> = {},
  ): Promise<void> {
    this.#loop?.stop();
    const loop = new Loop({
      client: this.client,
      clock: realClock,
      tasks: new TaskBoard(realClock, handlers),
      fieldManager: "sluice",
      reconcilers,
      onPass: (pass) => this.#onPass(pass),
    });
    this.#loop = loop;
    await loop.start();
  }

  end(): void {
    this.#loop?.stop();
    this.#loop = undefined;
  }

  /** In portions, as many clients would. */
  async create(objects: readonly Resource[]): Promise<void> {
    for (let at = 0; at < objects.length; at += 500) {
      await Promise.all(objects.slice(at, at + 500).map((object) => this.client.create(object)));
    }
  }

  /** Every pass from now on. */
  onPass(listener: (pass: Pass) => void): void {
    this.#onPass = listener;
  }

  /** Passes from the beginning of `work` until nothing is queued for a tenth of a second. */
  async passesOf(work: () => Promise<unknown>): Promise<{ passes: number; cpuMs: number; tookMs: number }> {
    let passes = 0;
    let last = performance.now();
    this.#onPass = ({ fault }) => {
      if (fault !== undefined && fault.kind !== "conflict") throw new Error(fault.message);
      passes++;
      last = performance.now();
    };
    const cpu = process.cpuUsage();
    const began = performance.now();
    await work();
    let used = process.cpuUsage(cpu);
    for (let seen = -1; ; ) {
      if (seen === passes && this.#loop?.isIdle !== false && performance.now() - last > 100) break;
      if (seen !== passes) used = process.cpuUsage(cpu);
      seen = passes;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    this.#onPass = () => {};
    return { passes, cpuMs: (used.user + used.system) / 1000, tookMs: Math.max(0, last - began) };
  }

  /** What it made stays in its folder, for another process to open. */
  async leave(): Promise<void> {
    this.end();
    await this.#stopStore();
  }

  async stop(): Promise<void> {
    await this.leave();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Every Pod that a ReplicaSet wants is available at once: what is measured is the release, not the machine's processes. */
export const readyAtOnce = (effects: Effects): Reconciler<ReplicaSet, ReplicaSet, Effect> => ({
  kind: { apiVersion: "apps/v1", kind: "ReplicaSet" },
  observe: async (set) => set,
  plan({ spec, metadata }) {
    const { replicas = 1 } = spec;
    return {
      actions: [],
      status: {
        replicas,
        readyReplicas: replicas,
        availableReplicas: replicas,
        observedGeneration: metadata.generation ?? 0,
      },
      because: "modelled",
    };
  },
  apply: (_set, effect) => applyEffect(effect, effects),
});

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes that are really held. */
export async function heldBytes(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return process.memoryUsage().heapUsed;
}

export const quantile = (values: readonly number[], q: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))] ?? Number.NaN;
export const median = (values: readonly number[]): number => quantile(values, 0.5);
