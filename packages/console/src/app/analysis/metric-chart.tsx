import type { Measurement } from "@sluice/api";
import type { ReactNode } from "react";
import { formatClock, formatMeasured, formatNumber } from "../format.ts";
import type { Line, MetricChart, Point } from "./measurements.ts";

const percent = (share: number): string => `${(share * 100).toFixed(2)}%`;

/** Each measurement as a mark over time; what lies beyond a threshold is tinted. Read aloud it is a list. */
export function MetricPlot({
  chart,
  size = "small",
}: {
  readonly chart: MetricChart;
  readonly size?: "small" | "large" | "flat";
}): ReactNode {
  const { points, lines, metric } = chart;
  const drawn = points.filter(({ y }) => y !== undefined);
  return (
    <div className={`metric-plot ${size}`}>
      {lines.map((line) => (
        <ThresholdLine key={`${line.threshold.of} ${line.threshold.text}`} line={line} />
      ))}
      {drawn.length > 1 && (
        <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
          <polyline points={drawn.map(({ x, y = 0 }) => `${x * 100},${100 - y * 100}`).join(" ")} />
        </svg>
      )}
      <ol aria-label={`Measurements of ${metric.name}`}>
        {points.map((point) => (
          <Mark key={point.key} point={point} />
        ))}
      </ol>
    </div>
  );
}

function ThresholdLine({ line: { y, threshold } }: { readonly line: Line }): ReactNode {
  const isFloor = threshold.good === "above";
  const side = isFloor ? { top: percent(1 - y), bottom: 0 } : { top: 0, bottom: percent(y) };
  return (
    <>
      <div className="beyond" style={side} aria-hidden="true" />
      <div className={`threshold ${isFloor ? "floor" : "ceiling"}`} style={{ bottom: percent(y) }} aria-hidden="true">
        <span>{formatNumber(threshold.value)}</span>
      </div>
    </>
  );
}

function Mark({ point: { x, y, measurement } }: { readonly point: Point }): ReactNode {
  const what = inWords(measurement);
  return (
    <li
      className={`measure ${measurement.phase} ${y === undefined ? "nothing" : ""}`}
      style={{ left: percent(x), bottom: percent(y ?? 0) }}
      title={what}
    >
      <span className="unseen">{what}</span>
    </li>
  );
}

function inWords({ phase, value, message, finishedAt }: Measurement): string {
  const when = finishedAt === undefined ? "" : ` at ${formatClock(Date.parse(finishedAt))}`;
  const measured = value === undefined && phase !== "Error" ? phase : `${phase} ${formatMeasured(value)}`;
  return `${measured}${message === undefined ? "" : `: ${message}`}${when}`;
}
