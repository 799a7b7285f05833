// What a rehearsed release costs: in seconds of this machine's processor, and against the time that it stands for.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { minutes } from "@sluice/kernel";
import { defaultTraffic, policiesOf, rehearse } from "@sluice/rehearsal";
import { parseManifests } from "@sluice/sources";
import { ReleaseThreads } from "../packages/cli/src/rehearse/threads.ts";
import type { Row } from "./row.ts";

const folder = join(import.meta.dirname, "rehearsal");

async function policyOf(file: string) {
  const text = readFileSync(join(folder, file), "utf8");
  const [policy] = await policiesOf(parseManifests(file, text).resources.map(({ resource }) => resource));
  if (policy === undefined) throw new Error(`no Rollout in ${file}`);
  return policy;
}

const options = {
  traffic: defaultTraffic,
  seed: 1,
  runs: 1,
  personMillis: minutes(10),
  noticeMillis: minutes(60),
  faults: [],
};

async function measured(file: string, profile: "argo" | "sluice", count: number) {
  const policy = await policyOf(file);
  const run = (goodRuns: number) => rehearse(policy, { ...options, goodRuns, profiles: [profile] });
  await run(Math.min(20, count));
  const before = process.cpuUsage();
  const { profiles } = await run(count);
  const { user, system } = process.cpuUsage(before);
  return { cpuSeconds: (user + system) / 1e6, virtualSeconds: (profiles[profile]?.good.seconds ?? 0) * count };
}

/** As the command plays them: a thread for each of two cores, which start cold. */
async function threaded(file: string, profile: "argo" | "sluice", count: number): Promise<number> {
  const policy = await policyOf(file);
  const began = performance.now();
  const threads = new ReleaseThreads(2);
  await rehearse(policy, { ...options, goodRuns: count, profiles: [profile], play: threads.play });
  await threads.close();
  return (performance.now() - began) / 1000;
}

export async function bench(): Promise<Row[]> {
  const count = Number(process.env.EACH ?? 1000);
  const rows: Row[] = [];
  for (const profile of ["argo", "sluice"] as const) {
    rows.push({
      name: `${count} canaries of 28 min with 3 metrics, as ${profile}`,
      value: await threaded("canary.yaml", profile, count),
      unit: "s on 2 threads",
      goal: `< ${count / 50} s on 2 free cores`,
    });
    const each = Math.min(count, 100);
    const canary = await measured("canary.yaml", profile, each);
    rows.push({
      name: `one of them, as ${profile}`,
      value: (1000 * canary.cpuSeconds) / each,
      unit: "ms of CPU",
      ratio: canary.virtualSeconds / canary.cpuSeconds,
      peer: "real time",
      goal: "< 40 ms",
    });
    const ring = await measured("ring.yaml", profile, 10);
    rows.push({
      name: `a ring rollout of 31 h, as ${profile}`,
      value: 100 * ring.cpuSeconds,
      unit: "ms of CPU",
      ratio: ring.virtualSeconds / ring.cpuSeconds,
      peer: "real time",
      goal: "< 100 ms",
    });
  }
  return rows;
}
