// `node bench/verdict/known-starts.ts FOLDER [--salts f1] [--good 0] [--bad 6] [--families FILE] [--earlier 3] [--starts fast]`: what it is
// worth that the judge knows how a service's earlier releases started, in the benchmark that lies in FOLDER (README.md
// there). Before each release so many good ones of the same service are played, whose Pods start like its own, give or take
// a quarter; with `--starts fast` they started mildly whatever this one does.
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { createJudge, type KnownStarts } from "@sluice/verdict";
import { type StartLine, toRelease, toWindow, type WindowLine } from "../../packages/cli/src/commands/judge-lines.ts";
import { sourcesOf } from "./folder.ts";

interface Start {
  readonly lat: number;
  readonly err: number;
  readonly tau: number;
}

interface Spec {
  readonly family: string;
  readonly label: "good" | "bad";
  readonly rps: number;
  readonly seed: number;
  readonly service: { readonly cold: Start };
}

type Shown = Omit<WindowLine, "type" | "id">;

interface Ran {
  readonly state: "promoted" | "rolledback" | "inconclusive";
  readonly rollbackAt: number | null;
  readonly onset: number | null;
  readonly harm: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    salts: { type: "string", default: "f1" },
    good: { type: "string", default: "0" },
    bad: { type: "string", default: "6" },
    families: { type: "string" },
    earlier: { type: "string", default: "3" },
    starts: { type: "string", default: "own" },
  },
});
const source = sourcesOf(positionals[0]);
const { population } = (await import(source("population.js"))) as {
  population(asked: object): Iterable<Spec>;
};
const { runOne, baseline } = (await import(source("harness.js"))) as {
  runOne(judge: { create(start: Omit<StartLine, "type" | "id">): { observe(window: Shown): object } }, spec: Spec): Ran;
  baseline(spec: Spec): { readonly at: readonly (number | null)[]; readonly power: readonly number[] };
};
const { Rng, hash32 } = (await import(source("rng.js"))) as {
  readonly Rng: new (seed: number) => { n(): number; range(from: number, to: number): number };
  hash32(...parts: (number | string)[]): number;
};

function play(spec: Spec, starts: KnownStarts | undefined) {
  let after: KnownStarts | undefined;
  const judge = {
    create(start: Omit<StartLine, "type" | "id">) {
      const judging = createJudge({ ...toRelease(start), ...(starts === undefined ? {} : { starts }) });
      return {
        observe(window: Shown) {
          const { action, because } = judging.observe(toWindow(window));
          after = judging.starts;
          return { action, reason: because };
        },
      };
    },
  };
  return { ran: runOne(judge, spec), after: () => after };
}

/** What the service's earlier releases leave, those that were kept. */
function knownOf(spec: Spec): KnownStarts | undefined {
  const random = new Rng(hash32(spec.seed, 777));
  let known: KnownStarts | undefined;
  for (let release = 0; release < Number(values.earlier); release++) {
    const like = (value: number) => value * Math.exp(0.25 * random.n());
    const own = spec.service.cold;
    const { lat, err, tau } =
      values.starts === "fast" ? { lat: random.range(0, 0.3), err: random.range(0, 0.3), tau: 40 } : own;
    const service = { ...spec.service, cold: { lat: like(lat), err: like(err), tau: like(tau) } };
    const good = { ...spec, seed: hash32(spec.seed, 1000 + release), release: null, shocks: [], service };
    const { ran, after } = play(good, known);
    if (ran.state === "promoted") known = after();
  }
  return known;
}

interface Outcome {
  readonly spec: Spec;
  readonly ran: Ran;
}

const families =
  values.families === undefined
    ? {}
    : { families: ((await import(pathToFileURL(resolve(values.families)).href)) as { FAMILIES: object }).FAMILIES };
const asked = { ...families, nGood: Number(values.good), nBad: Number(values.bad) };
const [without, knowing]: [Outcome[], Outcome[]] = [[], []];
for (const salt of values.salts.split(",")) {
  for (const spec of population({ ...asked, salt })) {
    without.push({ spec, ran: play(spec, undefined).ran });
    knowing.push({ spec, ran: play(spec, knownOf(spec)).ran });
  }
}
for (const [name, outcomes] of [
  ["nothing known", without],
  [`${values.earlier} earlier releases, ${values.starts} starts`, knowing],
] as const) {
  console.log(`${name}: ${goodWords(outcomes)}${badWords(outcomes)}`);
}

function goodWords(outcomes: readonly Outcome[]): string {
  const good = outcomes.filter(({ spec }) => spec.label === "good");
  return good.length === 0
    ? ""
    : `${good.filter(({ ran }) => ran.state === "rolledback").length} of ${good.length} good ones taken back `;
}

function badWords(outcomes: readonly Outcome[]): string {
  const bad = outcomes.filter(({ spec }) => spec.label === "bad");
  if (bad.length === 0) return "";
  let [detectable, caught] = [0, 0];
  const delays: number[] = [];
  for (const { spec, ran } of bad) {
    const { at, power } = baseline(spec);
    const { rollbackAt, onset } = ran;
    const isCaught = rollbackAt !== null && onset !== null && rollbackAt > onset;
    if ((power[0] ?? 0) >= 0.95 || spec.family.includes("leak")) {
      detectable++;
      if (isCaught) caught++;
    }
    const reference = at[0] ?? null;
    if (isCaught && reference !== null) delays.push((rollbackAt - onset) / Math.max(10, reference - onset));
  }
  delays.sort((one, other) => one - other);
  const harm = [...new Set(bad.map(({ spec }) => spec.rps))].map((rps) => {
    const those = bad.filter(({ spec }) => spec.rps === rps && !spec.family.includes("leak"));
    return `${Math.round(those.reduce((sum, { ran }) => sum + Math.max(0, ran.harm), 0) / those.length)}k`;
  });
  return `caught ${caught} of ${detectable}, delay ${(delays[delays.length >> 1] ?? 0).toFixed(2)}x, harm ${harm.join(" / ")}`;
}
