import type { AnalysisRun, Measurement, Metric, MetricResult } from "@sluice/api";
import type { ReactNode } from "react";
import { formatClock, formatMeasured } from "../format.ts";
import { Ago } from "../parts/ago.tsx";
import { Badge } from "../parts/badge.tsx";
import { revisionOf } from "./versions.ts";

const shownMeasurements = 24;

export function AnalysisRuns({ runs }: { readonly runs: readonly AnalysisRun[] }): ReactNode {
  if (runs.length === 0) return <p className="quiet">No analysis has run for this release.</p>;
  return runs.map((run) => (
    <section key={run.metadata.uid} className="run" aria-label={`Analysis ${run.metadata.name}`}>
      <div className="run-head">
        <Badge state={run.status?.phase || "Pending"} />
        <span>revision {revisionOf(run)}</span>
        <span className="quiet">
          {run.metadata.labels?.["rollout-type"] === "Background" ? "in the background" : "as a step"} ·{" "}
          <Ago at={run.status?.startedAt ?? run.metadata.creationTimestamp} />
        </span>
      </div>
      {run.status?.phase !== "Successful" && run.status?.message !== undefined && (
        <p className={run.status.phase === "Running" ? "quiet" : "bad-text"}>{run.status.message}</p>
      )}
      <table className="metrics">
        <thead className="unseen">
          <tr>
            <th scope="col">Metric</th>
            <th scope="col">Measurements</th>
            <th scope="col">Last value</th>
          </tr>
        </thead>
        <tbody>
          {run.spec.metrics.map((metric) => (
            <MetricRow
              key={metric.name}
              metric={metric}
              result={run.status?.metricResults?.find(({ name }) => name === metric.name)}
            />
          ))}
        </tbody>
      </table>
    </section>
  ));
}

function MetricRow({
  metric,
  result,
}: {
  readonly metric: Metric;
  readonly result: MetricResult | undefined;
}): ReactNode {
  const measurements = result?.measurements?.slice(-shownMeasurements) ?? [];
  const last = measurements.at(-1);
  const condition = metric.successCondition ?? metric.failureCondition;
  return (
    <tr>
      <th scope="row">
        {metric.name}
        {condition !== undefined && (
          <span className="under">
            {metric.successCondition === undefined ? "fails when " : "wants "}
            <code>{condition.replaceAll("result[0]", "value")}</code>
          </span>
        )}
        {result?.message !== undefined && <span className="under bad-text">{result.message}</span>}
      </th>
      <td>
        <ol className="measurements">
          {measurements.map((measurement) => (
            <Mark key={`${measurement.startedAt} ${measurement.finishedAt}`} measurement={measurement} />
          ))}
        </ol>
      </td>
      <td className={`number ${last?.phase === "Failed" || last?.phase === "Error" ? "bad-text" : ""}`}>
        {last === undefined ? <span className="quiet">–</span> : formatMeasured(last.value)}
      </td>
    </tr>
  );
}

function Mark({
  measurement: { phase, value, message, finishedAt },
}: {
  readonly measurement: Measurement;
}): ReactNode {
  const what = `${phase} ${formatMeasured(value)}${message === undefined ? "" : `: ${message}`}`;
  const when = finishedAt === undefined ? "" : ` at ${formatClock(Date.parse(finishedAt))}`;
  return (
    <li className={`measure ${phase}`} title={what + when}>
      <span className="unseen">{what}</span>
    </li>
  );
}
