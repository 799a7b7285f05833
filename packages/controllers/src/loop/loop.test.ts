import { builtInKinds, type Client, controlledBy, type Kind, KindRegistry, type Resource } from "@sluice/api";
import {
  after,
  type Clock,
  formatInstant,
  type Instant,
  minutes,
  parseInstant,
  type Reconciler,
  seconds,
  seededRandom,
  shortHash,
  VirtualClock,
} from "@sluice/kernel";
import { createStore } from "@sluice/store";
import { expect, test } from "vitest";
import { plainKinds, type Scenario, settles, survivesCrashes, survivesStaleReads, World } from "../laws/index.ts";
import { applyEffect, type Effect, type Effects } from "./actions.ts";
import { Loop } from "./loop.ts";
import { TaskBoard } from "./task-board.ts";

type Greeter = Kind<
  "v1",
  "ConfigMap",
  unknown,
  { readonly greeted?: number; readonly since?: string; readonly answer?: string }
> & {
  readonly data?: Readonly<Record<string, string>>;
};

interface Observed {
  readonly greeter: Greeter;
  readonly children: readonly Resource[];
  readonly answer: string | undefined;
  readonly isAsked: boolean;
}

/** A small controller with everything a real one has: children by slot, a task, a pause, a status. */
const greeterReconciler = (effects: Effects): Reconciler<Greeter, Observed, Effect> => ({
  kind: { apiVersion: "v1", kind: "ConfigMap" },
  async observe(greeter, read) {
    const children = await read.list<Resource>(
      { apiVersion: "v1", kind: "Secret" },
      { ownerUid: greeter.metadata.uid ?? "" },
    );
    const task = read.task<string>(`${greeter.metadata.uid}-ask`);
    return { greeter, children, answer: task.is === "done" ? task.result : undefined, isAsked: task.is !== "absent" };
  },
  plan({ greeter, children, answer, isAsked }, now: Instant) {
    const wanted = Number(greeter.data?.count ?? 0);
    const { uid = "", name, namespace = "default" } = greeter.metadata;
    const status = greeter.status ?? {};
    if (children.length < wanted) {
      const object = {
        apiVersion: "v1",
        kind: "Secret",
        metadata: {
          name: `${name}-${shortHash(uid)}-${children.length}`,
          namespace,
          ownerReferences: [controlledBy(greeter)],
        },
      };
      return { actions: [{ do: "create", object }], because: "a child is missing" };
    }
    if (status.since === undefined)
      return { actions: [], status: { ...status, since: formatInstant(now) }, because: "the pause begins" };
    const until = after(parseInstant(status.since) as Instant, minutes(5));
    if (now < until) return { actions: [], because: "pausing", wakeAt: until };
    if (status.answer === undefined && !isAsked) {
      return { actions: [{ do: "startTask", id: `${uid}-ask`, work: { do: "ask" } }], because: "asks" };
    }
    if (status.answer === undefined && answer === undefined) return { actions: [], because: "waits for the answer" };
    const next = { ...status, greeted: children.length, answer: status.answer ?? answer ?? "" };
    return {
      actions: [],
      status: next,
      because: "done",
      events: [{ type: "Normal", reason: "Greeted", message: "done" }],
    };
  },
  apply: (_, action) => applyEffect(action, effects),
});

const greeter = (count: number): Resource =>
  ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "hello", namespace: "default" },
    data: { count: String(count) },
  }) as Resource;

const scenario: Scenario = {
  world: {
    reconcilers: (effects) => [greeterReconciler(effects)],
    tasks: (clock: Clock) => ({ ask: () => new Promise((resolve) => clock.after(seconds(2), () => resolve("fine"))) }),
  },
  async story(world) {
    await world.apply(greeter(3));
    await world.run(minutes(10));
  },
  async end(world) {
    const secrets = await world.list({ apiVersion: "v1", kind: "Secret" });
    const known = await world.get<Greeter>({
      apiVersion: "v1",
      kind: "ConfigMap",
      namespace: "default",
      name: "hello",
    });
    return { children: secrets.length, greeted: known?.status?.greeted, answer: known?.status?.answer };
  },
};

test("a story runs to its end in virtual time, and says so in an Event", async () => {
  const world = await World.create(scenario.world);

  await scenario.story(world);

  expect(await scenario.end(world)).toEqual({ children: 3, greeted: 3, answer: "fine" });
  const events = await world.list<Resource & { reason?: string; count?: number }>({ apiVersion: "v1", kind: "Event" });
  expect(events.map(({ reason, count }) => ({ reason, count }))).toEqual([{ reason: "Greeted", count: 1 }]);
});

test("settles", () => settles(scenario));
test("survives a crash at any effect", () => survivesCrashes(scenario));
test("survives stale reads", () => survivesStaleReads(scenario));

test("wakes on exactly what was read", async () => {
  const world = await World.create(scenario.world);
  await scenario.story(world);
  const passes = world.story.length;

  await world.apply({ apiVersion: "v1", kind: "Secret", metadata: { name: "of-nobody", namespace: "default" } });

  expect(world.story.length).toBe(passes);
});

/** Wants two children, of which the API refuses those with a bad name; what it is told of that it notes, or not. */
const refusedReconciler = (effects: Effects, listens: boolean): Reconciler<Greeter, readonly string[], Effect> => ({
  kind: { apiVersion: "v1", kind: "ConfigMap" },
  observe: async ({ status }) => (status?.answer === undefined ? [] : [status.answer]),
  plan(known) {
    const secrets = known.length > 0 ? ["good"] : ["good", "Not A Name"];
    const actions = secrets.map((name): Effect => {
      const metadata = { name, namespace: "default" };
      return { do: "create", object: { apiVersion: "v1", kind: "Secret", metadata } };
    });
    return { actions, status: known.length === 0 ? {} : { answer: known.join() }, because: `${known.length} refused` };
  },
  apply: (_, action) => applyEffect(action, effects),
  withRefusal: (known, action, { kind }) =>
    action.do === "create" ? (listens ? [`${action.object.metadata.name}: ${kind}`] : known) : undefined,
});

const isSecret = ({ kind }: { readonly kind: string }) => kind === "Secret";
const strictAboutSecrets = [...plainKinds.filter((kind) => !isSecret(kind)), ...builtInKinds().filter(isSecret)];

test("what the API refuses is planned with at once, and never again", async () => {
  const world = await World.create({
    reconcilers: (effects) => [refusedReconciler(effects, true)],
    kinds: strictAboutSecrets,
  });

  await world.apply(greeter(0));

  const key = { apiVersion: "v1", kind: "ConfigMap", namespace: "default", name: "hello" };
  expect(await world.get<Greeter>(key)).toMatchObject({ status: { answer: "Not A Name: invalid" } });
  const before = world.story.length;
  await world.run(minutes(5));
  expect(world.story.length).toBe(before);
});

test("who plans the same again although it was refused waits as after any refusal", async () => {
  const world = await World.create({
    reconcilers: (effects) => [refusedReconciler(effects, false)],
    kinds: strictAboutSecrets,
  });

  await world.apply(greeter(0));

  const before = world.story.length;
  await world.run(minutes(5));
  expect(world.story.length - before).toBe(10);
});

test("an Event that isn't written holds no look up", async () => {
  const clock = new VirtualClock();
  const { client } = await createStore({ kinds: new KindRegistry(plainKinds), clock, random: seededRandom(1) });
  const create: Client["create"] = (object, options) =>
    object.kind === "Event" ? new Promise(() => {}) : client.create(object, options);
  const looks: string[] = [];
  const loop = new Loop({
    client: { ...client, create },
    clock,
    tasks: new TaskBoard(clock, { ask: async () => "fine" }),
    fieldManager: "sluice",
    reconcilers: (effects) => [greeterReconciler(effects)],
    onPass: ({ because }) => looks.push(because),
  });
  await loop.start();
  const turns = async () => {
    for (let turn = 0; turn < 50; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  };
  await client.create(greeter(0));
  await turns();
  await clock.advance(minutes(5), turns);
  expect(looks).toContain("done");
  looks.length = 0;

  await client.patch(
    { apiVersion: "v1", kind: "ConfigMap", namespace: "default", name: "hello" },
    { type: "merge", value: { data: { count: "1" } } },
  );
  await turns();

  expect(looks).toContain("a child is missing");
  loop.stop();
});

test("what is due is looked at before a crowd of which only something changed, also when it is one of it", async () => {
  const clock = new VirtualClock();
  const { client } = await createStore({ kinds: new KindRegistry(plainKinds), clock, random: seededRandom(1) });
  const shared = { apiVersion: "v1", kind: "Secret", namespace: "default", name: "shared" };
  const until = after(clock.now(), minutes(5));
  const looks: string[] = [];
  const loop = new Loop({
    client,
    clock,
    tasks: new TaskBoard(clock, {}),
    fieldManager: "sluice",
    concurrency: 2,
    reconcilers: (effects) => [
      {
        kind: { apiVersion: "v1", kind: "ConfigMap" },
        observe: async ({ metadata }: Greeter, read) => ({ metadata, known: await read.get<Resource>(shared) }),
        plan: ({ metadata, known }, now: Instant) => ({
          actions: [],
          status: { answer: known?.metadata.resourceVersion },
          because: metadata.name,
          ...(metadata.name === "z-due" && now < until ? { wakeAt: until } : {}),
        }),
        apply: (_: Greeter, action: Effect) => applyEffect(action, effects),
      } as Reconciler<Greeter, { metadata: Greeter["metadata"]; known: Resource | undefined }, Effect>,
    ],
    onPass: ({ because }) => looks.push(because),
  });
  await loop.start();
  const turns = async (count: number) => {
    for (let turn = 0; turn < count; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  };
  const metadata = { namespace: "default" };
  for (let index = 0; index < 60; index++)
    await client.create({ apiVersion: "v1", kind: "ConfigMap", metadata: { ...metadata, name: `crowd-${index}` } });
  await client.create({ apiVersion: "v1", kind: "ConfigMap", metadata: { ...metadata, name: "z-due" } });
  await client.create({ apiVersion: "v1", kind: "Secret", metadata: { ...metadata, name: "shared" } });
  await clock.advance(minutes(4), () => turns(200));
  looks.length = 0;

  await client.patch(shared, { type: "merge", value: { metadata: { labels: { a: "b" } } } });
  await clock.advance(minutes(1), () => turns(0));
  await clock.advance(seconds(1), () => turns(300));

  expect(looks.slice(0, 10)).toContain("z-due");
  expect(new Set(looks).size).toBe(61);
  loop.stop();
});

test("who reads nothing but metadata isn't woken by anything else", async () => {
  const clock = new VirtualClock();
  const { client } = await createStore({ kinds: new KindRegistry(plainKinds), clock, random: seededRandom(1) });
  let looks = 0;
  const loop = new Loop({
    client,
    clock,
    tasks: new TaskBoard(clock, {}),
    fieldManager: "sluice",
    reconcilers: () => [
      {
        kind: { apiVersion: "v1", kind: "ConfigMap" },
        observe: (_: Greeter, read) => read.list<Resource>({ apiVersion: "v1", kind: "Secret" }, { reads: "metadata" }),
        plan: (secrets) => ({ actions: [], because: `${secrets.length}` }),
        apply: async () => {},
      } as Reconciler<Greeter, readonly Resource[], never>,
    ],
    onPass: () => looks++,
  });
  await loop.start();
  const looksAfter = async (change: Promise<unknown>) => {
    looks = 0;
    await change;
    for (let turn = 0; turn < 50; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
    return looks;
  };
  const secret = { apiVersion: "v1", kind: "Secret", namespace: "default", name: "shared" };
  const metadata = { namespace: "default", name: "shared" };
  const patch = (value: object) => client.patch(secret, { type: "merge", value });
  await looksAfter(client.create({ apiVersion: "v1", kind: "ConfigMap", metadata: { ...metadata, name: "reader" } }));

  const counted = [
    await looksAfter(client.create({ apiVersion: "v1", kind: "Secret", metadata })),
    await looksAfter(patch({ data: { key: "dmFsdWU=" } })),
    await looksAfter(patch({ metadata: { labels: { a: "b" } } })),
    await looksAfter(patch({ metadata: { annotations: { a: "b" } } })),
    await looksAfter(client.delete(secret)),
  ];

  expect(counted).toEqual([1, 0, 1, 1, 1]);
  loop.stop();
});

test("a change has its readers look once, also those that read it in several ways, or are what changed", async () => {
  const clock = new VirtualClock();
  const { client } = await createStore({ kinds: new KindRegistry(plainKinds), clock, random: seededRandom(1) });
  const secrets = { apiVersion: "v1", kind: "Secret" };
  const key = { ...secrets, namespace: "default", name: "shared" };
  const metadata = { namespace: "default", name: "shared", labels: { a: "b" } };
  let looks = 0;
  const loop = new Loop({
    client,
    clock,
    tasks: new TaskBoard(clock, {}),
    fieldManager: "sluice",
    reconcilers: () => [
      {
        kind: secrets,
        observe: async (_: Resource, read) => [
          await read.get<Resource>(key),
          await read.list<Resource>(secrets, { namespace: "default" }),
          await read.list<Resource>(secrets, { labels: { a: "b" } }),
        ],
        plan: () => ({ actions: [], because: "looks" }),
        apply: async () => {},
      } as Reconciler<Resource, unknown, never>,
    ],
    onPass: () => looks++,
  });
  const turns = async () => {
    for (let turn = 0; turn < 50; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  };
  await client.create({ ...secrets, metadata });
  await client.create({ ...secrets, metadata: { ...metadata, name: "reader" } });
  await loop.start();
  await turns();
  looks = 0;

  await client.patch(key, { type: "merge", value: { data: { key: "dmFsdWU=" } } });
  await turns();

  expect(looks).toBe(2);
  loop.stop();
});

test("where a control plane starts, what it reads for the first time has it look once, and its change once more", async () => {
  const clock = new VirtualClock();
  const { client } = await createStore({ kinds: new KindRegistry(plainKinds), clock, random: seededRandom(1) });
  const metadata = { namespace: "default" };
  for (const name of ["one", "two"]) {
    await client.create({ apiVersion: "v1", kind: "Secret", metadata: { ...metadata, name } });
  }
  await client.create({ apiVersion: "v1", kind: "ConfigMap", metadata: { ...metadata, name: "reader" } });
  const looks: string[] = [];
  const loop = new Loop({
    client,
    clock,
    tasks: new TaskBoard(clock, {}),
    fieldManager: "sluice",
    reconcilers: () => [
      {
        kind: { apiVersion: "v1", kind: "ConfigMap" },
        observe: (_: Greeter, read) => read.list<Resource>({ apiVersion: "v1", kind: "Secret" }),
        plan: (secrets) => ({ actions: [], because: secrets.map((secret) => secret.metadata.name).join() }),
        apply: async () => {},
      } as Reconciler<Greeter, readonly Resource[], never>,
    ],
    onPass: ({ because }) => looks.push(because),
  });
  const turns = async () => {
    for (let turn = 0; turn < 50; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  };

  await loop.start();
  await turns();
  await client.create({ apiVersion: "v1", kind: "Secret", metadata: { ...metadata, name: "later" } });
  await turns();

  expect(looks).toEqual(["one,two", "later,one,two"]);
  loop.stop();
});
