import type { Resource } from "@sluice/api";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ConsoleWorld, consoleWorld } from "../../fixtures/console-world.ts";
import { LiveStore, type LiveSurroundings } from "./live-store.ts";
import { readLines } from "./read-lines.ts";

let world: ConsoleWorld;
let cookie: string;
let opened: string[];
let store: LiveStore;

const pods = { kind: "pods", namespace: "shop" } as const;

beforeEach(async () => {
  world = await consoleWorld({ window: 5 });
  opened = [];
  await signIn();
  store = new LiveStore(surroundings);
});
afterEach(async () => {
  store.sleep();
  await world.close();
});

async function signIn(): Promise<void> {
  const response = await fetch(world.origin + world.handler.createLoginLink(), { redirect: "manual" });
  cookie = (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
}

/** The browser's, but for the cookie and for waits, which are short. */
const surroundings: LiveSurroundings = {
  async open(path, signal) {
    opened.push(path);
    const response = await fetch(world.origin + path, { signal, headers: { cookie } });
    if (response.status === 401) return { is: "signedOut" };
    if (!response.ok || response.body === null) throw new Error(String(response.status));
    return { is: "lines", lines: readLines(response.body) };
  },
  now: () => Date.now(),
  wait(milliseconds, task) {
    const timer = setTimeout(task, Math.min(milliseconds, 2000) / 20);
    return () => clearTimeout(timer);
  },
  beforePaint: (task) => void setImmediate(task),
};

const pod = (name: string): Resource => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "shop" },
  spec: { containers: [{ name: "shop", image: "shop:v1" }] },
});

function namesOf(scope: Parameters<LiveStore["state"]>[0] = pods): string[] | undefined {
  const state = store.state(scope);
  return state.is === "loading" ? undefined : state.items.map(({ metadata }) => metadata.name).sort();
}

const shown = (scope: Parameters<LiveStore["state"]>[0] = pods) => expect.poll(() => namesOf(scope), { interval: 5 });

test("what is there comes first, then what changes", async () => {
  await world.client.create(pod("one"));
  store.subscribe(pods, () => {});

  await shown().toEqual(["one"]);
  await world.client.create(pod("two"));
  await shown().toEqual(["one", "two"]);
  await world.client.delete({ ...pod("one"), name: "one", namespace: "shop" }, { gracePeriodSeconds: 0 });
  await shown().toEqual(["two"]);

  expect(store.connection).toEqual({ is: "live", version: "0.0.0-test" });
});

test("all that a page follows comes over one connection, without what no page shows", async () => {
  store.subscribe(pods, () => {});
  store.subscribe({ kind: "events" }, () => {});
  store.subscribe({ kind: "rollouts", namespace: "shop" }, () => {});
  await world.client.create(pod("one"), { fieldManager: "somebody" });

  await shown().toEqual(["one"]);
  await shown({ kind: "events" }).toEqual([]);
  const state = store.state(pods);

  expect(opened).toEqual(["/live?watch=pods,shop&watch=events&watch=rollouts,shop"]);
  expect(state.is === "ready" && state.items[0]?.metadata.managedFields).toBeUndefined();
});

test("another page's needs are added, and what is known already is gone on with", async () => {
  store.subscribe(pods, () => {});
  await shown().toEqual([]);
  await world.client.create(pod("one"));
  await shown().toEqual(["one"]);

  store.subscribe({ kind: "decisions" }, () => {});
  await shown({ kind: "decisions" }).toEqual([]);

  expect(opened[1]).toMatch(/^\/live\?watch=pods,shop,\d+&watch=decisions$/);
});

test("listeners hear of their own kind only, and of changes that come together once", async () => {
  let [ofPods, ofEvents] = [0, 0];
  store.subscribe(pods, () => ofPods++);
  store.subscribe({ kind: "events" }, () => ofEvents++);
  await shown({ kind: "events" }).toEqual([]);
  await shown().toEqual([]);
  const before = { ofPods, ofEvents };

  await Promise.all([pod("one"), pod("two"), pod("three")].map((one) => world.client.create(one)));
  await shown().toEqual(["one", "three", "two"]);

  expect(ofEvents).toBe(before.ofEvents);
  expect(ofPods - before.ofPods).toBeLessThan(3);
});

test("while the control plane is away the last state stays, then it goes on from there", async () => {
  await world.client.create(pod("one"));
  store.subscribe(pods, () => {});
  await shown().toEqual(["one"]);

  await world.goAway();
  await expect.poll(() => store.connection.is, { interval: 5 }).toBe("away");
  const meanwhile = namesOf();
  await world.client.create(pod("two"));
  await world.comeBack();
  store.retryNow();
  await shown().toEqual(["one", "two"]);

  expect(meanwhile).toEqual(["one"]);
  expect(store.connection.is).toBe("live");
});

test("when more was missed than the server knows, the state is listed anew", async () => {
  await world.client.create(pod("one"));
  store.subscribe(pods, () => {});
  await shown().toEqual(["one"]);

  await world.goAway();
  const names = Array.from({ length: 12 }, (_, index) => `missed-${String(index).padStart(2, "0")}`);
  for (const name of names) await world.client.create(pod(name));
  await world.client.delete({ ...pod("one"), name: "one", namespace: "shop" }, { gracePeriodSeconds: 0 });
  opened = [];
  await world.comeBack();
  await shown().toEqual(names);

  expect(opened.at(-1)).toBe("/live?watch=pods,shop");
});

test("a session that is over says so and doesn't try on", async () => {
  cookie = "";
  store.subscribe(pods, () => {});
  store.state(pods);

  await expect.poll(() => store.connection.is, { interval: 5 }).toBe("signedOut");
  const tries = opened.length;
  await new Promise((resolve) => setTimeout(resolve, 150));

  expect(opened.length).toBe(tries);
});

test("a page out of sight gives its connection back, and is as before when it is seen again", async () => {
  store.subscribe(pods, () => {});
  await shown().toEqual([]);

  store.sleep();
  await world.client.create(pod("one"));
  const asleep = namesOf();
  store.wake();
  await shown().toEqual(["one"]);

  expect(asleep).toEqual([]);
});
