// The controllers in randomized rehearsal for as long as asked: `npm run soak -- --hours 8`; `--seed 7` repeats one story.
import { parseArgs } from "node:util";
import { seededRandom } from "@sluice/kernel";
import {
  type Invariant,
  invariants,
  play,
  type Story,
  shrink,
  storyFrom,
  storyOf,
  storyText,
  toldStory,
} from "@sluice/rehearsal/soak";

const { values } = parseArgs({
  options: {
    hours: { type: "string", default: "0.1" },
    seed: { type: "string" },
    story: { type: "string" },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) {
  console.log(`Plays the controllers in random stories on an unkind platform, and shrinks what violates an invariant.

  npm run soak -- [--hours N]   for so long (0.1)
  npm run soak -- --seed N      the one story of a seed, shrunk where it fails
  npm run soak -- --story JSON  a story as a soak prints it

Exits with 1 where an invariant was violated.`);
  process.exit();
}
function storyIn(text: string): Story {
  try {
    return storyFrom(text);
  } catch (thrown) {
    console.error((thrown as Error).message);
    process.exit(2);
  }
}
const numberOf = (name: string, text: string): number => {
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  console.error(`--${name} ${text}: expected a number from 0 on`);
  process.exit(2);
};
const first = values.seed === undefined ? Date.now() % 1_000_000_000 : numberOf("seed", values.seed);
const end = Date.now() + numberOf("hours", values.hours) * 3_600_000;
const given = values.story === undefined ? undefined : storyIn(values.story);
const isOne = values.seed !== undefined || given !== undefined;
const total = { stories: 0, releases: 0, crashes: 0, virtualMillis: 0, failures: 0 };
const checks = new Map<Invariant, number>();
/** What the platform did, what people did, and which controllers looked at something. */
const drawn = new Map<string, number>();
const acts = new Map<string, number>();
const passes = new Map<string, number>();
const add = <Name>(counts: Map<Name, number>, name: Name, count: number) =>
  counts.set(name, (counts.get(name) ?? 0) + count);
const yearMillis = 365.25 * 86_400_000;
const totals = () =>
  `${total.stories} stories, ${total.releases} releases, ${(total.virtualMillis / yearMillis).toFixed(2)} simulated years, ${total.crashes} crashes, ${total.failures} failures`;
const listed = (counts: ReadonlyMap<string, number>) =>
  [...counts]
    .toSorted((one, other) => other[1] - one[1])
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
let toldAt = Date.now();

if (given === undefined) console.log(`first seed ${first}`);
for (let seed = first; isOne ? seed === first : Date.now() < end; seed++) {
  const story = given ?? storyOf(seed, seededRandom(seed));
  const played = await play(story);
  total.stories++;
  total.releases += played.releases;
  total.crashes += played.drawn.crash;
  total.virtualMillis += played.virtualMillis;
  for (const [invariant, count] of played.checks) add(checks, invariant, count);
  for (const [what, count] of Object.entries(played.drawn)) add(drawn, what, count);
  for (const [kind, count] of played.passes) add(passes, kind, count);
  for (const step of story.steps) add(acts, step.do, 1);
  const { violated } = played;
  if (violated !== undefined) {
    total.failures++;
    console.log(`\nseed ${seed} violates ${violated.invariant}: shrinking its ${story.steps.length} steps`);
    const began = Date.now();
    const short = await shrink(story, async (next) => (await play(next)).violated?.invariant === violated.invariant);
    const { violated: still } = await play(short);
    const seconds = Math.round((Date.now() - began) / 1000);
    console.log(
      `${still?.message}\n${toldStory(short)}\n(${short.steps.length} steps of ${story.steps.length} after ${seconds} s)`,
    );
    console.log(`repeat: npm run soak -- --story '${storyText(short)}'`);
    if (given === undefined) console.log(`the whole of it: npm run soak -- --seed ${seed}\n`);
  }
  if (Date.now() - toldAt > 10_000) {
    toldAt = Date.now();
    console.log(totals());
  }
}
console.log(totals());
for (const [invariant, title] of invariants)
  console.log(`${String(checks.get(invariant) ?? 0).padStart(10)} checks of ${invariant}: ${title}`);
console.log(`the platform: ${listed(drawn)}`);
console.log(`people: ${listed(acts)}`);
console.log(`looked at: ${listed(passes)}`);
process.exitCode = total.failures === 0 ? 0 : 1;
