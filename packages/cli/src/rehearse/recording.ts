import type { Judgement } from "@sluice/api";
import { type Instant, instant, millis, parseInstant, ratio, seconds } from "@sluice/kernel";
import { type SeriesSource, servedBetween } from "@sluice/metrics";
import type { Recording } from "@sluice/rehearsal";
import { durationBuckets } from "@sluice/router";
import type { JudgedWindow } from "@sluice/verdict";
import { judgedRelease, versionOf } from "../control-plane/judging/judge-windows.ts";

/** The router is read each second: finer than that nothing is known. */
const length = seconds(1);
const replicas = { pods: 1, restarts: 0, exposures: 0, conversions: 0 };

/** What both versions of a release served, second by second, from the router's own counts. */
export function recordingOf({ metadata, spec }: Judgement, source: SeriesSource, until: Instant): Recording {
  const namespace = metadata.namespace ?? "default";
  const began = parseInstant(spec.beganAt) ?? until;
  const release = judgedRelease({ uid: metadata.uid ?? "", namespace, spec }, source);
  const endpoints = release.names?.endpoints ?? [];
  const served = (hash: string, from: Instant, to: Instant) =>
    versionOf(
      servedBetween(source, { namespace, podTemplateHash: hash, edges: durationBuckets }, from, to),
      endpoints,
      replicas,
    );
  const windows = Array.from({ length: Math.max(1, Math.ceil((until - began) / length)) }, (_, index): JudgedWindow => {
    const from = instant(began + index * length);
    const to = instant(from + length);
    const canary = served(spec.canary.podTemplateHash, from, to);
    const stable = served(spec.stable.podTemplateHash, from, to);
    const requests = canary.requests + stable.requests;
    const weight = ratio(requests === 0 ? 0 : canary.requests / requests);
    return { ends: millis(to - began), lasts: length, weight, step: 0, stepAge: millis(0), canary, stable };
  });
  return { release, windows };
}
