// `npm run train [-- --seed N] [--releases N] [--trees N] [--depth N] [--out FILE]`
// trains the judge's learned layer, and refuses a model that is worse than the present one on releases held out.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { shippedModel } from "@sluice/verdict";
import { learn, outcomesOf, type Playback, silent, told, worseThan } from "@sluice/verdict/training";
import { simulate } from "./simulated.ts";

const shipped = join(import.meta.dirname, "..", "..", "packages", "verdict", "src", "generated", "model.ts");
const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    releases: { type: "string", default: "1200" },
    trees: { type: "string", default: "90" },
    depth: { type: "string", default: "4" },
    out: { type: "string", default: shipped },
  },
});
const wanted = { seed: Number(values.seed), trees: Number(values.trees), depth: Number(values.depth) };
const releases = Number(values.releases);

const began = performance.now();
const say = (text: string) => console.log(`${((performance.now() - began) / 1000).toFixed(0)} s: ${text}`);
const played = (set: number, what: string, count: number, badShare: number): Playback[] => {
  const sizes = { layered: Math.round(0.75 * count), queueing: Math.round(0.25 * count) };
  const playbacks = simulate(10 * wanted.seed + set, sizes, badShare, () => {});
  say(`played ${playbacks.length} releases for ${what}`);
  return playbacks;
};

const training = played(1, "training", releases, 0.55);
const calibration = played(2, "calibration", Math.round(0.7 * releases), 0);
const holdout = played(3, "the holdout", Math.round(0.5 * releases), 0.4);

// Without a model proof decides alone: a new one must be no worse than that.
const present = shippedModel ?? silent;
const candidate = learn(training, calibration, wanted);
say(`${candidate.trees.length} trees; sure at ${candidate.sure}, at once at ${candidate.sureAtOnce}`);
say(told("proof alone", holdout, silent));
say(told("the present model", holdout, present));
say(told("the new model", holdout, candidate));
const fault = worseThan(outcomesOf(holdout, candidate), outcomesOf(holdout, present));
if (fault !== undefined) {
  console.error(`refused, ${values.out} stays as it is: ${fault}`);
  process.exit(1);
}
const head = `import type { TreeModel } from "../learned/trees.ts";\n\n// Written by \`npm run train\`.\n// prettier-ignore\n`;
await writeFile(
  values.out,
  `${head}export const shippedModel: TreeModel | undefined = ${JSON.stringify(candidate)};\n`,
);
say(`written to ${values.out}`);
