import { ApiFault, type Client, KindRegistry, keyOf, type Resource, type Watch, type WatchOptions } from "@sluice/api";
import { type AnyReconciler, type Effects, Loop, TaskBoard, type TaskHandler } from "@sluice/controllers";
import { type KindKey, type Millis, type Random, randomInteger, seconds, VirtualClock } from "@sluice/kernel";
import { createStore, type Store } from "@sluice/store";
import { kinds } from "../../release/control-plane/world.ts";
import type { Disturbance } from "../story/story.ts";

/** How often each kind of unkindness really came. */
export type Drawn = Record<keyof Disturbance | "amid", number>;

export interface UnkindOptions {
  readonly random: Random;
  readonly disturbance: Disturbance;
  readonly reconcilers: (effects: Effects) => readonly AnyReconciler[];
  readonly kinds: KindRegistry;
  /** Beside the loop's cache, on a platform as unkind. */
  readonly tasks: (client: Client) => Readonly<Record<string, TaskHandler>>;
}

/** The kinds that stories know, without schemas: stories are about controllers, not about validation. */
export const storyKinds = (): KindRegistry => new KindRegistry(kinds);

const calmTurns = 40;
const never = () => new Promise<never>(() => {});

/** The real store and loop in virtual time, on a platform that crashes, conflicts, and tells late, twice or not at all. */
export class UnkindWorld {
  readonly clock: VirtualClock;
  readonly drawn: Drawn = { crash: 0, conflict: 0, delay: 0, duplicate: 0, gap: 0, slow: 0, amid: 0 };
  /** How often each kind was looked at by its controller. */
  readonly passes = new Map<string, number>();
  disturbance: Disturbance;
  /** What a controller threw that is nobody's fault but its own. */
  bug: string | undefined;
  /** Told of each write of the controllers as soon as it is there, however much is still to be done. */
  onWrite: (kind: string) => Promise<void> = async () => {};
  readonly #options: UnkindOptions;
  readonly #store: Store;
  readonly #late: (() => void)[] = [];
  readonly #watches = new Set<Watch>();
  #expires = 0;
  /** What people do amid the controllers' effects. */
  #people: Promise<void> = Promise.resolve();
  readonly #sudden: { left: number; readonly act: () => Promise<void> }[] = [];
  #touches = 0;
  /** Counts what goes on. */
  #activity = 0;
  /** Lookers-on, people and outside work in the middle of something: the controllers seem idle meanwhile. */
  #busy = 0;
  #life = 0;
  /** Nothing is queued before everything was listed. */
  #isStarting = false;
  #loop: Loop;
  #tasks: TaskBoard;

  private constructor(options: UnkindOptions, store: Store, clock: VirtualClock) {
    this.#options = options;
    this.disturbance = options.disturbance;
    this.#store = store;
    this.clock = clock;
    ({ loop: this.#loop, tasks: this.#tasks } = this.#begin());
  }

  static async create(options: UnkindOptions): Promise<UnkindWorld> {
    const clock = new VirtualClock();
    const { kinds: registry, random } = options;
    const store = await createStore({ kinds: registry, clock, random, retention: {} });
    return new UnkindWorld(options, store, clock);
  }

  /** A person's way in: never refused by the platform. */
  get client(): Client {
    return this.#store.client;
  }

  /** Moves with every write. */
  get revision(): number {
    return this.#store.revision();
  }

  async run(wait: Millis, onSettled: () => Promise<void>): Promise<void> {
    await this.clock.advance(wait, async () => {
      await this.settle();
      await onSettled();
    });
  }

  async settle(): Promise<void> {
    let known = -1;
    for (let quiet = 0, turn = 0; ; turn++) {
      await undefined;
      this.#deliverSome();
      const isQuiet = this.#busy === 0 && this.#late.length === 0 && (this.#isIdle || this.#activity === known);
      known = this.#activity;
      quiet = isQuiet ? quiet + 1 : 0;
      // What waits for a watch that begins anew has to wait until time moves.
      if (quiet >= (this.#isIdle ? calmTurns : 10 * calmTurns)) return;
      if (turn > 30_000) throw new Error("the controllers don't settle");
    }
  }

  get #isIdle(): boolean {
    return this.#loop.isIdle && !this.#isStarting;
  }

  /** Done just after so many effects from now, before the controllers go on. */
  amid(effects: number, act: () => Promise<void>): void {
    this.#sudden.push({ left: effects, act });
  }

  /** What nobody got round to. */
  async rest(): Promise<void> {
    for (const { act } of this.#sudden.splice(0)) await act();
  }

  crash(): void {
    this.drawn.crash++;
    this.#activity++;
    this.stop();
    this.#late.length = 0;
    ({ loop: this.#loop, tasks: this.#tasks } = this.#begin());
  }

  /** Every watch ends, and must be listed anew. */
  watchGap(): void {
    this.#expires = this.#watches.size;
    for (const watch of [...this.#watches]) watch.stop();
    this.#watches.clear();
  }

  stop(): void {
    this.#loop.stop();
    this.#tasks.cancelAll();
    this.#watches.clear();
  }

  #begin() {
    const life = ++this.#life;
    const { reconcilers, tasks: handlers } = this.#options;
    const client = this.#unkind(life);
    const board = new TaskBoard(this.clock, this.#slowed(handlers(client)));
    const tasks = this.#crashing(board, life);
    const loop = new Loop({
      client,
      clock: this.clock,
      tasks,
      reconcilers,
      fieldManager: "sluice",
      onPass: ({ kind, object, fault }) => {
        this.#activity++;
        if (fault?.kind === "bug") this.bug ??= `${kind} ${object}: ${fault.message}`;
        this.passes.set(kind, (this.passes.get(kind) ?? 0) + 1);
      },
      deliver: (apply) => {
        const mine = () => {
          this.#activity++;
          if (life === this.#life) apply();
        };
        if (this.#happens("delay")) this.#late.push(mine);
        // In the order in which it came.
        else if (this.#late.length > 0) this.#late.push(mine);
        else mine();
        if (this.#happens("duplicate")) this.#late.push(mine);
      },
    });
    this.#isStarting = true;
    void loop.start().then(() => {
      if (life === this.#life) this.#isStarting = false;
    });
    return { loop, tasks };
  }

  #happens(what: keyof Disturbance): boolean {
    const chance = this.disturbance[what];
    const happens = chance > 0 && this.#options.random.next() < chance;
    if (happens && what !== "crash") this.drawn[what]++;
    return happens;
  }

  /** An answer that takes its time, so that something happens before it comes, and a crash loses it. */
  #slowed(handlers: Readonly<Record<string, TaskHandler>>): Readonly<Record<string, TaskHandler>> {
    const slowed = (handler: TaskHandler): TaskHandler => {
      return async (work, cancellation) => {
        if (this.#happens("slow")) {
          const wait = seconds(1 + randomInteger(this.#options.random, 20));
          await new Promise<void>((resolve) => {
            const timer = this.clock.after(wait, resolve);
            cancellation.onCancel(() => timer.cancel());
          });
        }
        return handler(work, cancellation);
      };
    };
    return Object.fromEntries(Object.entries(handlers).map(([name, handler]) => [name, slowed(handler)]));
  }

  /** Beginning outside work is an effect as any other. */
  #crashing(tasks: TaskBoard, life: number): TaskBoard {
    const start = tasks.start.bind(tasks);
    tasks.start = (id, work) => {
      if (life !== this.#life || tasks.state(id).is !== "absent") return;
      if (this.#happens("crash")) return this.crash();
      start(id, work);
      if (this.#happens("crash")) this.crash();
    };
    return tasks;
  }

  /** People don't wait until the controllers have come to rest. */
  async #surprise(): Promise<void> {
    const [next] = this.#sudden;
    if (next === undefined || --next.left > 0) return;
    this.#sudden.shift();
    this.drawn.amid++;
    // One after the other: each knows what the one before did.
    this.#people = this.#people.then(next.act);
    await this.#people;
  }

  #deliverSome(): void {
    if (this.#late.length === 0) return;
    for (const deliver of this.#late.splice(0, randomInteger(this.#options.random, this.#late.length + 1))) deliver();
  }

  #unkind(life: number): Client {
    const store = this.#store.client;
    const effect = async <T>(kind: string, write: () => Promise<T>): Promise<T> => {
      if (life !== this.#life) return never();
      const counts = kind !== "Event";
      if (counts && this.#happens("crash")) {
        this.crash();
        return never();
      }
      this.#activity++;
      const answer = await write();
      if (counts) {
        this.#busy++;
        await this.onWrite(kind)
          .then(() => this.#surprise())
          .finally(() => this.#busy--);
      }
      if (life !== this.#life) return never();
      if (counts && this.#happens("gap")) this.watchGap();
      if (counts && this.#happens("crash")) {
        this.crash();
        return never();
      }
      return answer;
    };
    return {
      get: (key, options) => store.get(key, options),
      list: (kind, options) => store.list(kind, options),
      watch: <R extends Resource>(kind: KindKey, options?: WatchOptions) => {
        if (this.#expires > 0 && options?.resourceVersion !== undefined) {
          this.#expires--;
          throw new ApiFault("Expired", "the watch is too old");
        }
        const watch = store.watch<R>(kind, options);
        this.#watches.add(watch);
        return watch;
      },
      create: (object, options) => effect(object.kind, () => store.create(object, options)),
      update: (object, options) =>
        options?.dryRun === true
          ? store.update(object, options)
          : effect(object.kind, async () => {
              if (this.#happens("conflict")) await this.#touch(object);
              return store.update(object, options);
            }),
      patch: (key, patch, options) => effect(key.kind, () => store.patch(key, patch, options)),
      delete: (key, options) => effect(key.kind, () => store.delete(key, options)),
      deleteAll: (kind, options) => effect(kind.kind, () => store.deleteAll(kind, options)),
    };
  }

  async #touch(object: Resource): Promise<void> {
    const value = { metadata: { annotations: { "example.com/touched": String(this.#touches++) } } };
    await this.#store.client.patch(keyOf(object), { type: "merge", value });
  }
}
