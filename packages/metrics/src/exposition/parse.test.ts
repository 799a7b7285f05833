import { expect, test } from "vitest";
import { describeLabels } from "../labels.ts";
import { type ExpositionFormat, familyOf, parseExposition, parseSeriesText, startsAtZero } from "./parse.ts";

function read(text: string, format: ExpositionFormat = "prometheus-text"): string[] | string {
  const outcome = parseExposition(text, format);
  if (outcome.is === "refused") return `${outcome.refusal.line}: ${outcome.refusal.message}`;
  return outcome.exposition.samples.map(({ series, value, timestamp }) => {
    const labels = parseSeriesText(series);
    const stamp = timestamp === undefined ? "" : ` @${timestamp}`;
    return `${labels.is === "read" ? describeLabels(labels.labels) : labels.message} ${value}${stamp}`;
  });
}

test("Prometheus' text format", () => {
  const text = [
    "# HELP http_requests_total All requests.",
    "# TYPE http_requests_total counter",
    "# just a comment",
    'http_requests_total{method="post",code="200"} 1027 1395066363000',
    '  spaced { a = "x" , b = "y" , } \t 3  ',
    "",
    'path{p="C:\\\\DIR\\n\\"quoted\\" }"} +Inf',
    "bare 1.458255915e9",
    "gone NaN",
    '{"dotted.name", region="eu"} 7',
  ].join("\n");

  expect(read(text)).toEqual([
    'http_requests_total{code="200", method="post"} 1027 @1395066363000',
    'spaced{a="x", b="y"} 3',
    'path{p="C:\\\\DIR\\n\\"quoted\\" }"} Infinity',
    "bare 1458255915",
    "gone NaN",
    'dotted.name{region="eu"} 7',
  ]);
});

test("OpenMetrics: seconds, exemplars, an end", () => {
  const text = '# TYPE c counter\nc_total{a="b"} 5 1.5 # {trace_id="x"} 1 1.5\nc_created{a="b"} 1.2\n# EOF\n';

  expect(read(text, "openmetrics")).toEqual(['c_total{a="b"} 5 @1500', 'c_created{a="b"} 1.2']);
  expect(read("a 1\n", "openmetrics")).toBe("1: the text ends without # EOF");
  expect(read("# EOF\na 1\n", "openmetrics")).toBe("2: something follows # EOF");
});

test.each([
  ["a", "1: a series without a value"],
  ['ok 1\na{b="c" 1', "2: labels without their closing }"],
  ["a one", '1: "one" is no value of a sample'],
  ["a 1 2 3", '1: "3" after value and timestamp'],
  ["a 1 soon", '1: "soon" is no timestamp'],
  ["# TYPE a thing", '1: "thing" is no type of a metric'],
  ["<html><body>502 Bad Gateway</body></html>", '1: "Bad" is no value of a sample'],
])("%j is refused with its line", (text, expected) => {
  expect(read(text)).toBe(expected);
});

test.each(["1a", 'a{b="c",b="d"}', "a{b}", 'a{__name__="x"}', "{}", 'a{b="c" d="e"}', "a{b=c}"])(
  "%s is no series",
  (text) => {
    expect(parseSeriesText(text).is).toBe("refused");
  },
);

test("too many samples and too long a series are refused", () => {
  expect(parseExposition("a 1\n".repeat(11), "prometheus-text", { samplesMax: 10, seriesTextMax: 99 }).is).toBe(
    "refused",
  );
  expect(read(`a{b="${"x".repeat(20_000)}"} 1`)).toMatch(/^1: a series of 20007 characters/);
});

test("counters and histograms start at zero, gauges don't", () => {
  const outcome = parseExposition(
    "# TYPE c_total counter\n# TYPE h histogram\n# TYPE g gauge\n# TYPE s summary\nc_total 1",
    "prometheus-text",
  );
  if (outcome.is === "refused") throw new Error(outcome.refusal.message);
  const starts = (name: string) => startsAtZero(name, familyOf(name, outcome.exposition.families));

  expect(["c_total", "h_bucket", "h_sum", "h_count", "s_count"].map(starts)).toEqual([true, true, true, true, true]);
  expect(["g", "s", "unheard_of_total"].map(starts)).toEqual([false, false, false]);
});
