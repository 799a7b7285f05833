// `node bench/verdict/figure.ts RUN.json... [--out FILE]` draws docs/pictures/verdict.svg: the harm that each judge leaves
// against the good releases that it takes back. RUN.json is what the benchmark's `bin/run.mjs --out` writes.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { interval } from "./interval.ts";

/** Of the benchmark's own judges, in percent, over 3,360 good and 2,000 bad releases of another salt. */
const others: readonly (readonly [name: string, falseRollbacks: number, harmLeft: number])[] = [
  ["the listing's rules", 96.7, 5.5],
  ["rules, cumulative", 45.1, 43.4],
  ["Argo thresholds", 9, 62.4],
  ["Flagger", 33.1, 25.4],
  ["Kayenta, each minute", 9.3, 30.2],
  ["Kayenta at step end", 1.3, 39.3],
  ["z-test, peeking", 59, 10.9],
  ["mSPRT", 43.8, 18.4],
  ["Netflix-style", 28.8, 28.7],
  ["e-process", 0.9, 27.5],
  ["boosted trees", 0.5, 23.5],
  ["trees, randomised", 0.2, 27.4],
];

type ReleaseRow = readonly [family: string, rps: number, noise: string, state: string, at: number, ...rest: unknown[]];

interface Run {
  readonly opt: { readonly families: readonly (readonly [name: string, label: string])[] };
  /** Bad releases in the order of the rows, had nobody done anything. */
  readonly bl: readonly { readonly family: string; readonly harm: number }[];
  readonly rows: Readonly<Record<string, readonly ReleaseRow[]>>;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: "string", default: join(import.meta.dirname, "..", "..", "docs", "pictures", "verdict.svg") },
  },
});
if (positionals.length === 0) {
  console.error("RUN.json: expected at least one file that the benchmark's bin/run.mjs wrote by --out");
  process.exit(2);
}

const left: number[] = [];
let good = 0;
let takenBack = 0;
for (const path of positionals) {
  const { opt, bl: unjudged, rows } = JSON.parse(await readFile(path, "utf8")) as Run;
  const labels = new Map(opt.families);
  for (const judged of Object.values(rows)) {
    const bad = judged.filter(([family]) => labels.get(family) === "bad");
    for (const [family, , , state] of judged) {
      if (labels.get(family) !== "good") continue;
      good++;
      if (state === "r") takenBack++;
    }
    for (const [index, [family, , , , , , , harm]] of bad.entries()) {
      const all = unjudged[index];
      // Leaks harm nobody until memory is out.
      if (all === undefined || all.family !== family || all.harm <= 0.5 || family.startsWith("leak")) continue;
      left.push(Math.min(1.5, Math.max(0, Number(harm)) / all.harm));
    }
  }
}

const harmLeft = (100 * left.reduce((sum, share) => sum + share, 0)) / Math.max(1, left.length);
const [low, high] = interval(takenBack, good);
const x = (percent: number): number => 154 + 178.6 * Math.log10(Math.max(0.04, percent) / 0.1);
const y = (percent: number): number => 350 - (283 / 60) * percent;
const line = (x1: number, x2: number, y1: number, y2: number): string =>
  `<line x1="${x1.toFixed(1)}" x2="${x2.toFixed(1)}" y1="${y1.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="#e5e5e5"/>`;
const point = (name: string, atX: number, atY: number): string => {
  const isRight = atX > 510;
  const label = `x="${(atX + (isRight ? -7 : 7)).toFixed(1)}" y="${(atY + 4).toFixed(1)}"`;
  return `<circle cx="${atX.toFixed(1)}" cy="${atY.toFixed(1)}" r="4" fill="#777"/><text ${label} text-anchor="${isRight ? "end" : "start"}" fill="#333">${name}</text>`;
};
const name = `Sluice: ${takenBack} of ${good.toLocaleString("en")}`;
const ours = [x((100 * takenBack) / good), y(harmLeft)] as const;
const picture = [
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 400" font-family="system-ui,sans-serif" font-size="12">`,
  `<rect width="720" height="400" fill="#fff"/><title>Harm against false rollbacks, by judge</title>`,
  ...[0.1, 1, 10, 100].flatMap((percent) => [
    line(x(percent), x(percent), 20, 350),
    `<text x="${x(percent).toFixed(1)}" y="366" text-anchor="middle" fill="#444">${percent} %</text>`,
  ]),
  ...[0, 20, 40, 60].flatMap((percent) => [
    line(60, 690, y(percent), y(percent)),
    `<text x="54" y="${(y(percent) + 4).toFixed(1)}" text-anchor="end" fill="#444">${percent} %</text>`,
  ]),
  `<text x="390" y="388" text-anchor="middle">good releases rolled back</text>`,
  `<text transform="translate(16,200) rotate(-90)" text-anchor="middle">harm left, of doing nothing</text>`,
  ...others.map(([other, falseRollbacks, harm]) => point(other, x(falseRollbacks), y(harm))),
  `<line x1="${x(low).toFixed(1)}" x2="${x(high).toFixed(1)}" y1="${ours[1].toFixed(1)}" y2="${ours[1].toFixed(1)}" stroke="#0a6" stroke-width="2"/>`,
  `<circle cx="${ours[0].toFixed(1)}" cy="${ours[1].toFixed(1)}" r="6" fill="#0a6"/>`,
  `<text x="${(ours[0] - 2).toFixed(1)}" y="${(ours[1] + 22).toFixed(1)}" text-anchor="middle" font-weight="700" fill="#064">${name}</text>`,
  "</svg>",
];
await writeFile(values.out, `${picture.join("\n")}\n`);
console.log(`${name} taken back (95 %: ${low.toFixed(2)} to ${high.toFixed(2)} %), harm left ${harmLeft.toFixed(1)} %`);
