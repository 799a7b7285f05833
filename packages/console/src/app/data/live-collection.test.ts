import type { Resource } from "@sluice/api";
import { expect, test } from "vitest";
import { LiveCollection } from "./live-collection.ts";

const pod = (name: string, resourceVersion: string): Resource => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "shop", uid: name, resourceVersion },
});

const namesOf = ({ state }: LiveCollection): string[] | undefined =>
  state.is === "loading"
    ? undefined
    : state.items.map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`);

function listed(...pods: Resource[]): LiveCollection {
  const collection = new LiveCollection();
  for (const one of pods) collection.put(one);
  collection.ready("10");
  collection.settle();
  return collection;
}

test("nothing is shown until all that there is has come", () => {
  const collection = new LiveCollection();

  collection.put(pod("a", "1"));
  const early = collection.settle();
  collection.ready("2");

  expect(early).toBe(false);
  expect(collection.settle()).toBe(true);
  expect(namesOf(collection)).toEqual(["a@1"]);
});

test("an empty collection is known to be empty", () => {
  expect(namesOf(listed())).toEqual([]);
});

test("changes come one by one and the version moves with them", () => {
  const collection = listed(pod("a", "1"), pod("b", "2"));

  collection.put(pod("a", "11"));
  collection.remove(pod("b", "12"));
  collection.put(pod("c", "13"));
  collection.settle();

  expect(namesOf(collection)).toEqual(["a@11", "c@13"]);
  expect(collection.resourceVersion).toBe("13");
});

test("listing again shows the old state until the new one is whole, and keeps what didn't change", () => {
  const collection = listed(pod("a", "1"), pod("b", "2"));
  const [a] = collection.state.is === "ready" ? collection.state.items : [];

  collection.forgetVersion();
  collection.begin();
  collection.put(pod("a", "1"));
  collection.put(pod("c", "20"));
  const early = namesOf(collection);
  collection.ready("30");
  collection.settle();

  expect(early).toEqual(["a@1", "b@2"]);
  expect(namesOf(collection)).toEqual(["a@1", "c@20"]);
  expect(collection.state.is === "ready" && collection.state.items[0] === a).toBe(true);
});

test("a list of the same changes nothing: nobody draws anything", () => {
  const collection = listed(pod("a", "1"));
  const before = collection.state;

  collection.forgetVersion();
  collection.begin();
  collection.put(pod("a", "1"));
  collection.ready("30");

  expect(collection.settle()).toBe(false);
  expect(collection.state).toBe(before);
});

test("a stream that breaks before it is whole is begun again from nothing", () => {
  const collection = new LiveCollection();

  collection.put(pod("gone", "1"));
  const version = collection.resourceVersion;
  collection.begin();
  collection.put(pod("a", "5"));
  collection.ready("6");
  collection.settle();

  expect(version).toBeUndefined();
  expect(namesOf(collection)).toEqual(["a@5"]);
});
