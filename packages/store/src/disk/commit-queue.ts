import { ApiFault } from "@sluice/api";
import { type Clock, type Millis, seconds, type Timer } from "@sluice/kernel";
import type { Change, State } from "../state.ts";
import { Transaction } from "../transaction.ts";
import type { Persistence } from "./persistence.ts";

/** Whether the store takes writes; `reason` is why not, for people. */
export type Condition = { readonly is: "writable" } | { readonly is: "readOnly"; readonly reason: string };

interface Reply {
  readonly settle: () => void;
  readonly fail: (fault: ApiFault) => void;
}

interface Group {
  readonly changes: Change[];
  readonly replies: Reply[];
  state: State;
}

const revisionBlock = 1000;
const firstProbe = seconds(0.1);
const slowestProbe = seconds(10);

/**
 * Gathers the writes of one turn into one commit. Each is worked out on top of those before it, committed or not;
 * nothing of it shows, replies included, before the commit. A failed commit fails every write that stood on it.
 */
export class CommitQueue {
  readonly #persistence: Persistence;
  readonly #clock: Clock;
  readonly #schedule: (flush: () => void) => void;
  readonly #publish: (state: State, changes: readonly Change[]) => void;
  readonly #follow: (changes: readonly Change[]) => void;
  readonly #onCondition: (condition: Condition) => void;
  #committed: State;
  #revision: number;
  #reserved: number;
  #gathering: Group | undefined;
  #committing: Group | undefined;
  #condition: Condition = { is: "writable" };
  #probe: Timer | undefined;
  #stopped = false;

  constructor(options: {
    persistence: Persistence;
    clock: Clock;
    schedule: (flush: () => void) => void;
    state: State;
    reserved: number;
    /** Readers see the new state from here on. */
    publish: (state: State, changes: readonly Change[]) => void;
    /** What comes of it, after the writers have their replies. */
    follow: (changes: readonly Change[]) => void;
    onCondition: (condition: Condition) => void;
  }) {
    this.#persistence = options.persistence;
    this.#clock = options.clock;
    this.#schedule = options.schedule;
    this.#publish = options.publish;
    this.#follow = options.follow;
    this.#onCondition = options.onCondition;
    this.#committed = options.state;
    this.#revision = options.state.revision;
    this.#reserved = options.reserved;
  }

  get condition(): Condition {
    return this.#condition;
  }

  /** Works a write out at once; its result, refusals too, comes when everything it rests on is durable. */
  write<Result>(work: (transaction: Transaction) => Result): Promise<Result> {
    if (this.#stopped) return Promise.reject(new ApiFault("ServiceUnavailable", "the store is stopped"));
    if (this.#condition.is === "readOnly") return Promise.reject(readOnlyFault(this.#condition.reason));
    this.#gathering ??= this.#begin();
    const group = this.#gathering;
    const transaction = new Transaction(group.state, () => ++this.#revision);
    const outcome = attempt(() => work(transaction));
    if (outcome.is === "done" && transaction.changes.length > 0) {
      group.state = transaction.state();
      for (const change of transaction.changes) group.changes.push(change);
    }
    return new Promise((resolve, reject) => {
      group.replies.push({
        settle: () => (outcome.is === "done" ? resolve(outcome.result) : reject(outcome.thrown)),
        fail: reject,
      });
    });
  }

  /** Works a write out and forgets it. */
  dryRun<Result>(work: (transaction: Transaction) => Result): Promise<Result> {
    const base = (this.#gathering ?? this.#committing)?.state ?? this.#committed;
    const outcome = attempt(() => work(new Transaction(base, undefined)));
    return outcome.is === "done" ? Promise.resolve(outcome.result) : Promise.reject(outcome.thrown);
  }

  /** Lets what is under way end, and takes no more. */
  async stop(): Promise<void> {
    this.#probe?.cancel();
    await this.write(() => undefined).catch(() => undefined);
    this.#stopped = true;
  }

  #begin(): Group {
    if (this.#committing === undefined) this.#schedule(() => this.#flush());
    return { changes: [], replies: [], state: this.#committing?.state ?? this.#committed };
  }

  #flush(): void {
    const group = this.#gathering;
    if (group === undefined || this.#committing !== undefined) return;
    this.#gathering = undefined;
    this.#committing = group;
    if (group.changes.length === 0) {
      this.#succeed(group, this.#reserved);
      return;
    }
    const reserved = Math.max(this.#reserved, Math.ceil(group.state.revision / revisionBlock) * revisionBlock);
    try {
      const pending = this.#persistence.commit({ changes: group.changes, reserved });
      if (pending !== undefined) {
        pending.then(
          () => this.#succeed(group, reserved),
          (cause) => this.#fail(group, cause),
        );
        return;
      }
    } catch (cause) {
      this.#fail(group, cause);
      return;
    }
    this.#succeed(group, reserved);
  }

  #succeed(group: Group, reserved: number): void {
    this.#committing = undefined;
    this.#committed = group.state;
    this.#reserved = reserved;
    if (group.changes.length > 0) this.#publish(group.state, group.changes);
    for (const reply of group.replies) reply.settle();
    if (this.#gathering !== undefined) this.#schedule(() => this.#flush());
    if (group.changes.length > 0) this.#follow(group.changes);
  }

  #fail(group: Group, cause: unknown): void {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const lost = [group, this.#gathering];
    this.#committing = undefined;
    this.#gathering = undefined;
    this.#enter({ is: "readOnly", reason });
    for (const each of lost) for (const reply of each?.replies ?? []) reply.fail(readOnlyFault(reason, cause));
    this.#probeAfter(firstProbe);
  }

  #probeAfter(wait: Millis): void {
    this.#probe = this.#clock.after(wait, async () => {
      try {
        await this.#persistence.probe();
        this.#enter({ is: "writable" });
      } catch {
        this.#probeAfter(Math.min(wait * 2, slowestProbe) as Millis);
      }
    });
  }

  #enter(condition: Condition): void {
    this.#condition = condition;
    this.#onCondition(condition);
  }
}

const readOnlyFault = (reason: string, cause?: unknown): ApiFault =>
  new ApiFault("ServiceUnavailable", `the store is read-only: a commit failed: ${reason}; try again later`, { cause });

function attempt<Result>(work: () => Result): { is: "done"; result: Result } | { is: "refused"; thrown: unknown } {
  try {
    return { is: "done", result: work() };
  } catch (thrown) {
    return { is: "refused", thrown };
  }
}
