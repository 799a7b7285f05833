import { type Client, hasReason, type Resource } from "@sluice/api";
import {
  after,
  between,
  type Clock,
  type Fault,
  type Instant,
  isRetryable,
  type Millis,
  millis,
  minutes,
  type Plan,
  type PlannedEvent,
  type Reconciler,
  sameJson,
  seconds,
  type Tasks,
  type Timer,
  toFault,
} from "@sluice/kernel";
import type { Effects } from "./actions.ts";
import { Dependencies, RecordingReader, taskDependency } from "./dependencies.ts";
import { writeEvents } from "./event-writer.ts";
import { kindName, objectName } from "./index-buckets.ts";
import { type CacheChange, ResourceCache } from "./resource-cache.ts";
import type { TaskBoard } from "./task-board.ts";
import { WorkQueue } from "./work-queue.ts";
import { writeThrough } from "./write-through.ts";

const longestTurn = millis(10);

// biome-ignore lint/suspicious/noExplicitAny: the loop runs reconcilers of every kind side by side
export type AnyReconciler = Reconciler<any, any, any>;

/** One look at one object, for logs, `sluice why` and tests. */
export interface Pass {
  readonly kind: string;
  readonly object: string;
  readonly because: string;
  readonly actions: number;
  readonly wroteStatus: boolean;
  readonly fault?: Fault;
}

export interface LoopOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly tasks: TaskBoard;
  /** Made once the loop's effects exist: `(effects) => [rolloutReconciler(effects), …]`. */
  readonly reconcilers: (effects: Effects) => readonly AnyReconciler[];
  /** In managedFields and Events. */
  readonly fieldManager: string;
  readonly onPass?: (pass: Pass) => void;
  /** See ResourceCacheOptions. */
  readonly deliver?: (apply: () => void) => void;
  /** How many objects are worked on side by side; each object by one at a time. */
  readonly concurrency?: number;
}

interface Work {
  readonly id: string;
  readonly reconciler: AnyReconciler;
  readonly namespace: string | undefined;
  readonly name: string;
  isQueued: boolean;
  isRunning: boolean;
  /** Its time has come, or it goes on with what began so: it goes before those of which only something changed. */
  isDue: boolean;
  failures: number;
  wake: Timer | undefined;
  wakeAt: Instant | undefined;
  /** Events on their way: one after the other, since each counts on the one before. */
  telling: Promise<void>;
}

/** The one loop: observes, plans, applies, then writes status; owns wake-ups, retries, back-off and events. */
export class Loop {
  readonly #cache: ResourceCache;
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #tasks: Tasks;
  readonly #fieldManager: string;
  readonly #onPass: (pass: Pass) => void;
  readonly #concurrency: number;
  readonly #reconcilers = new Map<string, AnyReconciler>();
  readonly #dependencies = new Dependencies();
  readonly #works = new Map<string, Work>();
  readonly #queue = new WorkQueue<Work>();
  /** Set while the loop lets others have their turn. */
  #breath: Timer | undefined;
  #breathedAt: Instant;
  /** Since then. */
  #looks = 0;
  #running = 0;
  #telling = 0;
  #stopped = false;
  /** What somebody waits for who asked when the next one ends. */
  #ended: Promise<void> | undefined;
  #markEnded = () => {};

  constructor(options: LoopOptions) {
    const { client, clock, tasks, deliver } = options;
    this.#clock = clock;
    this.#breathedAt = clock.now();
    this.#tasks = tasks;
    this.#fieldManager = options.fieldManager;
    this.#onPass = options.onPass ?? (() => {});
    this.#concurrency = options.concurrency ?? 64;
    this.#cache = new ResourceCache({ client, clock, ...(deliver === undefined ? {} : { deliver }) });
    this.#client = writeThrough(client, this.#cache);
    const effects: Effects = { client: this.#client, tasks, fieldManager: options.fieldManager };
    for (const reconciler of options.reconcilers(effects)) this.#reconcilers.set(kindName(reconciler.kind), reconciler);
    this.#cache.onChange((change) => this.#onChange(change));
    tasks.onChange((id) => this.#wake(this.#dependencies.readersOf(taskDependency(id))));
  }

  /** Resolves once every kind is listed; work has begun by then. */
  async start(): Promise<void> {
    await Promise.all(
      [...this.#reconcilers.values()].map((reconciler) => this.#cache.list(reconciler.kind, { ownerUid: "" })),
    );
  }

  stop(): void {
    this.#stopped = true;
    this.#cache.stop();
    this.#breath?.cancel();
    for (const work of this.#works.values()) work.wake?.cancel();
  }

  /** Nothing queued and nothing under way; timers and running tasks may still be set. */
  get isIdle(): boolean {
    return this.#queue.length === 0 && this.#running === 0 && this.#telling === 0;
  }

  /** When the next look that is under way, or telling of one, ends; undefined where nothing is. */
  get ends(): Promise<void> | undefined {
    if (this.#running + this.#telling === 0) return undefined;
    this.#ended ??= new Promise((resolve) => {
      this.#markEnded = resolve;
    });
    return this.#ended;
  }

  #end(): void {
    this.#ended = undefined;
    this.#markEnded();
  }

  #onChange(change: CacheChange): void {
    const woken = new Set<string>();
    const reconciler = this.#reconcilers.get(change.kind);
    if (reconciler !== undefined) {
      const { namespace, name } = change.resource.metadata;
      woken.add(this.#work(reconciler, namespace, name).id);
    }
    // Each once, however many of its reads it is in: a look that has begun would be followed by another.
    if (!change.isFirstList) for (const id of this.#dependencies.readersOfChange(change)) woken.add(id);
    this.#wake(woken);
  }

  #wake(ids: Iterable<string>): void {
    for (const id of ids) {
      const work = this.#works.get(id);
      if (work !== undefined) this.#enqueue(work);
    }
  }

  #work(reconciler: AnyReconciler, namespace: string | undefined, name: string): Work {
    const id = `${kindName(reconciler.kind)}|${objectName(namespace, name)}`;
    let work = this.#works.get(id);
    if (work === undefined) {
      work = {
        id,
        reconciler,
        namespace,
        name,
        isQueued: false,
        isRunning: false,
        isDue: false,
        failures: 0,
        wake: undefined,
        wakeAt: undefined,
        telling: Promise.resolve(),
      };
      this.#works.set(id, work);
    }
    return work;
  }

  #enqueue(work: Work): void {
    if (work.isQueued || this.#stopped) return;
    work.isQueued = true;
    if (work.isRunning) return;
    if (this.#queue.length === 0 && this.#running === 0) this.#breathed();
    this.#queue.push(work);
    this.#pump();
  }

  #enqueueDue(work: Work): void {
    work.isDue = true;
    // Where it waits among the rest it is passed over then.
    if (work.isQueued && !work.isRunning) this.#queue.push(work);
    else this.#enqueue(work);
  }

  #pump(): void {
    while (this.#running < this.#concurrency && this.#queue.length > 0 && !this.#isBreathing()) {
      const work = this.#queue.shift();
      if (work === undefined) return;
      if (!work.isQueued || work.isRunning) continue;
      this.#looks++;
      this.#running++;
      work.isQueued = false;
      work.isRunning = true;
      void this.#pass(work).finally(() => {
        this.#running--;
        work.isRunning = false;
        if (!work.isQueued) work.isDue = false;
        else if (!this.#stopped) this.#queue.push(work);
        this.#pump();
        this.#end();
      });
    }
  }

  /** Looks that write nothing follow each other without end; timers and commits come to their turn only in between. */
  #isBreathing(): boolean {
    if (this.#breath !== undefined) return true;
    if (this.#looks < 16 || between(this.#breathedAt, this.#clock.now()) < longestTurn) return false;
    this.#breath = this.#clock.after(millis(0), () => {
      this.#breath = undefined;
      this.#breathed();
      this.#pump();
    });
    return true;
  }

  #breathed(): void {
    this.#looks = 0;
    this.#breathedAt = this.#clock.now();
  }

  async #pass(work: Work): Promise<void> {
    const reader = new RecordingReader(this.#cache, this.#tasks, this.#dependencies.adding(work.id));
    const { reconciler, namespace, name } = work;
    const resource = await this.#cache.get({
      ...reconciler.kind,
      ...(namespace === undefined ? {} : { namespace }),
      name,
    });
    if (this.#stopped) return;
    if (resource === undefined) return this.#forget(work);
    let plan: Plan<unknown, unknown> | undefined;
    let wroteStatus = false;
    try {
      let observed = await reconciler.observe(resource, reader);
      this.#dependencies.record(work.id, reader.read);
      const now = this.#clock.now();
      for (const refused: unknown[] = []; ; ) {
        plan = reconciler.plan(observed, now) as Plan<unknown, unknown>;
        const refusal = await this.#act(reconciler, resource, plan.actions);
        if (refusal === undefined) break;
        const { action, thrown, fault } = refusal;
        // One that is planned although its refusal is known would be planned for ever.
        const isKnown = refused.some((known) => sameJson(known, action));
        observed = isKnown ? undefined : reconciler.withRefusal?.(observed, action, fault);
        if (observed === undefined) throw thrown;
        refused.push(action);
      }
      if (this.#stopped) return;
      const records = (plan.records ?? []).map((record) => reconciler.apply(resource, record));
      [wroteStatus] = await Promise.all([this.#writeStatus(resource, plan.status), ...records]);
      if (wroteStatus || plan.actions.length + records.length > 0) this.#writeEvents(work, resource, plan.events);
      work.failures = 0;
      this.#schedule(work, plan.wakeAt);
    } catch (thrown) {
      this.#dependencies.record(work.id, reader.read);
      const fault = toFault(thrown);
      work.failures++;
      this.#schedule(work, after(this.#clock.now(), backOff(fault, work.failures)));
      this.#tell(work, plan, wroteStatus, fault);
      if (!isRetryable(fault.kind) && !this.#stopped) this.#report(work, resource, fault);
      return;
    }
    this.#tell(work, plan, wroteStatus);
  }

  /** What was refused for what it is: whatever came before it is done, and nothing after it. */
  async #act(reconciler: AnyReconciler, resource: Resource, actions: readonly unknown[]) {
    for (const action of actions) {
      if (this.#stopped) return undefined;
      try {
        await reconciler.apply(resource, action);
      } catch (thrown) {
        const fault = toFault(thrown);
        // What a cluster's API fails at, as where it can't ask a webhook, is no bug of ours.
        const isRefused = fault.kind === "invalid" || fault.kind === "forbidden" || hasReason(thrown, "InternalError");
        if (isRefused) return { action, thrown, fault };
        throw thrown;
      }
    }
    return undefined;
  }

  async #writeStatus(resource: Resource, status: unknown): Promise<boolean> {
    if (status === undefined || sameJson(status, resource.status)) return false;
    await this.#client.update({ ...resource, status }, { fieldManager: this.#fieldManager, subresource: "status" });
    return true;
  }

  #tell(work: Work, plan: Plan<unknown, unknown> | undefined, wroteStatus: boolean, fault?: Fault): void {
    this.#onPass({
      kind: kindName(work.reconciler.kind),
      object: objectName(work.namespace, work.name),
      because: fault === undefined ? (plan?.because ?? "") : fault.message,
      actions: (plan?.actions.length ?? 0) + (plan?.records?.length ?? 0),
      wroteStatus,
      ...(fault === undefined ? {} : { fault }),
    });
  }

  #report(work: Work, resource: Resource, fault: Fault): void {
    const reason = fault.kind === "bug" ? "InternalError" : "Stalled";
    this.#writeEvents(work, resource, [{ type: "Warning", reason, message: fault.message }]);
  }

  /** What is told rests on nothing: the next look doesn't wait for it. */
  #writeEvents(work: Work, resource: Resource, events: readonly PlannedEvent[] | undefined): void {
    if (events === undefined || events.length === 0) return;
    this.#telling++;
    work.telling = work.telling
      .then(() => writeEvents(this.#client, this.#clock, this.#fieldManager, resource, events))
      .finally(() => {
        this.#telling--;
        this.#end();
      });
  }

  #schedule(work: Work, wakeAt: Instant | undefined): void {
    if (work.wakeAt === wakeAt && work.wake !== undefined) return;
    work.wake?.cancel();
    work.wake = undefined;
    work.wakeAt = wakeAt;
    if (wakeAt === undefined || this.#stopped) return;
    // At least a millisecond: a plan that is due but not yet able to act must not spin within one instant.
    const wait = Math.max(1, between(this.#clock.now(), wakeAt)) as Millis;
    work.wake = this.#clock.after(wait, () => {
      work.wake = undefined;
      work.wakeAt = undefined;
      this.#enqueueDue(work);
    });
  }

  #forget(work: Work): void {
    for (const id of this.#dependencies.forget(work.id)) this.#tasks.cancel(id);
    work.wake?.cancel();
    if (!work.isQueued) this.#works.delete(work.id);
  }
}

function backOff(fault: Fault, failures: number): Millis {
  switch (fault.kind) {
    case "conflict":
      return millis(Math.min(seconds(5), 5 * 2 ** Math.min(failures, 12)));
    case "unavailable":
      return millis(Math.min(seconds(30), 100 * 2 ** Math.min(failures, 12)));
    case "invalid":
    case "forbidden":
      return seconds(30);
    case "bug":
      return minutes(1);
  }
}
