import { instant, millis, minutes, seconds, VirtualClock } from "@sluice/kernel";
import { expect, test } from "vitest";
import { describeLabels, labelsOf } from "../labels.ts";
import { MemoryStore } from "../storage/memory-store.ts";
import { queryInstant, queryRange } from "./query.ts";

interface Given {
  readonly [series: string]: readonly (number | undefined | "stale")[];
}

/** Samples every `step`, from 0; the series are written as `name{label=value,…}`. */
function storeOf(given: Given, step = seconds(15)): MemoryStore {
  const store = new MemoryStore();
  for (const [text, points] of Object.entries(given)) {
    const [name = "", braces = ""] = text.replace("}", "").split("{");
    const labels = braces.split(",").filter((each) => each !== "");
    const series = store.seriesFor(
      labelsOf({ __name__: name, ...Object.fromEntries(labels.map((each) => each.split("=") as [string, string])) }),
    );
    for (const [index, point] of points.entries()) {
      if (point === "stale") store.markStale(series, index * step);
      else if (point !== undefined) store.append(series, index * step, point);
    }
  }
  return store;
}

/** One line for each sample, or the refusal. */
function ask(store: MemoryStore, query: string, at = minutes(5)): string[] | string {
  const outcome = queryInstant(store, query, instant(at));
  if (outcome.is === "refused") return outcome.refusal.message;
  const { result } = outcome;
  if (result.type === "vector") return result.samples.map(({ labels, value }) => `${describeLabels(labels)} ${value}`);
  return result.type === "matrix" ? result.series.map((each) => `${each.values}`) : [String(result.value)];
}

const ramp = (count: number, by: number, from = 0) => Array.from({ length: count }, (_, index) => from + index * by);

test("the canary queries of the listings, by version", () => {
  const store = storeOf({
    "http_requests_total{service=shop,version=v1,code=200}": ramp(21, 90),
    "http_requests_total{service=shop,version=v2,code=200}": ramp(21, 9),
    "http_requests_total{service=shop,version=v2,code=500}": ramp(21, 1),
    "d_bucket{service=shop,le=0.1}": ramp(21, 50),
    "d_bucket{service=shop,le=0.5}": ramp(21, 100),
    "d_bucket{service=shop,le=+Inf}": ramp(21, 100),
  });

  const success = ask(
    store,
    'sum by (version) (rate(http_requests_total{service="shop",code=~"2.."}[5m])) / sum by (version) (rate(http_requests_total{service="shop"}[5m]))',
  );
  const latency = ask(store, 'histogram_quantile(0.95, sum(rate(d_bucket{service="shop"}[5m])) by (le))');

  expect(success).toEqual(['{version="v1"} 1', '{version="v2"} 0.9']);
  expect(Number(latency[0]?.slice(3))).toBeCloseTo(0.46, 9);
});

test("a range is open to the left and closed to the right", () => {
  const store = storeOf({ up: ramp(21, 1) });

  expect(ask(store, "count_over_time(up[1m])")).toEqual(["{} 4"]);
  expect(ask(store, "up[30s]")).toEqual(["19,20"]);
});

test("rate reaches to the window's ends, but not below a counter's zero", () => {
  const steady = storeOf({ c_total: ramp(21, 15) });
  const young = storeOf({ c_total: [...Array.from({ length: 17 }, () => undefined), 0, 30, 60, 90] });

  expect(ask(steady, "rate(c_total[1m])")).toEqual(["{} 1"]);
  expect(ask(steady, "increase(c_total[1m] offset 1m)")).toEqual(["{} 60"]);
  // Born with 0 at 255 s: nothing is made up from before.
  expect(ask(young, "increase(c_total[5m])")).toEqual(["{} 90"]);
  expect(ask(young, "delta(c_total[5m])")).toEqual(["{} 105"]);
});

test("a window whose first sample is late is stretched by half an interval only", () => {
  const store = storeOf({ g: [...Array.from({ length: 16 }, () => undefined), 0, 15, 30, 45, 60] });

  // 16 s before the first sample are within 1.1 intervals, 20 s are not.
  expect(ask(store, "delta(g[76s])")).toEqual(["{} 76"]);
  expect(ask(store, "delta(g[80s])")).toEqual(["{} 67.5"]);
});

test("a counter's reset counts from zero", () => {
  const store = storeOf({ c_total: [...ramp(17, 1), 0, 4, 8, 12] });

  expect(ask(store, "resets(c_total[5m])")).toEqual(["{} 1"]);
  expect(ask(store, "irate(c_total[5m])")).toEqual([`{} ${4 / 15}`]);
  expect(ask(store, "irate(c_total[5m])", seconds(255))).toEqual(["{} 0"]);
});

test("a series that went stale is gone at once, and its samples stay in ranges", () => {
  const store = storeOf({ up: [1, 1, "stale"] });

  expect(ask(store, "up", seconds(15))).toEqual(["up 1"]);
  expect(ask(store, "up", seconds(30))).toEqual([]);
  expect(ask(store, "sum_over_time(up[1m])", seconds(30))).toEqual(["{} 2"]);
});

test("no traffic is NaN, no series is nothing", () => {
  const store = storeOf({ "c_total{code=200}": ramp(21, 0) });

  expect(ask(store, "sum(rate(c_total[1m])) / sum(rate(c_total[1m]))")).toEqual(["{} NaN"]);
  expect(ask(store, 'sum(rate(c_total{code="500"}[1m])) / sum(rate(c_total[1m]))')).toEqual([]);
  expect(ask(store, 'absent(c_total{code="500",job=~"x"})')).toEqual(['{code="500"} 1']);
  expect(ask(store, 'sum(rate(c_total{code="500"}[1m])) or vector(0)')).toEqual(["{} 0"]);
  expect(ask(store, "scalar(nothing)")).toEqual(["NaN"]);
});

test.each([
  ["avg_over_time(g[1m])", 18.5],
  ["min_over_time(g[1m])", 17],
  ["max_over_time(g[1m])", 20],
  ["stddev_over_time(g[30s])", 0.5],
  ["quantile_over_time(0.5, g[1m])", 18.5],
  ["last_over_time(g[1m])", 20],
  ["present_over_time(g[1m])", 1],
  ["changes(g[1m])", 3],
  ["deriv(g[2m])", 1 / 15],
  ["predict_linear(g[2m], 15)", 21],
  ["max_over_time(sum(g)[1m:15s])", 20],
  ["idelta(g[1m])", 1],
  ["clamp(g, 0, 3)", 3],
  ["round(g / 3, 0.5)", 6.5],
  ["timestamp(g)", 300],
  ["g @ 60", 4],
  ["day_of_month(vector(86400))", 2],
  ["days_in_month(vector(951782400))", 29],
  ["day_of_year(vector(951782400))", 60],
  ["year(vector(951782400))", 2000],
  ["day_of_week(vector(951782400))", 2],
  ["hour(vector(3661))", 1],
  ["minute(vector(3661))", 1],
])("%s is %d", (query, expected) => {
  const store = storeOf({ g: ramp(21, 1) });

  const answer = ask(store, query);

  expect(Number(String(answer).split(" ").at(-1))).toBeCloseTo(expected, 9);
});

test("labels are replaced and joined by RE2's rules", () => {
  const store = storeOf({ "up{pod=shop-7d9f-x1}": ramp(21, 1) });

  // biome-ignore lint/suspicious/noTemplateCurlyInString: Go's template, not ours
  expect(ask(store, 'label_replace(up, "app", "$1/${tail}", "pod", "(\\\\w+)-.*-(?P<tail>\\\\w+)")')).toEqual([
    'up{app="shop/x1", pod="shop-7d9f-x1"} 20',
  ]);
  expect(ask(store, 'label_replace(up, "pod", "", "pod", ".*")')).toEqual(["up 20"]);
  expect(ask(store, 'label_join(up, "both", "+", "pod", "__name__")')).toEqual([
    'up{both="shop-7d9f-x1+up", pod="shop-7d9f-x1"} 20',
  ]);
});

test("quantiles at the edges of a histogram", () => {
  const store = storeOf({
    "h_bucket{le=0.1}": [10],
    "h_bucket{le=1}": [20],
    "h_bucket{le=+Inf}": [40],
    "n_bucket{le=0.1}": [1],
    "n_bucket{le=1}": [2],
    "e_bucket{le=1}": [0],
    "e_bucket{le=+Inf}": [0],
  });
  const at = seconds(1);

  expect(ask(store, "histogram_quantile(0.9, h_bucket)", at)).toEqual(["{} 1"]);
  expect(ask(store, "histogram_quantile(0.125, h_bucket)", at)).toEqual(["{} 0.05"]);
  expect(ask(store, "histogram_quantile(-1, h_bucket)", at)).toEqual(["{} -Infinity"]);
  expect(ask(store, "histogram_quantile(2, h_bucket)", at)).toEqual(["{} Infinity"]);
  expect(ask(store, "histogram_quantile(0.5, n_bucket)", at)).toEqual(["{} NaN"]);
  expect(ask(store, "histogram_quantile(0.5, e_bucket)", at)).toEqual(["{} NaN"]);
});

test("a range query steps from start to end, both in, and sorts its series", () => {
  const store = storeOf({ "up{pod=b}": ramp(21, 1), "up{pod=a}": ramp(3, 1) });

  const range = { start: instant(0), end: instant(30_000), step: millis(15_000) };
  const outcome = queryRange(store, "up * 2", range);

  expect(outcome).toMatchObject({
    is: "answered",
    result: {
      type: "matrix",
      series: [
        { labels: ["pod", "a"], times: [0, 15_000, 30_000], values: [0, 2, 4] },
        { labels: ["pod", "b"], times: [0, 15_000, 30_000], values: [0, 2, 4] },
      ],
    },
  });
});

test.each([
  ["up + on(job) down", /many-to-many matching not allowed/],
  ["up + on() group_left() vector(1) > bool 0", undefined],
  ['{__name__=~"up|down"} * 2', /same labelset/],
  ["limitk(1, up)", /limitk is experimental/],
  ["up offset", /parse error: 1:10/],
])("%s", (query, refusal) => {
  const store = storeOf({ "up{pod=a,job=x}": [1], "down{pod=a,job=x}": [1], "down{pod=b,job=x}": [1] });

  const answer = ask(store, query, seconds(1));

  if (refusal === undefined) expect(answer).toBeInstanceOf(Array);
  else expect(answer).toMatch(refusal);
});

test("too much is refused with the number, too slow with the time", () => {
  const store = storeOf({ up: ramp(1000, 1) });
  const clock = new VirtualClock(instant(0));
  const slow = {
    *select() {
      for (const series of store.select([{ label: "__name__", operator: "=", value: "up" }], -1, 1e9)) {
        clock.jump(seconds(11));
        yield series;
      }
    },
  };
  const range = { start: instant(0), end: instant(15_000_000), step: millis(15_000) };

  const large = queryInstant(store, "sum_over_time(up[1d])", instant(1.5e7), { samplesMax: 100 });
  const late = queryRange(slow, "sum_over_time(up[1d])", range, { clock, timeout: seconds(10) });
  const fine = queryRange(store, "up", { ...range, step: millis(1) });

  expect(large).toMatchObject({ refusal: { kind: "execution", message: expect.stringContaining("more than 100") } });
  expect(late).toMatchObject({ refusal: { kind: "timeout", message: expect.stringContaining("10 s") } });
  expect(fine).toMatchObject({ refusal: { kind: "bad_data", message: expect.stringContaining("11000 points") } });
});
