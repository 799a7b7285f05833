// 10,000 Rollouts of which 200 are released: what looking at them costs, and how soon after a pause the next weight comes.
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Rollout } from "@sluice/api";
import { rolloutReconciler } from "@sluice/controllers";
import { quarantine, rolloutOf, routesOf } from "./fleet/objects.ts";
import { Fleet, heldBytes, median, readyAtOnce } from "./fleet/world.ts";
import type { Row } from "./row.ts";

// Most of the time goes into making them; ROLLOUTS=1000 npm run bench fleet takes a minute.
const rollouts = Number(process.env.ROLLOUTS ?? 10_000);
// Shorter than pauses are: of 200 releases three or four go on in the same second.
const pauseSeconds = Number(process.env.PAUSE ?? 60);

export async function bench(): Promise<Row[]> {
  const fleet = await Fleet.open();
  const rows: Row[] = [];
  try {
    const indices = Array.from({ length: rollouts }, (_, index) => index);
    await fleet.create(indices.flatMap(routesOf));
    await fleet.begin((effects) => [rolloutReconciler(effects), readyAtOnce(effects)]);
    const made = await fleet.passesOf(() =>
      fleet.create(indices.map((index) => rolloutOf(index, "web:v1", pauseSeconds))),
    );
    rows.push({ name: `${rollouts} Rollouts from nothing to healthy`, value: made.tookMs / 1000, unit: "s" });
    fleet.end();

    const { items } = await fleet.client.list<Rollout>({ apiVersion: "argoproj.io/v1alpha1", kind: "Rollout" });
    const texts = indices.slice(0, 2000).map(() => 0);
    for (const index of texts.keys()) {
      const began = performance.now();
      JSON.stringify(items[index]);
      texts[index] = performance.now() - began;
    }
    const stringifyMs = texts.reduce((sum, value) => sum + value, 0) / texts.length;
    const bytesOf = async (kind: string, apiVersion: string) => {
      const { items: all } = await fleet.client.list({ apiVersion, kind });
      return all.reduce((sum, object) => sum + JSON.stringify(object).length, 0);
    };
    const json =
      (await bytesOf("Rollout", "argoproj.io/v1alpha1")) +
      (await bytesOf("ReplicaSet", "apps/v1")) +
      (await bytesOf("VirtualService", "networking.istio.io/v1")) +
      (await bytesOf("DestinationRule", "networking.istio.io/v1"));

    const before = await heldBytes();
    const look = () => fleet.passesOf(() => fleet.begin((effects) => [rolloutReconciler(effects)]));
    const looks = [await look(), await look(), await look()];
    const perPass = median(looks.map(({ cpuMs, passes }) => (cpuMs * 1000) / passes));
    rows.push({
      name: `a pass over a Rollout at rest, of ${rollouts} (CPU)`,
      value: perPass,
      unit: "us",
      peer: `JSON.stringify of it: ${(stringifyMs * 1000).toFixed(1)} us`,
      ratio: perPass / (stringifyMs * 1000),
    });
    rows.push({
      name: "a control plane's start: all looked at once",
      value: median(looks.map(({ tookMs }) => tookMs)),
      unit: "ms",
    });
    const held = (await heldBytes()) - before;
    rows.push({
      name: `memory of the loop over ${rollouts} Rollouts and what they read`,
      value: held / 2 ** 20,
      unit: "MiB",
      peer: `their JSON: ${(json / 2 ** 20).toFixed(1)} MiB`,
      ratio: held / json,
    });

    const woken = await fleet.passesOf(() => fleet.client.create(quarantine(1)));
    rows.push({ name: "Rollouts looked at when one Quarantine comes", value: woken.passes, unit: "", goal: "1" });
    await fleet.create(Array.from({ length: 1000 }, (_, index) => quarantine(rollouts + index)));
    const crowded = [await look(), await look(), await look()];
    const perCrowdedPass = median(crowded.map(({ cpuMs, passes }) => (cpuMs * 1000) / passes));
    rows.push({
      name: "a pass over a Rollout beside 1,000 Quarantines (CPU)",
      value: perCrowdedPass,
      unit: "us",
      peer: "without",
      ratio: perCrowdedPass / perPass,
    });
    await fleet.leave();
    rows.push(...(await pausesOf(fleet.folder)));
  } finally {
    await fleet.stop();
  }
  return rows;
}

/** In a control plane that has just started: this one's heap was emptied by force, and V8 keeps it small since then. */
async function pausesOf(folder: string): Promise<readonly Row[]> {
  const program = join(import.meta.dirname, "fleet", "process.ts");
  const child = fork(program, [folder, String(rollouts), String(pauseSeconds)]);
  const [measured] = await Promise.race([once(child, "message"), once(child, "exit")]);
  if (!Array.isArray(measured)) throw new Error(`the released fleet's process ended with ${measured}`);
  return measured;
}
