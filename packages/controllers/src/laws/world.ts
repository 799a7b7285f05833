import { type Client, hasReason, type KindDefinition, KindRegistry, keyOf, type Resource } from "@sluice/api";
import {
  type Clock,
  type KindKey,
  type ListFilter,
  type Millis,
  type Random,
  type ResourceKey,
  randomInteger,
  seededRandom,
  VirtualClock,
} from "@sluice/kernel";
import { createStore, type Persistence } from "@sluice/store";
import { type AnyReconciler, type Effects, Loop, type Pass, TaskBoard, type TaskHandler } from "../loop/index.ts";
import { matches } from "../loop/index-buckets.ts";
import { plainKinds } from "./kinds.ts";

export interface WorldOptions {
  readonly seed?: number;
  readonly reconcilers: (effects: Effects) => readonly AnyReconciler[];
  /** Plain ones without schemas unless given. */
  readonly kinds?: readonly KindDefinition[];
  /** Modelled outside work, by the task's `do`. */
  readonly tasks?: (clock: Clock) => Readonly<Record<string, TaskHandler>>;
  /** In memory unless given. */
  readonly persistence?: Persistence;
  /** News reaches the reconcilers late, by chance. */
  readonly stale?: boolean;
  /** Somebody else touches an object just before it is updated, by chance: the update is refused as a conflict. */
  readonly contested?: boolean;
  /** The process dies before or after its n-th effect (counted from 0), and starts anew, `away` later where that is given. */
  readonly crash?: { readonly at: number; readonly when: "before" | "after"; readonly away?: Millis };
}

/** Real store in memory, real loop, virtual time. */
export class World {
  readonly clock = new VirtualClock();
  /** What was decided and why, in order. */
  readonly story: string[] = [];
  /** Store writes and task starts of the loop so far; Events don't count. */
  effects = 0;
  /** Only the store writes among them. */
  writes = 0;
  readonly #options: WorldOptions;
  readonly #random: Random;
  readonly #client: Client;
  readonly #late: (() => void)[] = [];
  #loop: Loop;
  #tasks: TaskBoard;
  #life = 0;
  #touches = 0;
  /** Nobody is there: it died, and isn't back yet. */
  #isAway = false;

  private constructor(options: WorldOptions, clock: VirtualClock, client: Client, random: Random) {
    this.#options = options;
    this.#random = random;
    this.clock = clock;
    this.#client = client;
    ({ loop: this.#loop, tasks: this.#tasks } = this.#begin());
  }

  static async create(options: WorldOptions): Promise<World> {
    const clock = new VirtualClock();
    const random = seededRandom(options.seed ?? 1);
    const { client } = await createStore({
      kinds: new KindRegistry(options.kinds ?? plainKinds),
      clock,
      random,
      ...(options.persistence === undefined ? {} : { persistence: options.persistence }),
    });
    const world = new World(options, clock, client, random);
    await world.settle();
    return world;
  }

  /** The user's way in: what the loop does isn't counted here. */
  get client(): Client {
    return this.#client;
  }

  /** Creates each object, or replaces what stands under its name (status kept). */
  async apply(...objects: Resource[]): Promise<void> {
    for (const object of objects) {
      try {
        await this.#client.create(object);
      } catch (thrown) {
        if (!hasReason(thrown, "AlreadyExists")) throw thrown;
        const known = await this.#client.get(keyOf(object));
        const { resourceVersion: _, ...metadata } = { ...known?.metadata, ...object.metadata };
        await this.#client.update({ ...object, metadata });
      }
    }
    await this.settle();
  }

  async get<R extends Resource>(key: ResourceKey): Promise<R | undefined> {
    return this.#client.get<R>(key);
  }

  async list<R extends Resource>(kind: KindKey, filter: ListFilter = {}): Promise<readonly R[]> {
    const { namespace } = filter;
    const { items } = await this.#client.list<R>(kind, namespace === undefined ? {} : { namespace });
    return items.filter((item) => matches(item, filter));
  }

  /** Moves time on; everything due on the way happens and settles. */
  async run(wait: Millis): Promise<void> {
    await this.clock.advance(wait, () => this.settle());
    await this.settle();
  }

  /** Until nothing is queued or under way at this instant. */
  async settle(): Promise<void> {
    let calm = 0;
    for (let turn = 0; turn < 100_000; turn++) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      this.#deliverSome();
      calm = (this.#isAway || this.#loop.isIdle) && this.#late.length === 0 ? calm + 1 : 0;
      if (calm === 3) return;
    }
    throw new Error(`did not settle; last: ${this.story.slice(-10).join(" / ")}`);
  }

  /** kill -9 and start again: caches, timers and tasks are gone, the store stays. */
  async restart(): Promise<void> {
    this.#die();
    await this.settle();
  }

  stop(): void {
    this.#loop.stop();
    this.#tasks.cancelAll();
  }

  #begin() {
    const life = ++this.#life;
    const tasks = new TaskBoard(this.clock, this.#options.tasks?.(this.clock) ?? {});
    const start = tasks.start.bind(tasks);
    tasks.start = (id, work) => {
      if (life !== this.#life) return;
      if (tasks.state(id).is !== "absent") return;
      const index = this.effects++;
      if (this.#dies("before", index)) return;
      start(id, work);
      this.#dies("after", index);
    };
    const loop = new Loop({
      client: this.#counted(life),
      clock: this.clock,
      tasks,
      reconcilers: this.#options.reconcilers,
      fieldManager: "sluice",
      onPass: (pass) => this.#tell(pass),
      deliver: (apply) => {
        const mine = () => {
          if (life === this.#life) apply();
        };
        if (this.#options.stale) this.#late.push(mine);
        else mine();
      },
    });
    void loop.start();
    return { loop, tasks };
  }

  #die(away?: Millis): void {
    this.#loop.stop();
    this.#tasks.cancelAll();
    this.#late.length = 0;
    this.#life++;
    this.#isAway = away !== undefined;
    const begin = () => {
      this.#isAway = false;
      ({ loop: this.#loop, tasks: this.#tasks } = this.#begin());
    };
    if (away === undefined) begin();
    else this.clock.after(away, begin);
  }

  // Keeps the order of news, holds back how much of it arrives.
  #deliverSome(): void {
    const count = randomInteger(this.#random, this.#late.length + 1);
    for (const deliver of this.#late.splice(0, count)) deliver();
  }

  // Effects are numbered as they begin: several may be under way side by side.
  #dies(when: "before" | "after", index: number): boolean {
    const { crash } = this.#options;
    if (crash === undefined || crash.when !== when || crash.at !== index) return false;
    this.story.push(`crash ${when} effect ${index}`);
    this.#die(crash.away);
    return true;
  }

  #counted(life: number): Client {
    const client = this.#client;
    const never = () => new Promise<never>(() => {});
    const effect = async <T>(kind: string, write: () => Promise<T>): Promise<T> => {
      if (life !== this.#life) return never();
      if (kind === "Event") return write();
      const index = this.effects++;
      if (this.#dies("before", index)) return never();
      const answer = await write().catch((thrown: unknown) => {
        if (life !== this.#life || this.#dies("after", index)) return never();
        throw thrown;
      });
      if (life !== this.#life) return never();
      this.writes++;
      if (this.#dies("after", index)) return never();
      return answer;
    };
    return {
      get: (key, options) => client.get(key, options),
      list: (kind, options) => client.list(kind, options),
      watch: (kind, options) => client.watch(kind, options),
      create: (object, options) => effect(object.kind, () => client.create(object, options)),
      update: (object, options) =>
        effect(object.kind, async () => {
          if (this.#options.contested) await this.#touch(object);
          return client.update(object, options);
        }),
      patch: (key, patch, options) => effect(key.kind, () => client.patch(key, patch, options)),
      delete: (key, options) => effect(key.kind, () => client.delete(key, options)),
      deleteAll: (kind, options) => effect(kind.kind, () => client.deleteAll(kind, options)),
    };
  }

  async #touch(object: Resource): Promise<void> {
    if (randomInteger(this.#random, 2) === 0) return;
    const annotations = { "example.com/touched": String(this.#touches++) };
    await this.#client.patch(keyOf(object), { type: "merge", value: { metadata: { annotations } } });
  }

  #tell(pass: Pass): void {
    this.story.push(
      `${pass.kind} ${pass.object}: ${pass.because}${pass.fault === undefined ? "" : ` (${pass.fault.kind})`}`,
    );
  }
}
