import type { AnalysisRun } from "@sluice/api";
import { instant } from "@sluice/kernel";
import { measured, type QueryResult } from "./measure.ts";
import { prepare } from "./prepared.ts";

const sometime = { startedAt: instant(0), finishedAt: instant(0) };

/**
 * What the metrics of a run that ask `query` make of an answer, as text: answers with the same text are measured alike, but for
 * their values. Undefined for a run that doesn't ask this, or that has Secrets for arguments.
 */
export function measuredAs(run: AnalysisRun, query: string): ((answer: QueryResult) => string) | undefined {
  const prepared = prepare({ run, secrets: new Map() });
  if (prepared.is === "fault") return undefined;
  const asking = prepared.value.shown.filter(({ provider }) => provider.prometheus?.query === query);
  if (asking.length === 0) return undefined;
  return (answer) =>
    asking
      .map((metric) => {
        const { phase, message = "" } = measured(metric, answer, sometime);
        return `${phase} ${message}`;
      })
      .join("; ");
}
