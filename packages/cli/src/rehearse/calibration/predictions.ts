import { appendFile, mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { formatInstant, type Instant } from "@sluice/kernel";
import type { ProfileResult, Rehearsal, Traffic } from "@sluice/rehearsal";

/** What a rehearsal said of the releases to come. */
export interface Prediction {
  readonly keptAt: string;
  readonly namespace: string;
  readonly rollout: string;
  readonly seed: number;
  readonly traffic: Pick<Traffic, "requestsPerSecond" | "errors" | "p95Ms">;
  readonly falseAborts: number;
  readonly asked: number;
  readonly predicted: ProfileResult["predicted"];
}

const fileOf = (folder: string, namespace: string, rollout: string): string =>
  join(folder, `${namespace}.${rollout}.ndjson`);

/** Keeps what Sluice is predicted to do. False where that wasn't rehearsed. */
export async function keepPrediction(folder: string, rehearsal: Rehearsal, now: Instant): Promise<boolean> {
  const { namespace, rollout, seed, traffic, profiles } = rehearsal;
  if (profiles.sluice === undefined) return false;
  const { good, predicted } = profiles.sluice;
  const { requestsPerSecond, errors, p95Ms } = traffic;
  const prediction: Prediction = {
    keptAt: formatInstant(now, "millis"),
    namespace,
    rollout,
    seed,
    traffic: { requestsPerSecond, errors, p95Ms },
    falseAborts: good.falseAborts,
    asked: good.asked,
    predicted,
  };
  const file = fileOf(folder, namespace, rollout);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await appendFile(file, `${JSON.stringify(prediction)}\n`, { mode: 0o600 });
  return true;
}

/** In the order in which they were kept. A line that a crash cut off is left out. */
export async function readPredictions(
  folder: string,
  namespace: string,
  rollout: string,
): Promise<readonly Prediction[]> {
  const text = await readFile(fileOf(folder, namespace, rollout), "utf8").catch(() => "");
  return text.split("\n").flatMap((line): readonly Prediction[] => {
    try {
      return line === "" ? [] : [JSON.parse(line) as Prediction];
    } catch {
      return [];
    }
  });
}
