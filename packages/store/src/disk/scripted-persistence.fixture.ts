import type { Batch, Persistence } from "./persistence.ts";

/** A persistence whose commits end when, and as, the test says; it remembers what was committed. */
export class ScriptedPersistence implements Persistence {
  readonly committed: Batch[] = [];
  readonly #pending: {
    readonly batch: Batch;
    readonly resolve: () => void;
    readonly reject: (cause: Error) => void;
  }[] = [];
  #held = false;
  broken: Error | undefined;
  probes = 0;

  /** From now on commits wait for `release` or `fail`. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    for (const { batch, resolve } of this.#pending.splice(0)) {
      this.committed.push(batch);
      resolve();
    }
  }

  fail(cause: Error): void {
    this.#held = false;
    for (const { reject } of this.#pending.splice(0)) reject(cause);
  }

  get waiting(): number {
    return this.#pending.length;
  }

  load() {
    return { objects: [], reserved: 0 };
  }

  commit(batch: Batch): void | Promise<void> {
    if (this.broken !== undefined) throw this.broken;
    if (!this.#held) {
      this.committed.push(batch);
      return;
    }
    return new Promise((resolve, reject) => this.#pending.push({ batch, resolve, reject }));
  }

  probe(): void {
    this.probes++;
    if (this.broken !== undefined) throw this.broken;
  }

  close(): void {}
}
