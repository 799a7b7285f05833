import {
  compileMatcher,
  type LabelMatcher,
  literalAlternatives,
  matchesEmpty,
  type ValueTest,
} from "@sluice/languages";
import { eachLabel, type Labels, labelValue } from "../labels.ts";

interface Indexed {
  readonly ref: number;
  readonly labels: Labels;
}

interface Posting {
  /** The one copy of the name and of the value that all series share. */
  readonly name: string;
  readonly value: string;
  /** Rising, since refs do. */
  refs: number[];
}

/** From label and value to the series that carry it, so that a selector reads only what it names. */
export class LabelIndex<Series extends Indexed> {
  readonly #series = new Map<number, Series>();
  readonly #postings = new Map<string, Map<string, Posting>>();

  get size(): number {
    return this.#series.size;
  }

  all(): IterableIterator<Series> {
    return this.#series.values();
  }

  get(ref: number): Series | undefined {
    return this.#series.get(ref);
  }

  add(series: Series): void {
    this.#series.set(series.ref, series);
    for (const [name, value] of eachLabel(series.labels)) {
      const values = this.#postings.get(name) ?? new Map<string, Posting>();
      this.#postings.set(name, values);
      const posting = values.get(value);
      if (posting === undefined) values.set(value, { name, value, refs: [series.ref] });
      else posting.refs.push(series.ref);
    }
  }

  /**
   * The same labels in strings that the index holds already. What is new is copied: a piece of a text that was read
   * would keep the whole text in memory.
   */
  shared(labels: Labels): Labels {
    const shared: string[] = [];
    for (const [name, value] of eachLabel(labels)) {
      const posting = this.#postings.get(name)?.get(value);
      shared.push(posting?.name ?? copyOf(name), posting?.value ?? copyOf(value));
    }
    return shared;
  }

  /** Many at once, since each list that is touched is rewritten once. */
  remove(refs: ReadonlySet<number>): void {
    if (refs.size === 0) return;
    const touched = new Map<string, Set<string>>();
    for (const ref of refs) {
      for (const [name, value] of eachLabel(this.#series.get(ref)?.labels ?? [])) {
        const values = touched.get(name) ?? new Set();
        touched.set(name, values.add(value));
      }
      this.#series.delete(ref);
    }
    for (const [name, values] of touched) for (const value of values) this.#shrink(name, value, refs);
  }

  #shrink(name: string, value: string, refs: ReadonlySet<number>): void {
    const byValue = this.#postings.get(name);
    const posting = byValue?.get(value);
    if (posting === undefined) return;
    posting.refs = posting.refs.filter((ref) => !refs.has(ref));
    if (posting.refs.length === 0) byValue?.delete(value);
    if (byValue?.size === 0) this.#postings.delete(name);
  }

  /** In order of their creation. */
  *find(matchers: readonly LabelMatcher[]): Generator<Series> {
    const conditions = matchers.map((matcher) => ({ matcher, test: remembering(testOf(matcher)) }));
    const lists = conditions
      .filter(({ matcher }) => !matchesEmpty(matcher))
      .map(({ matcher, test }) => ({ matcher, lists: this.#listsFor(matcher, test) }))
      .map(({ matcher, lists }) => ({ matcher, lists, count: lists.reduce((sum, list) => sum + list.length, 0) }));
    const narrowest = lists.reduce<(typeof lists)[number] | undefined>(
      (best, each) => (best === undefined || each.count < best.count ? each : best),
      undefined,
    );
    const others = conditions.filter(({ matcher }) => matcher !== narrowest?.matcher);
    const refs = narrowest === undefined ? this.#series.keys() : union(narrowest.lists);
    for (const ref of refs) {
      const series = this.#series.get(ref);
      if (series === undefined) continue;
      if (others.every(({ matcher, test }) => test(labelValue(series.labels, matcher.label)))) yield series;
    }
  }

  #listsFor(matcher: LabelMatcher, test: ValueTest): readonly number[][] {
    const byValue = this.#postings.get(matcher.label);
    if (byValue === undefined) return [];
    const named =
      matcher.operator === "="
        ? [matcher.value]
        : matcher.operator === "=~"
          ? literalAlternatives(matcher.value)
          : undefined;
    const values = named === undefined ? [...byValue.keys()].filter(test) : new Set(named);
    return [...values].flatMap((value) => {
      const posting = byValue.get(value);
      return posting === undefined ? [] : [posting.refs];
    });
  }

  labelNames(): string[] {
    return [...this.#postings.keys()].sort();
  }

  labelValues(name: string): string[] {
    return [...(this.#postings.get(name)?.keys() ?? [])].sort();
  }
}

const copyOf = (text: string): string => text.split("").join("");

function testOf(matcher: LabelMatcher): ValueTest {
  const test = compileMatcher(matcher);
  // The parser has compiled it before.
  if (test.is === "refused") throw new RangeError(`found ${test.refusal.found}, expected ${test.refusal.expected}`);
  return test.value;
}

/** A series' labels repeat: a regular expression runs once for each value. */
function remembering(test: ValueTest): ValueTest {
  const known = new Map<string, boolean>();
  return (value) => {
    const before = known.get(value);
    if (before !== undefined) return before;
    const outcome = test(value);
    known.set(value, outcome);
    return outcome;
  };
}

/** A series has one value for a label, so the lists share nothing. */
function union(lists: readonly number[][]): readonly number[] {
  if (lists.length === 1) return lists[0] ?? [];
  return lists.flat().sort((one, other) => one - other);
}
