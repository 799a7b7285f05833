import type { Metric, MetricProvider } from "@sluice/api";
import { withArguments } from "@sluice/api/release";

export interface ProviderWords {
  readonly provider: string;
  /** What is asked, with the run's arguments where they stand in it. */
  readonly question?: string;
}

/** Who is asked what for a measurement. */
export function providerWords({ provider }: Metric, args: Parameters<typeof withArguments>[1]): ProviderWords {
  const { name, question } = asked(provider);
  return question === undefined ? { provider: name } : { provider: name, question: withArguments(question, args) };
}

function asked({ prometheus, web, job, plugin, ...others }: MetricProvider): {
  readonly name: string;
  readonly question?: string | undefined;
} {
  if (prometheus !== undefined) return { name: "Prometheus", question: prometheus.query };
  if (web !== undefined) return { name: "web", question: `${web.method ?? "GET"} ${web.url}` };
  if (job !== undefined) {
    const [container] = job.spec.template.spec.containers;
    const command = [...(container?.command ?? []), ...(container?.args ?? [])].join(" ");
    return { name: "Job", question: `${container?.image ?? ""} ${command}`.trim() };
  }
  const [pluginName] = Object.keys(plugin ?? {});
  return { name: pluginName ?? Object.keys(others)[0] ?? "nothing" };
}

/** `2 failed of at most 1`: the counts of a metric with what they may be. */
export function countWords(
  metric: Metric,
  counts: {
    readonly successful?: number;
    readonly failed?: number;
    readonly inconclusive?: number;
    readonly error?: number;
  },
): readonly string[] {
  const limited = (count: number, word: string, limit: number | string | undefined) =>
    `${count} ${word}${limit === undefined || Number(limit) < 0 ? "" : ` of at most ${limit}`}`;
  const { successful = 0, failed = 0, inconclusive = 0, error = 0 } = counts;
  return [
    `${successful} successful`,
    ...(failed > 0 || metric.failureLimit !== undefined ? [limited(failed, "failed", metric.failureLimit ?? 0)] : []),
    ...(inconclusive > 0 ? [limited(inconclusive, "inconclusive", metric.inconclusiveLimit ?? 0)] : []),
    ...(error > 0 ? [limited(error, error === 1 ? "error" : "errors", undefined)] : []),
  ];
}
