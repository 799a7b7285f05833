import { builtInKinds, type Client, type Decision, KindRegistry, keyOf, type Resource } from "@sluice/api";
import { type AnyReconciler, type Effects, Loop, TaskBoard, type TaskHandler } from "@sluice/controllers";
import {
  type Clock,
  hours,
  type Instant,
  instant,
  type Millis,
  type Random,
  type ResourceKey,
  type TaskState,
  type VirtualClock,
} from "@sluice/kernel";
import { createStore, volatilePersistence } from "@sluice/store";

/** The latest of everything that isn't a log, by `Kind/name`. */
export type Objects = ReadonlyMap<string, Resource>;

export interface WorldOptions {
  readonly random: Random;
  readonly reconcilers: (effects: Effects) => readonly AnyReconciler[];
  readonly tasks: Readonly<Record<string, TaskHandler>>;
  readonly clock: VirtualClock;
  /** There from the beginning, status and all: what another world came to. */
  readonly holds?: Objects;
  /** What was decided there. */
  readonly decided?: readonly Decision[];
}

/** Manifests were validated when they came in; what controllers write needs no schema here, which is most of the time. */
export const kinds = builtInKinds()
  .filter(({ kind }) => kind !== "CustomResourceDefinition")
  .map(({ group, versions, kind, plural, singular, namespaced }) => ({
    group,
    versions,
    kind,
    plural,
    singular,
    namespaced,
    schema: {},
    status: true as const,
  }));

/** No controller reads these, and storing them would be a third of the work. */
const logs = new Set(["Event", "Decision"]);

/**
 * A judge that has nothing new to say says nothing: whoever asked waits for as long as that takes, where a handler that
 * never answers is asked again for real.
 */
class PatientBoard extends TaskBoard {
  override state<Result>(id: string): TaskState<Result> {
    const state = super.state<Result>(id);
    return state.is === "running" ? { ...state, startedAt: never } : state;
  }
}

const never = instant(Number.MAX_SAFE_INTEGER / 2);

/** Microtasks without anything to do after which nothing is under way: more than the longest chain of promises takes. */
const calmTurns = 40;

const turnIsOver = Promise.resolve();

/** The real store in memory and the real loop, in virtual time, with no turn of an event loop in between. */
export class World {
  /** The latest of everything that isn't a log, by `Kind/name`. */
  readonly objects = new Map<string, Resource>();
  /** By name: the same after a crash or a conflict. */
  readonly decisions = new Map<string, Decision>();
  /** Counts what the routes depend on. */
  routeChanges = 0;
  readonly clock: VirtualClock;
  readonly #options: WorldOptions;
  readonly #client: Client;
  /** Whatever goes on after one of these is waited for before time moves on. */
  readonly timers: Clock;
  #loop: Loop;
  #tasks: TaskBoard;
  /** Nothing was written, no timer was due and nobody told of anything since all was over. */
  #isSettled = false;

  private constructor(options: WorldOptions, client: Client, timers: Clock) {
    this.clock = options.clock;
    this.timers = timers;
    this.#options = options;
    this.#client = this.#watched(client);
    for (const object of options.holds?.values() ?? []) this.#know(object);
    for (const decision of options.decided ?? []) this.decisions.set(decision.metadata.name, decision);
    ({ loop: this.#loop, tasks: this.#tasks } = this.#begin());
  }

  static async create(options: WorldOptions): Promise<World> {
    const { clock, random } = options;
    const holds = [...(options.holds?.values() ?? [])];
    let world: World | undefined;
    const timers: Clock = {
      now: () => clock.now(),
      after: (wait, task) =>
        clock.after(wait, () => {
          world?.stir();
          task();
        }),
    };
    const revisions = holds.map(({ metadata }) => Number(metadata.resourceVersion ?? 0));
    const { client } = await createStore({
      kinds: new KindRegistry(kinds),
      clock: timers,
      random,
      persistence: {
        ...volatilePersistence(),
        load: () => ({ objects: holds, reserved: Math.max(0, ...revisions) }),
      },
      retention: {},
      tracksOwners: false,
      // Nobody begins a watch in the past, but a control plane that was killed.
      window: { count: 100, bytes: Number.POSITIVE_INFINITY },
      bookmarkEvery: hours(24 * 365),
    });
    world = new World(options, client, timers);
    return world;
  }

  get<R extends Resource>(kind: string, name: string): R | undefined {
    return this.objects.get(`${kind}/${name}`) as R | undefined;
  }

  get client(): Client {
    return this.#client;
  }

  async advanceTo(at: Instant): Promise<void> {
    const wait = (at - this.clock.now()) as Millis;
    await this.clock.advance(wait, async () => {
      // Most of the judge's looks find nothing new: there is nothing to wait for then.
      if (!this.#isSettled) await this.settle();
    });
  }

  /** Something goes on that isn't over at once. */
  stir(): void {
    this.#isSettled = false;
  }

  async settle(): Promise<void> {
    for (let calm = 0, turn = 0; calm < calmTurns; turn++) {
      // A look takes some forty turns: to ask in each of them whether it is over cost a tenth of a release.
      await (this.#loop.ends ?? turnIsOver);
      calm = this.#loop.isIdle ? calm + 1 : 0;
      if (turn > 100_000) throw new Error("the controllers don't settle");
    }
    this.#isSettled = true;
  }

  /** kill -9 and start again: caches, timers and tasks are gone, the store stays. */
  async restart(): Promise<void> {
    this.stop();
    ({ loop: this.#loop, tasks: this.#tasks } = this.#begin());
    await this.settle();
  }

  stop(): void {
    this.#loop.stop();
    this.#tasks.cancelAll();
  }

  #begin() {
    const { reconcilers } = this.#options;
    const clock = this.timers;
    this.#isSettled = false;
    const tasks = new PatientBoard(clock, this.#options.tasks);
    const loop = new Loop({ client: this.#client, clock, tasks, reconcilers, fieldManager: "sluice" });
    void loop.start();
    return { loop, tasks };
  }

  #know(object: Resource): void {
    this.objects.set(`${object.kind}/${object.metadata.name}`, object);
    if (routed.has(object.kind)) this.routeChanges++;
  }

  #watched(client: Client): Client {
    const seen = <R extends Resource>(object: R): R => {
      this.#isSettled = false;
      this.#know(object);
      return object;
    };
    return {
      get: (key, options) => client.get(key, options),
      list: (kind, options) => client.list(kind, options),
      watch: (kind, options) => client.watch(kind, options),
      create: async (object, options) => {
        if (object.kind === "Decision") this.decisions.set(object.metadata.name, object as unknown as Decision);
        return logs.has(object.kind) ? object : seen(await client.create(object, options));
      },
      update: async (object, options) => {
        if (logs.has(object.kind)) return object;
        const updated = await client.update(object, options);
        return options?.dryRun === true ? updated : seen(updated);
      },
      patch: async (key, patch, options) => seen(await client.patch(key, patch, options)),
      delete: async <R extends Resource>(key: ResourceKey, options?: Parameters<Client["delete"]>[1]) => {
        const deleted = await client.delete<R>(key, options);
        this.#isSettled = false;
        // Not before: a write that is under way answers first, and would bring it back.
        this.objects.delete(`${key.kind}/${key.name}`);
        if (routed.has(key.kind)) this.routeChanges++;
        return deleted;
      },
      deleteAll: (kind, options) => client.deleteAll(kind, options),
    };
  }

  /** Creates it, or replaces what stands under its name, status kept. */
  async apply(object: Resource): Promise<void> {
    const known = this.objects.get(`${object.kind}/${object.metadata.name}`);
    if (known === undefined) await this.#client.create(object);
    else await this.#client.patch(keyOf(known), { type: "merge", value: { spec: object.spec } });
    await this.settle();
  }
}

const routed = new Set(["Service", "VirtualService", "DestinationRule", "ReplicaSet"]);
