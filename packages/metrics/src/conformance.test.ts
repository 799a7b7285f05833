import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { runScript } from "./testing/run-script.ts";

/** Prometheus' own cases; they lie beside the repository where they are at hand, and aren't part of it. */
const folder = new URL("../../../../shared/conformance/promql/", import.meta.url);

/** At least so many of each file pass; the others need native histograms or experimental functions. */
const floors: { readonly [file: string]: number } = {
  aggregators: 126,
  collision: 2,
  literals: 25,
  operators: 144,
  range_queries: 14,
  selectors: 31,
  staleness: 17,
  subquery: 32,
};

describe.each(Object.entries(floors))("Prometheus' %s.test", (name, floor) => {
  const file = new URL(`${name}.test`, folder);

  test.skipIf(!existsSync(file))("answers rightly or refuses, never a wrong number", ({ annotate }) => {
    const tally = runScript(readFileSync(file, "utf8"));

    const { passed, refused, wrong, repeated } = tally;
    annotate(`${name}: ${passed} passed, ${refused} refused, ${wrong} wrong; ${repeated} repeated`);
    expect(tally.problems).toEqual([]);
    expect(tally.passed).toBeGreaterThanOrEqual(floor);
  });
});
