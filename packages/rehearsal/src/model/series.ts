import type { Instant } from "@sluice/kernel";
import { compileMatcher, type LabelMatcher, literalAlternatives } from "@sluice/languages";
import { type Labels, labelsOf, type SeriesSamples, type SeriesSource } from "@sluice/metrics";
import type { ModelledService, Served, Version } from "./service.ts";
import {
  codeText,
  type Family,
  familyOf,
  isCodeLabel,
  isEndpointLabel,
  isInMilliseconds,
  metricNameOf,
} from "./vocabulary.ts";

/** How this release's versions are called: what queries tell them apart by. */
export interface VersionNames {
  /** In one order for both versions: hash, ReplicaSet, pod, Service, subset, role, label. */
  readonly canary: readonly string[];
  readonly stable: readonly string[];
  /** What both share: the Service, the namespace, the Rollout. */
  readonly shared: readonly string[];
}

interface Column {
  readonly version: NamedVersion;
  readonly read: () => number;
  values: Float64Array;
}

const codes = [200, 304, 404, 500];
type NamedVersion = Exclude<Version, "baseline">;
const versions: readonly NamedVersion[] = ["stable", "canary"];

/** Answers selectors from what the modelled service counted, with the labels that they ask for. Sampled at each scrape. */
export class ModelledSeries implements SeriesSource {
  readonly #service: ModelledService;
  readonly #names: () => VersionNames;
  readonly #edgesMs: readonly number[];
  readonly #endpoints: readonly string[];
  readonly #columns = new Map<string, Column>();
  readonly #selected = new Map<string, readonly { readonly labels: Labels; readonly column: Column }[]>();
  readonly #extraLabels: readonly string[];
  #times = new Float64Array(256);
  #count = 0;
  isMissing = false;

  constructor(options: {
    readonly service: ModelledService;
    /** Asked for when the first query comes: a version's hash is known only once it is there. */
    readonly names: () => VersionNames;
    readonly edgesMs: readonly number[];
    /** Undefined where no query tells endpoints apart. */
    readonly endpoints: readonly string[] | undefined;
    /** Labels that queries group by. */
    readonly labels: ReadonlySet<string>;
    /** What queries select, so that each is sampled from the beginning. */
    readonly families: ReadonlySet<Family>;
  }) {
    this.#service = options.service;
    this.#names = options.names;
    this.#edgesMs = options.edgesMs;
    this.#endpoints = options.endpoints ?? [];
    this.#extraLabels = [...options.labels].filter((label) => isCodeLabel(label) || isEndpointLabel(label));
    for (const family of options.families) this.#open(family);
    options.service.onScrape = (at) => this.#scrape(at);
  }

  *select(matchers: readonly LabelMatcher[], after: number, until: number): Iterable<SeriesSamples> {
    if (this.isMissing) return;
    const from = this.#place(after);
    const to = this.#place(until);
    if (from >= to) return;
    const times = this.#times.subarray(from, to);
    for (const { labels, column } of this.#found(matchers)) {
      yield { labels, times, values: column.values.subarray(from, to), staleAt: none };
    }
  }

  #scrape(at: Instant): void {
    if (this.isMissing) return;
    if (this.#count === this.#times.length) {
      this.#times = grown(this.#times);
      for (const column of this.#columns.values()) column.values = grown(column.values);
    }
    this.#times[this.#count] = at;
    for (const column of this.#columns.values()) column.values[this.#count] = column.read();
    this.#count++;
  }

  /** How many samples are at or before this time. */
  #place(time: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#times[middle] as number) <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #rows(family: Family): readonly Row[] {
    const places = this.#endpoints.length === 0 ? [undefined] : this.#endpoints.keys();
    const rows: Row[] = [];
    for (const version of versions) {
      if (family === "memory" || family === "restarts" || family === "up" || family === "cpu") {
        rows.push({ version });
        continue;
      }
      for (const endpoint of places === undefined ? [undefined] : [...places]) {
        if (family === "requests") for (const code of codes) rows.push({ version, endpoint, code });
        else if (family === "latencyBucket")
          for (let bucket = 0; bucket <= this.#edgesMs.length; bucket++) rows.push({ version, endpoint, bucket });
        else rows.push({ version, endpoint });
      }
    }
    return rows;
  }

  #open(family: Family): void {
    for (const row of this.#rows(family)) {
      const read = this.#reader(family, row);
      this.#columns.set(columnKey(family, row), { version: row.version, read, values: new Float64Array(256) });
    }
  }

  #reader(family: Family, { version, endpoint, code, bucket = 0 }: Row): () => number {
    const service = this.#service;
    // A baseline is of the stable version, and queries tell versions apart.
    const arms = version === "stable" ? [service.served.stable, service.served.baseline] : [service.served.canary];
    const served = arms.flatMap((all) => (endpoint === undefined ? all : all.slice(endpoint, endpoint + 1)));
    const sum = (count: (one: Served) => number) => () => served.reduce((total, one) => total + count(one), 0);
    switch (family) {
      case "requests":
        if (code === 500) return sum(({ failures }) => failures);
        if (code === 404) return sum(({ notFound }) => Math.floor(notFound / 2));
        if (code === 304) return sum(({ notFound }) => Math.ceil(notFound / 2));
        return sum((one) => one.requests - one.failures - one.notFound);
      case "failures":
        return sum(({ failures }) => failures);
      case "latencyBucket":
        return sum(({ latencyCounts }) => {
          let under = 0;
          for (let place = 0; place <= bucket; place++) under += latencyCounts[place] as number;
          return under;
        });
      case "latencySum":
        return sum(({ latencySeconds }) => latencySeconds);
      case "conversions":
        return sum(({ conversions }) => conversions);
      case "memory":
        return () => 256 * 1024 * 1024 * service.memory(version);
      case "cpu":
        return sum(({ requests }) => 0.005 * requests);
      case "restarts":
        return () => service.restarts[version];
      case "up":
        return () => (service.pods[version] > 0 ? 1 : 0);
    }
  }

  #found(matchers: readonly LabelMatcher[]) {
    const key = matchers.map(({ label, operator, value }) => `${label}${operator}${value}`).join("\u0000");
    let found = this.#selected.get(key);
    if (found === undefined) {
      found = this.#search(matchers);
      this.#selected.set(key, found);
    }
    return found;
  }

  #search(matchers: readonly LabelMatcher[]) {
    const name = metricNameOf(matchers);
    const family = name === undefined ? undefined : familyOf(name);
    if (name === undefined || family === undefined) return [];
    const tests = matchers.map((matcher) => ({ label: matcher.label, test: testOf(matcher) }));
    const names = this.#names();
    return this.#rows(family).flatMap((row) => {
      const column = this.#columns.get(columnKey(family, row));
      if (column === undefined) return [];
      const labels = this.#labels(name, row, matchers, names);
      const matches = tests.every(({ label, test }) => test(labels[label] ?? ""));
      return matches ? [{ labels: labelsOf(labels), column }] : [];
    });
  }

  #labels(name: string, row: Row, matchers: readonly LabelMatcher[], names: VersionNames): Record<string, string> {
    const own = names[row.version];
    const labels: Record<string, string> = {
      __name__: name,
      pod_template_hash: own[0] ?? "",
      rollouts_pod_template_hash: own[0] ?? "",
      pod: own[2] ?? "",
    };
    const axis = (label: string): string | undefined => {
      if (isCodeLabel(label) && row.code !== undefined) return codeText(label, row.code);
      if (isEndpointLabel(label) && row.endpoint !== undefined) return this.#endpoints[row.endpoint];
      return undefined;
    };
    for (const label of this.#extraLabels) labels[label] = axis(label) ?? "";
    if (row.bucket !== undefined) {
      const edge = this.#edgesMs[row.bucket];
      labels.le = edge === undefined ? "+Inf" : String(isInMilliseconds(name) ? edge : edge / 1000);
    }
    for (const { label } of matchers) {
      if (label === "le" || label in labels) continue;
      const known = axis(label);
      labels[label] = known ?? this.#echo(label, row, matchers, names) ?? "";
    }
    return labels;
  }

  /** The value that a version has under a label that only the query knows. */
  #echo(label: string, { version }: Row, matchers: readonly LabelMatcher[], names: VersionNames): string | undefined {
    const own = matchers.filter((matcher) => matcher.label === label);
    const wanted = own.filter(({ operator }) => operator === "=" || operator === "=~");
    if (wanted.length === 0) {
      // `!=` of a version's name leaves the other one.
      const place = names.canary.findIndex((name, index) =>
        own.some(({ value }) => value === name || value === names.stable[index]),
      );
      return place === -1 ? undefined : names[version][place];
    }
    const tests = wanted.map(testOf);
    const fits = (value: string | undefined) => value !== undefined && tests.every((test) => test(value));
    const shared = names.shared.find(fits);
    if (shared !== undefined) return shared;
    for (const [index, name] of names.canary.entries()) {
      if (fits(name) || fits(names.stable[index])) return names[version][index];
    }
    const [{ operator, value } = { operator: "=", value: "" }] = wanted;
    return operator === "=" ? value : (literalAlternatives(value)?.[0] ?? value.replace(/\.[*+]|[\\^$()|]/g, ""));
  }
}

interface Row {
  readonly version: NamedVersion;
  readonly endpoint?: number | undefined;
  readonly code?: number;
  readonly bucket?: number;
}

const none = new Float64Array(0);

const columnKey = (family: Family, { version, endpoint, code, bucket }: Row): string =>
  `${family}|${version}|${endpoint ?? ""}|${code ?? ""}|${bucket ?? ""}`;

function grown(values: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(values.length * 2);
  larger.set(values);
  return larger;
}

function testOf(matcher: LabelMatcher): (value: string) => boolean {
  const compiled = compileMatcher(matcher);
  return compiled.is === "parsed" ? compiled.value : () => false;
}
