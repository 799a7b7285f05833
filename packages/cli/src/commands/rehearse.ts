import { access, constants, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Fault, hours, minutes } from "@sluice/kernel";
import { parseGoDuration } from "@sluice/languages";
import {
  checkRequirements,
  defaultTraffic,
  faults,
  goodRunsFor,
  type Rehearsal,
  readPolicies,
  readRequirements,
  rehearse as rehearsed,
  type SharedOptions,
  type Suggestion,
  suggest,
} from "@sluice/rehearsal";
import { locateState } from "../connection.ts";
import { wallClock } from "../control-plane/real-clock.ts";
import { readRepository } from "../manifests.ts";
import { keepPrediction } from "../rehearse/calibration/predictions.ts";
import type { HistoryOptions } from "../rehearse/history/door-options.ts";
import { ordinaryDays } from "../rehearse/history/ordinary-days.ts";
import { renderHtml } from "../rehearse/html.ts";
import { pageColumns, renderChecks, renderRehearsal } from "../rehearse/render.ts";
import { tellSuggestion } from "../rehearse/suggestion.ts";
import { ReleaseThreads } from "../rehearse/threads.ts";
import { type TrafficWords, trafficOf } from "../rehearse/traffic-words.ts";
import { hasColour, paint } from "../terminal/style.ts";

export interface RehearseOptions extends TrafficWords, HistoryOptions {
  readonly seed?: string;
  readonly runs?: string;
  readonly good?: string;
  readonly fault?: readonly string[];
  readonly person?: string;
  readonly notice?: string;
  /** How long a Pod takes to be ready. */
  readonly ready?: string;
  /** How often the real metrics are scraped; wins over what was learned. */
  readonly scrape?: string;
  readonly require?: string;
  readonly json?: boolean;
  /** `argo`, or true for Sluice. */
  readonly suggest?: string | boolean;
  /** The same harm in less time, not less harm in the same time. */
  readonly shortest?: boolean;
  readonly write?: boolean;
  /** A file for the standalone report. */
  readonly html?: string;
  /** In the state folder, to be compared with what happens. */
  readonly keep?: boolean;
  /** Of what names none. */
  readonly namespace?: string;
}

const worthThreads = 60;
/** A release that isn't over after two weeks is given up. */
const longestWait = hours(168);

/** `sluice rehearse FILE…`: needs nothing running. 1 where a requirement isn't met, 2 where a file can't be rehearsed. */
export async function rehearse(paths: readonly string[], options: RehearseOptions): Promise<number> {
  if (paths.length === 0)
    throw new Fault("invalid", "nothing to rehearse: name files or folders, or a release with --replay");
  const { files, resources, leftOut, broken } = await readRepository(paths);
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  trafficOf(options);
  const chosen = options.fault === undefined ? {} : { faults: [...new Set(options.fault)].map(faultOf) };
  // A gate that can't be read should say so before a minute has gone by.
  if (options.require !== undefined)
    readRequirements(
      options.require,
      (chosen.faults ?? faults).map(({ name }) => name),
    );
  if (options.html !== undefined) await refuseUnwritable(options.html);
  const runs = count("--runs", options.runs, 10);
  const told = {
    person: duration("--person", options.person),
    notice: duration("--notice", options.notice),
    ready: duration("--ready", options.ready),
    scrape: duration("--scrape", options.scrape),
    seed: count("--seed", options.seed, 1),
    good: count("--good", options.good, goodRunsFor(runs)),
  };
  const results: Rehearsal[] = [];
  const suggestions: Suggestion[] = [];
  const sought = profileOf(options.suggest);
  const isWatched = process.stderr.isTTY === true && options.json !== true;
  const { policies, refused, doubled } = await readPolicies(resources, {
    ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
    // What is kept is compared with what happens: without a RollbackPolicy nothing is held back then.
    holdsBackWithoutPolicy: options.keep !== true,
  });
  const aside = [...leftOut, ...doubled];
  if (aside.length > 0) console.error(`left out: ${aside.join("\n          ")}\n`);
  for (const message of [...broken, ...refused.map((fault) => fault.message)]) {
    console.error(`${paint("red", "not rehearsed:", isWatched)} ${message}\n`);
  }
  const days = await ordinaryDays(policies, options);
  const faultCount = options.fault?.length ?? faults.length;
  // A thread costs as much as a few dozen releases until it plays its first.
  const threads = policies.length * faultCount * runs < worthThreads ? undefined : new ReleaseThreads();
  try {
    for (const [index, policy] of policies.entries()) {
      const {
        traffic,
        words,
        readiness,
        scrapeMillis = told.scrape,
      } = days[index] ?? { traffic: defaultTraffic, words: [] };
      const shared: SharedOptions = {
        traffic: trafficOf(options, traffic),
        learned: words,
        seed: told.seed,
        runs,
        goodRuns: told.good,
        personMillis: told.person ?? minutes(10),
        noticeMillis: told.notice ?? minutes(60),
        ...(told.ready === undefined ? {} : { readyMillis: told.ready }),
        ...(scrapeMillis === undefined ? {} : { scrapeMillis }),
        ...(readiness === undefined ? {} : { readiness }),
        ...(threads === undefined ? {} : { play: threads.play }),
        onRelease: async (done, all) => {
          if (done % 20 !== 0 && done !== all) return;
          if (isWatched) process.stderr.write(done === all ? "\r\u001b[K" : `\r${done} of ${all} releases `);
          // The rehearsal itself never waits for anything: Ctrl-C must get a turn.
          await new Promise((resolve) => setImmediate(resolve));
        },
      };
      results.push(await rehearsed(policy, { ...shared, ...chosen }));
      if (sought === undefined) continue;
      const few = { runs: Math.max(2, Math.ceil(runs / 3)), goodRuns: Math.max(4, runs) };
      suggestions.push(
        await suggest(policy, sought, { ...shared, ...few }, options.shortest ? "shortest" : "leastHarm"),
      );
    }
  } finally {
    await threads?.close();
  }
  const checks = results.map((result) =>
    options.require === undefined ? [] : checkRequirements(options.require, result),
  );
  if (options.keep === true) await keepAll(results, options.data);
  if (options.html !== undefined) await writeFile(options.html, renderHtml(results)).catch(cantWrite(options.html));
  if (options.json) {
    console.log(
      JSON.stringify(
        results.map((result, index) => ({ ...result, requirements: checks[index], suggestion: suggestions[index] })),
      ),
    );
  } else {
    for (const [index, result] of results.entries()) {
      if (index > 0) console.log("");
      console.log(renderRehearsal(result, hasColour(), pageColumns()));
      const suggestion = suggestions[index];
      if (suggestion !== undefined) {
        const rollout = { name: result.rollout, namespace: result.namespace };
        const place = { files: texts, rollout, write: options.write === true, color: hasColour() };
        console.log(`\n${await tellSuggestion(suggestion, place)}`);
      }
      const own = checks[index] ?? [];
      if (own.length > 0) console.log(`\n${renderChecks(own, hasColour())}`);
    }
  }
  if (!checks.flat().every(({ isMet }) => isMet)) return 1;
  return refused.length + broken.length === 0 ? 0 : 2;
}

/** Before a minute has gone by, and without a file that would be left behind by whoever breaks off. */
async function refuseUnwritable(path: string): Promise<void> {
  const info = await stat(path).catch(() => undefined);
  if (info?.isDirectory()) throw new Fault("invalid", `--html: found the folder ${path}, expected a file`);
  await access(info === undefined ? dirname(path) : path, constants.W_OK).catch(cantWrite(path));
}

const cantWrite = (path: string) => (cause: NodeJS.ErrnoException) => {
  throw new Fault("invalid", `--html: can't write ${path}: ${cause.code}`, { cause });
};

async function keepAll(results: readonly Rehearsal[], data: string | undefined): Promise<void> {
  const { rehearsals } = locateState(data);
  for (const result of results) await keepPrediction(rehearsals, result, wallClock.now());
}

function profileOf(suggested: string | boolean | undefined): "argo" | "sluice" | undefined {
  if (suggested === undefined || suggested === false) return undefined;
  if (suggested === true || suggested === "sluice") return "sluice";
  if (suggested === "argo") return "argo";
  throw new Fault("invalid", `--suggest: found ${suggested}, expected argo, sluice or nothing`);
}

function faultOf(name: string) {
  const found = faults.find((fault) => fault.name === name);
  if (found !== undefined) return found;
  throw new Fault("invalid", `--fault: no fault "${name}"; there are ${faults.map((fault) => fault.name).join(", ")}`);
}

function count(flag: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 100_000) return value;
  throw new Fault("invalid", `${flag}: found ${text}, expected a whole number from 1 to 100000`);
}

function duration(flag: string, text: string | undefined) {
  if (text === undefined) return undefined;
  const parsed = parseGoDuration(text);
  if (parsed.is === "parsed" && parsed.value > 0 && parsed.value <= longestWait) return parsed.value;
  throw new Fault("invalid", `${flag}: found ${text}, expected a time such as 10m, of at most 168h`);
}
