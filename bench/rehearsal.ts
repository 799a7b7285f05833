// What a rehearsed release costs: in seconds of this machine's processor, and against the time that it stands for.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { minutes } from "@sluice/kernel";
import { defaultTraffic, policiesOf, rehearse } from "@sluice/rehearsal";
import { parseManifests } from "@sluice/sources";
import type { Row } from "./row.ts";

const folder = join(import.meta.dirname, "rehearsal");

async function measured(file: string, profile: "argo" | "sluice", count: number) {
  const text = readFileSync(join(folder, file), "utf8");
  const [policy] = await policiesOf(parseManifests(file, text).resources.map(({ resource }) => resource));
  if (policy === undefined) throw new Error(`no Rollout in ${file}`);
  const options = { traffic: defaultTraffic, seed: 1, runs: 1, personMillis: minutes(10), noticeMillis: minutes(60) };
  const run = (goodRuns: number) => rehearse(policy, { ...options, goodRuns, faults: [], profiles: [profile] });
  await run(Math.min(20, count));
  const before = process.cpuUsage();
  const { profiles } = await run(count);
  const { user, system } = process.cpuUsage(before);
  return { cpuSeconds: (user + system) / 1e6, virtualSeconds: (profiles[profile]?.good.seconds ?? 0) * count };
}

export async function bench(): Promise<Row[]> {
  const count = Number(process.env.EACH ?? 200);
  const rows: Row[] = [];
  for (const profile of ["argo", "sluice"] as const) {
    const canary = await measured("canary.yaml", profile, count);
    rows.push({
      name: `1,000 canaries of 28 min with 3 metrics, as ${profile}`,
      value: (1000 * canary.cpuSeconds) / count,
      unit: "s of CPU",
      ratio: canary.virtualSeconds / canary.cpuSeconds,
      peer: "real time",
      goal: "< 40 s (20 s on 2 cores)",
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
