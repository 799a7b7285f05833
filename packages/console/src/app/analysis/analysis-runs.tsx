import type { AnalysisRun, Measurement, Metric } from "@sluice/api";
import { withArguments } from "@sluice/api/release";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { formatMeasured } from "../format.ts";
import { Ago } from "../parts/ago.tsx";
import { Badge } from "../parts/badge.tsx";
import { revisionOf } from "../release/versions.ts";
import { chartOf } from "./measurements.ts";
import { MetricPlot } from "./metric-chart.tsx";

export function AnalysisRuns({ runs }: { readonly runs: readonly AnalysisRun[] }): ReactNode {
  if (runs.length === 0) return <p className="quiet">No analysis has run for this release.</p>;
  return runs.map((run) => <Run key={run.metadata.uid} run={run} />);
}

const places: Readonly<Record<string, string>> = {
  Background: "in the background",
  Step: "as a step",
  PrePromotion: "before the switch",
  PostPromotion: "after the switch",
};

function Run({ run }: { readonly run: AnalysisRun }): ReactNode {
  const { metadata, status } = run;
  const place = places[metadata.labels?.["rollout-type"] ?? ""];
  return (
    <section className="run" aria-label={`Analysis ${metadata.name}`}>
      <div className="run-head">
        <Badge state={status?.phase || "Pending"} />
        <span>revision {revisionOf(run)}</span>
        <Link href={`/analysis/${metadata.namespace}/${metadata.name}`} className="more-link">
          Each measurement<span className="unseen"> of {metadata.name}</span>
        </Link>
        <span className="quiet">
          {place !== undefined && `${place} · `}
          <Ago at={status?.startedAt ?? metadata.creationTimestamp} />
        </span>
      </div>
      <RunMessage run={run} />
      <Metrics run={run} />
    </section>
  );
}

export function RunMessage({ run: { status } }: { readonly run: AnalysisRun }): ReactNode {
  if (status?.message === undefined || status.phase === "Successful") return null;
  return <p className={status.phase === "Running" ? "quiet" : "bad-text"}>{status.message}</p>;
}

export function Metrics({ run }: { readonly run: AnalysisRun }): ReactNode {
  return (
    <ul className="metrics">
      {run.spec.metrics.map((metric) => (
        <MetricItem key={metric.name} run={run} metric={metric} />
      ))}
    </ul>
  );
}

export function MetricItem({
  run,
  metric,
  size = "small",
  children,
}: {
  readonly run: AnalysisRun;
  readonly metric: Metric;
  readonly size?: "small" | "large";
  /** What else there is to say of it. */
  readonly children?: ReactNode;
}): ReactNode {
  const chart = chartOf(run, metric);
  const { result, points, isDryRun } = chart;
  const last = points.at(-1)?.measurement;
  // A Job measures no number, and who has no threshold and no number needs no height.
  const hasNumbers = points.some(({ y }) => y !== undefined) || chart.lines.length > 0;
  const isBad = last?.phase === "Failed" || last?.phase === "Error";
  return (
    <li className={`metric ${isDryRun ? "dry" : ""}`}>
      <div className="metric-head">
        <strong>{metric.name}</strong>
        {isDryRun && <span className="role">dry run: decides nothing</span>}
        <span className={`numbers value ${isBad && !isDryRun ? "bad-text" : ""}`}>
          {last === undefined ? <span className="quiet">not measured yet</span> : valueText(last)}
        </span>
      </div>
      <Conditions metric={metric} args={run.spec.args} />
      {result?.message !== undefined && <p className="under bad-text">{result.message}</p>}
      {points.length > 0 && <MetricPlot chart={chart} size={hasNumbers ? size : "flat"} />}
      {children}
    </li>
  );
}

/** A Job's end is its measurement, without a value. */
const valueText = ({ phase, value }: Measurement): string =>
  value === undefined || value === "" ? (phase === "Error" ? "no data" : phase.toLowerCase()) : formatMeasured(value);

function Conditions({
  metric: { successCondition, failureCondition },
  args,
}: {
  readonly metric: Metric;
  readonly args: AnalysisRun["spec"]["args"];
}): ReactNode {
  if (successCondition === undefined && failureCondition === undefined) return null;
  return (
    <p className="under">
      {successCondition !== undefined && (
        <>
          wants <code>{inWords(withArguments(successCondition, args))}</code>{" "}
        </>
      )}
      {failureCondition !== undefined && (
        <>
          fails when <code>{inWords(withArguments(failureCondition, args))}</code>
        </>
      )}
    </p>
  );
}

const inWords = (condition: string): string => condition.replaceAll(/asFloat\(result(\[0\])?\)|result\[0\]/g, "value");
