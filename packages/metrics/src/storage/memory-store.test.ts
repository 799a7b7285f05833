import { parsePromql } from "@sluice/languages";
import { expect, test } from "vitest";
import { describeLabels, type Labels, labelsHash, labelsOf } from "../labels.ts";
import { LabelIndex } from "./label-index.ts";
import { MemoryStore } from "./memory-store.ts";

function select(store: MemoryStore, query: string): string[] {
  const parsed = parsePromql(query);
  if (parsed.is !== "parsed" || parsed.value.is !== "selector") throw new Error(query);
  return [...store.select(parsed.value.matchers, -1, 1e15)].map(({ labels }) => describeLabels(labels)).sort();
}

function storeOf(...all: Labels[]): MemoryStore {
  const store = new MemoryStore();
  for (const labels of all) store.append(store.seriesFor(labels), 1, 1);
  return store;
}

test("every matcher, alone and together", () => {
  const store = storeOf(
    labelsOf({ __name__: "up", job: "a", zone: "x" }),
    labelsOf({ __name__: "up", job: "b" }),
    labelsOf({ __name__: "down", job: "a" }),
  );

  expect(select(store, "up")).toEqual(['up{job="a", zone="x"}', 'up{job="b"}']);
  expect(select(store, 'up{job!="a"}')).toEqual(['up{job="b"}']);
  expect(select(store, 'up{zone=""}')).toEqual(['up{job="b"}']);
  expect(select(store, 'up{zone=~"x|"}')).toEqual(['up{job="a", zone="x"}', 'up{job="b"}']);
  expect(select(store, 'up{zone!=""}')).toEqual(['up{job="a", zone="x"}']);
  expect(select(store, '{job=~"a|c",__name__!~"d.*"}')).toEqual(['up{job="a", zone="x"}']);
  expect(select(store, '{__name__=~".+",job="a"}')).toEqual(['down{job="a"}', 'up{job="a", zone="x"}']);
  expect(select(store, 'nothing{job="a"}')).toEqual([]);
});

test("series of one hash stay apart, also when one of them goes", () => {
  // Found by search: these two collide.
  const byHash = new Map<number, Labels>();
  let pair: [Labels, Labels] | undefined;
  for (let number = 0; pair === undefined; number++) {
    const labels = labelsOf({ __name__: "c", n: `${number}` });
    const other = byHash.get(labelsHash(labels));
    if (other !== undefined) pair = [other, labels];
    byHash.set(labelsHash(labels), labels);
  }
  const [one, other] = pair;
  const store = storeOf(one, other);
  const first = store.find(one);

  expect(store.find(one)?.labels).toEqual(one);
  expect(store.find(other)?.labels).toEqual(other);
  expect(store.find(one)).not.toBe(store.find(other));

  store.remove(new Set([first?.ref ?? 0]));

  expect(store.find(one)).toBeUndefined();
  expect(store.find(other)?.labels).toEqual(other);
  expect(select(store, "c")).toHaveLength(1);
});

test("a selector with a name looks at none of the other series", () => {
  const index = new LabelIndex<{ readonly ref: number; readonly labels: Labels }>();
  let looks = 0;
  for (let ref = 1; ref <= 1000; ref++) {
    const labels = labelsOf({ __name__: `m_${ref % 100}`, job: "x", pod: `${ref}` });
    index.add({
      ref,
      get labels() {
        looks++;
        return labels;
      },
    });
  }
  looks = 0;

  const name = { label: "__name__", operator: "=", value: "m_7" } as const;
  const found = [...index.find([{ label: "job", operator: "=~", value: "x.*" }, name])];

  expect(found).toHaveLength(10);
  expect(looks).toBe(10);
});
