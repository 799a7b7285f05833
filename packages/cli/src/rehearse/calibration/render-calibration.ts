import { amount, percent, span } from "@sluice/rehearsal";
import { padEnd, paint, width } from "../../terminal/style.ts";
import type { Calibration, Compared, ComparedRelease } from "./calibration.ts";

const headers = ["release", "", "predicted", "took", "off by", "harm predicted", "harmed"];

/** Predicted against actual, release by release, and how often the intervals held. */
export function renderCalibration({ releases, within, rolledBack, predictedFalseAborts }: Calibration, color: boolean) {
  const known = releases.filter(({ keptAt }) => keptAt !== undefined);
  const without = releases.length - known.length;
  const unknown =
    without === 0 ? [] : [`${without} of ${releases.length} releases ended with no prediction kept before them`];
  if (known.length === 0) {
    return [
      ...unknown,
      "nothing to compare yet: keep a prediction with sluice rehearse FILE --keep, then release",
    ].join("\n");
  }
  const rows = known.map((one) => rowOf(one, color));
  const widths = headers.map((_, column) => Math.max(...[headers, ...rows].map((row) => width(row[column] ?? ""))));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => padEnd(cell, widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  const [durations, ofDurations] = within.durations;
  const [harms, ofHarms] = within.harms;
  const held = `within the interval that nine in ten should be in: ${durations} of ${ofDurations} durations${ofHarms === 0 ? "" : `, ${harms} of ${ofHarms} harms`}`;
  const share =
    predictedFalseAborts === undefined ? "" : `; of good ones ${percent(predictedFalseAborts)} were predicted to be`;
  return [
    paint("bold", line(headers), color),
    ...rows.map(line),
    "",
    held,
    `${rolledBack} of ${known.length} were taken back${share}`,
    ...unknown,
  ].join("\n");
}

function rowOf({ release, duration, harmed }: ComparedRelease, color: boolean): readonly string[] {
  const isGood = release.outcome === "promoted";
  return [
    `${release.rollout}@${release.revision} ${release.version}`,
    isGood ? "promoted" : "taken back",
    duration === undefined ? "-" : interval(duration, span),
    span(release.seconds),
    duration === undefined ? "-" : paint(duration.isWithin ? "green" : "yellow", offBy(duration), color),
    harmed === undefined ? "-" : interval(harmed, amount),
    release.harmed === undefined ? "-" : amount(release.harmed),
  ];
}

function interval({ predicted: { low, median, high } }: Compared, words: (value: number) => string): string {
  const [from, middle, to] = [words(low), words(median), words(high)];
  return from === to ? middle : `${middle} (${from} to ${to})`;
}

function offBy({ predicted, actual }: Compared): string {
  if (predicted.median === 0) return actual === 0 ? "0 %" : "-";
  const off = Math.round((100 * (actual - predicted.median)) / predicted.median);
  return `${off > 0 ? "+" : ""}${off} %`;
}
