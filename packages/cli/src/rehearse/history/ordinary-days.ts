import { Fault, hours, instant, type Millis, toFault } from "@sluice/kernel";
import { parsePrometheusDuration } from "@sluice/languages";
import type { Readiness, Traffic } from "@sluice/rehearsal";
import type { HistoryDoor } from "./door.ts";
import { type HistoryOptions, historyDoor, ownState } from "./door-options.ts";
import { learnedTraffic, type ServiceOf } from "./learned-traffic.ts";
import { type LearnedReadiness, readinessOfMetrics, readinessOfPods } from "./readiness.ts";
import { storedPods } from "./stored-pods.ts";

export interface OrdinaryDay {
  readonly traffic: Traffic;
  /** Of its Pods; undefined where nobody was asked, or nothing told. */
  readonly readiness?: Readiness;
  /** How often its metrics are scraped; undefined where it was said, or nothing told. */
  readonly scrapeMillis?: Millis;
  /** Where from, what was found, what it came to. */
  readonly words: readonly string[];
}

type Options = HistoryOptions & {
  /** Said already: then Pods are asked for nothing. */
  readonly ready?: string;
  /** Said already. */
  readonly scrape?: string;
};

const weeks = hours(4 * 7 * 24);

/** For each Rollout what its service's metrics and its Pods tell, where there are any to ask. Faults: as of a door. */
export async function ordinaryDays(policies: readonly ServiceOf[], options: Options): Promise<readonly OrdinaryDay[]> {
  const length = typeof options.history === "string" ? historyOf(options.history) : weeks;
  const door = await historyDoor(options);
  const { service: services, query, queryFailures, scrape } = options;
  if (door === undefined) {
    refuseIdle(options);
    return [];
  }
  const now = Date.now();
  const wanted = {
    now,
    length,
    ...(services === undefined ? {} : { services }),
    ...(query === undefined ? {} : { query }),
    ...(queryFailures === undefined ? {} : { queryFailures }),
    ...(scrape === undefined ? {} : { scrape }),
  };
  try {
    const readinessOf = options.ready === undefined ? await asked(door, options, now) : async () => unasked;
    const days: OrdinaryDay[] = [];
    for (const policy of policies) {
      const { isLearned: _, words, ...learned } = await learnedTraffic(door, policy, wanted);
      const pods = await readinessOf(policy);
      days.push({ ...learned, ...pods, words: [...words, ...pods.words] });
    }
    return days;
  } finally {
    await door.close();
  }
}

const unasked: LearnedReadiness = { words: [] };

async function asked(
  door: HistoryDoor,
  options: Options,
  now: number,
): Promise<(policy: ServiceOf) => Promise<LearnedReadiness>> {
  const state = ownState(options);
  if (state === undefined) return ({ rollout }) => readinessOfMetrics(door, rollout, instant(now));
  try {
    const pods = await storedPods(state);
    return async ({ rollout }) => readinessOfPods(rollout, pods, `Sluice's store in ${state.path}`);
  } catch (thrown) {
    return async () => ({ words: [`couldn't be had: Pods of ${state.path}: ${toFault(thrown).message}`] });
  }
}

function refuseIdle({ history, service, query, queryFailures }: Options): void {
  const idle = [
    typeof history === "string" ? "--history" : undefined,
    service === undefined ? undefined : "--service",
    query === undefined ? undefined : "--query",
    queryFailures === undefined ? undefined : "--query-failures",
  ].find((flag) => flag !== undefined);
  if (idle === undefined) return;
  throw new Fault(
    "invalid",
    `${idle} needs metrics to ask: --from-prometheus, or the state of a Sluice here or in --data`,
  );
}

function historyOf(text: string): Millis {
  const parsed = parsePrometheusDuration(text);
  if (parsed.is === "parsed" && parsed.value > 0) return parsed.value;
  throw new Fault("invalid", `--history: found ${text}, expected a time such as 4w, 28d or 12h`);
}
