import { memo, type ReactNode } from "react";
import { useConnection } from "../data/use-live.ts";
import { formatRate, formatSeconds, formatShare, tickRate, tickSeconds, tickShare } from "../format.ts";
import { Chart, type ChartMark, type ChartVersion } from "./chart.tsx";
import type { Traffic } from "./use-traffic.ts";

const windows = [
  { seconds: 120, text: "2 min" },
  { seconds: 300, text: "5 min" },
  { seconds: 900, text: "15 min" },
  { seconds: 3600, text: "1 h" },
] as const;

/** Enough to see the last release from its begin on, and a little before. */
export function windowFor(begun: number | undefined, now: number): number {
  const age = begun === undefined ? 0 : (now - begun) / 1000;
  const fitting = windows.find(({ seconds }) => age < seconds * 0.8);
  // Long ago is no release any more: what counts is now.
  return fitting?.seconds ?? 900;
}

interface WindowChoiceProps {
  readonly seconds: number;
  readonly onChange: (seconds: number) => void;
}

export const WindowChoice = memo(({ seconds, onChange }: WindowChoiceProps) => (
  <fieldset className="segments">
    <legend className="unseen">How far back</legend>
    {windows.map((window) => (
      <label key={window.seconds}>
        <input
          type="radio"
          name="window"
          checked={window.seconds === seconds}
          onChange={() => onChange(window.seconds)}
        />
        <span>{window.text}</span>
      </label>
    ))}
  </fieldset>
));

export function TrafficCharts({
  traffic,
  versions,
  marks,
}: {
  readonly traffic: Traffic;
  readonly versions: readonly ChartVersion[];
  readonly marks: readonly ChartMark[];
}): ReactNode {
  const series = traffic.is === "known" ? traffic.series : undefined;
  // While all of the control plane is away, that is said once for all.
  const isLive = useConnection().is === "live";
  const shown = { versions, marks };
  return (
    <div className="charts">
      <Chart title="Requests" {...shown} series={series?.rate} format={formatRate} tick={tickRate} topMin={1} />
      <Chart
        title="Error share"
        {...shown}
        series={series?.errors}
        format={formatShare}
        tick={tickShare}
        topMin={0.01}
      />
      <Chart
        title="Latency p95"
        {...shown}
        series={series?.p95}
        format={formatSeconds}
        tick={tickSeconds}
        topMin={0.01}
      />
      {isLive && traffic.is !== "loading" && traffic.problem !== undefined && (
        <p className="chart-problem quiet">The metrics don't answer: {traffic.problem}</p>
      )}
    </div>
  );
}
