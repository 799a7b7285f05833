import { Fault, minutes } from "@sluice/kernel";
import { parseGoDuration } from "@sluice/languages";
import { checkRequirements, faults, policiesOf, type Rehearsal, rehearse as rehearsed } from "@sluice/rehearsal";
import { readManifests } from "../manifests.ts";
import { renderChecks, renderRehearsal } from "../rehearse/render.ts";
import { type TrafficWords, trafficOf } from "../rehearse/traffic-words.ts";
import { hasColour } from "../terminal/style.ts";

export interface RehearseOptions extends TrafficWords {
  readonly seed?: string;
  readonly runs?: string;
  readonly good?: string;
  readonly fault?: readonly string[];
  readonly person?: string;
  readonly notice?: string;
  readonly require?: string;
  readonly json?: boolean;
}

/** `sluice rehearse FILE…`: needs nothing running. 1 where a requirement isn't met. */
export async function rehearse(paths: readonly string[], options: RehearseOptions): Promise<number> {
  const manifests = (await readManifests(paths)).map(({ resource }) => resource);
  const traffic = trafficOf(options);
  const chosen = options.fault === undefined ? {} : { faults: options.fault.map(faultOf) };
  const runs = count("--runs", options.runs, 10);
  const results: Rehearsal[] = [];
  const isWatched = process.stderr.isTTY === true && options.json !== true;
  for (const policy of await policiesOf(manifests)) {
    const result = await rehearsed(policy, {
      traffic,
      seed: count("--seed", options.seed, 1),
      runs,
      goodRuns: count("--good", options.good, Math.max(20, runs * 4)),
      personMillis: duration("--person", options.person) ?? minutes(10),
      noticeMillis: duration("--notice", options.notice) ?? minutes(60),
      ...chosen,
      onRelease: async (done, all) => {
        if (done % 20 !== 0 && done !== all) return;
        if (isWatched) process.stderr.write(done === all ? "\r\u001b[K" : `\r${done} of ${all} releases `);
        // The rehearsal itself never waits for anything: Ctrl-C must get a turn.
        await new Promise((resolve) => setImmediate(resolve));
      },
    });
    results.push(result);
  }
  const checks = results.map((result) =>
    options.require === undefined ? [] : checkRequirements(options.require, result),
  );
  if (options.json) {
    console.log(JSON.stringify(results.map((result, index) => ({ ...result, requirements: checks[index] }))));
  } else {
    for (const [index, result] of results.entries()) {
      console.log(renderRehearsal(result, hasColour()));
      const own = checks[index] ?? [];
      if (own.length > 0) console.log(`\n${renderChecks(own, hasColour())}`);
    }
  }
  return checks.flat().every(({ isMet }) => isMet) ? 0 : 1;
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
  if (parsed.is === "parsed" && parsed.value > 0) return parsed.value;
  throw new Fault("invalid", `${flag}: found ${text}, expected a time such as 10m`);
}
