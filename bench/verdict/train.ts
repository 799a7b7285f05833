// `npm run train [-- --seed N] [--sets N] [--heldOut N] [--trees N] [--depth N] [--kept FOLDER] [--out FILE]`
// trains the judge's learned layer, and refuses a model that is worse than the present one on releases held out.
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { deserialize, serialize } from "node:v8";
import { shippedModel } from "@sluice/verdict";
import { learn, outcomesOf, type Playback, silent, told, worseThan } from "@sluice/verdict/training";
import { taught } from "./playback.ts";
import { type Sizes, simulate } from "./simulated.ts";

const shipped = join(import.meta.dirname, "..", "..", "packages", "verdict", "src", "generated", "model.ts");
const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    sets: { type: "string", default: "18" },
    heldOut: { type: "string", default: "10" },
    trees: { type: "string", default: "100" },
    depth: { type: "string", default: "3" },
    kept: { type: "string" },
    out: { type: "string", default: shipped },
  },
});
/** Releases of one set; seven of ten are good, since those that come near a rollback are rare. */
const sizes = { layered: 160, rough: 80, queueing: 50, traces: 90, lone: 25 } satisfies Sizes;
const badShare = 0.3;

const began = performance.now();
const say = (text: string) => console.log(`${((performance.now() - began) / 1000).toFixed(0)} s: ${text}`);

/** By world. Where a folder was named they are kept there, so that another model can be tried without playing anew. */
async function played(set: number): Promise<Record<string, Playback[]>> {
  const file = values.kept === undefined ? undefined : join(values.kept, `${set}.v8`);
  if (file !== undefined && existsSync(file)) return deserialize(await readFile(file));
  const playbacks = Object.fromEntries(
    Object.entries(sizes).map(([world, count]) => [world, simulate(set, { [world]: count }, badShare)]),
  );
  if (file !== undefined) {
    await mkdir(join(file, ".."), { recursive: true });
    await writeFile(`${file}.new`, serialize(playbacks));
    await rename(`${file}.new`, file);
  }
  say(`played set ${set}`);
  return playbacks;
}

async function playedFrom(from: number, count: number): Promise<Playback[]> {
  const all: Playback[] = [];
  for (let set = from; set < from + count; set++) all.push(...Object.values(await played(set)).flat());
  return all;
}

const first = 100 * (Number(values.seed) - 1) + 1;
const training = await playedFrom(first, Number(values.sets));
const holdout = await playedFrom(first + 20, Number(values.heldOut));

// Without a model proof decides alone: a new one must be no worse than that.
const candidate = learn(training, {
  seed: Number(values.seed),
  trees: Number(values.trees),
  depth: Number(values.depth),
  families: taught,
});
say(`learned from ${training.length} releases; neutral at ${candidate.parts.slowness?.neutral}`);
say(told("proof alone", holdout, silent));
if (shippedModel !== undefined) say(told("the present model", holdout, shippedModel));
say(told("the new model", holdout, candidate));
const found = outcomesOf(holdout, candidate);
const rivals = shippedModel === undefined ? [silent] : [silent, shippedModel];
const fault = rivals.map((rival) => worseThan(found, outcomesOf(holdout, rival))).find((one) => one !== undefined);
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
