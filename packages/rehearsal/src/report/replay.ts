import { millis } from "@sluice/kernel";
import { noFault } from "../model/fault.ts";
import type { Recording } from "../model/recording.ts";
import { defaultTraffic } from "../model/traffic.ts";
import type { Policy } from "../policy/policy.ts";
import type { ProfileName } from "../policy/profile.ts";
import type { Outcome } from "../release/outcome.ts";
import { answerable, queriesOf } from "../release/queries.ts";
import { rehearseRelease } from "../release/release.ts";

export interface ReplayOptions {
  readonly profile?: ProfileName;
  readonly personMillis: number;
  /** How long its pods took to be ready. */
  readonly readyMillis: number;
  /** Into its second it began, 0 to 999. */
  readonly secondAgeMillis: number;
}

/**
 * A past release under this policy, on its own numbers: as many requests, as many of them failed and slow, in the shares
 * that this policy routes. After the last recorded second its end comes again and again.
 */
export async function replayRelease(policy: Policy, recording: Recording, options: ReplayOptions): Promise<Outcome> {
  const queries = queriesOf(policy);
  const { release } = recording;
  const endpoints = release.names?.endpoints ?? [];
  return rehearseRelease({
    policy: answerable(policy, queries),
    queries: { ...queries, scrapeSeconds: 1 },
    profile: options.profile ?? "sluice",
    fault: noFault,
    traffic: defaultTraffic,
    seed: 1,
    endpoints: endpoints.length === 0 ? ["/"] : endpoints,
    edgesMs: release.bucketEdgesMs,
    history: release.history,
    personMillis: options.personMillis,
    noticeMillis: 0,
    recording,
    start: { usual: millis(options.readyMillis), spread: 0, least: millis(0), further: millis(0) },
    secondAgeMillis: options.secondAgeMillis,
  });
}
