import { type Clock, Fault, type TaskState, type Tasks, type TaskWork, toFault } from "@sluice/kernel";

/** Tells a handler that nobody waits for its result any more. */
export interface Cancellation {
  readonly isCancelled: boolean;
  onCancel(stop: () => void): void;
}

/** Does one kind of outside work. What it throws comes back to the reconciler as a refusal. */
export type TaskHandler = (work: TaskWork, cancellation: Cancellation) => Promise<unknown>;

/** Tasks live in memory only: one lost in a crash is absent, and its owner starts it again. */
export class TaskBoard implements Tasks {
  readonly #clock: Clock;
  readonly #handlers: Readonly<Record<string, TaskHandler>>;
  readonly #tasks = new Map<string, { state: TaskState<unknown>; cancel: () => void }>();
  readonly #listeners = new Set<(id: string) => void>();

  constructor(clock: Clock, handlers: Readonly<Record<string, TaskHandler>>) {
    this.#clock = clock;
    this.#handlers = handlers;
  }

  /** Called with the id of each task that ended. */
  onChange(listener: (id: string) => void): void {
    this.#listeners.add(listener);
  }

  get running(): number {
    let count = 0;
    for (const { state } of this.#tasks.values()) if (state.is === "running") count++;
    return count;
  }

  state<Result>(id: string): TaskState<Result> {
    return (this.#tasks.get(id)?.state ?? { is: "absent" }) as TaskState<Result>;
  }

  start(id: string, work: TaskWork): void {
    if (this.#tasks.has(id)) return;
    const startedAt = this.#clock.now();
    const stops: (() => void)[] = [];
    let isCancelled = false;
    const task: { state: TaskState<unknown>; cancel: () => void } = {
      state: { is: "running", startedAt },
      cancel: () => {
        isCancelled = true;
        for (const stop of stops) stop();
      },
    };
    this.#tasks.set(id, task);
    const cancellation: Cancellation = {
      get isCancelled() {
        return isCancelled;
      },
      onCancel(stop) {
        if (isCancelled) stop();
        else stops.push(stop);
      },
    };
    const finish = (state: TaskState<unknown>) => {
      if (isCancelled) return;
      task.state = state;
      for (const listener of this.#listeners) listener(id);
    };
    this.#run(work, cancellation).then(
      (result) => finish({ is: "done", result, startedAt, finishedAt: this.#clock.now() }),
      (thrown) => finish({ is: "refused", fault: toFault(thrown), startedAt, finishedAt: this.#clock.now() }),
    );
  }

  cancel(id: string): void {
    const task = this.#tasks.get(id);
    if (task === undefined) return;
    this.#tasks.delete(id);
    task.cancel();
  }

  cancelAll(): void {
    for (const id of [...this.#tasks.keys()]) this.cancel(id);
  }

  async #run(work: TaskWork, cancellation: Cancellation): Promise<unknown> {
    const handler = this.#handlers[work.do];
    if (handler === undefined) throw new Fault("bug", `no handler for task ${work.do}`);
    return handler(work, cancellation);
  }
}
