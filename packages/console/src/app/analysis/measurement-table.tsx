import type { AnalysisRun, Metric } from "@sluice/api";
import { type ReactNode, useState } from "react";
import { counted, formatClock, formatFull, formatMeasured } from "../format.ts";
import { Badge } from "../parts/badge.tsx";
import { countWords } from "./provider-words.ts";

const shownMax = 200;

/** How many held, and each of them with its time and what was said, newest first. */
export function MeasurementTable({ run, metric }: { readonly run: AnalysisRun; readonly metric: Metric }): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const result = run.status?.metricResults?.find(({ name }) => name === metric.name);
  // Two of one instant are told apart by their place from the beginning, which never changes.
  const measurements = (result?.measurements ?? [])
    .map((measurement, place) => ({ ...measurement, place }))
    .slice(-shownMax)
    .toReversed();
  if (result === undefined || measurements.length === 0) return null;
  return (
    <>
      <p className="counts numbers">{countWords(metric, result).join(" · ")}</p>
      <details open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary>{counted(measurements.length, "measurement")}</summary>
        {isOpen && (
          <div className="scrolls">
            <table className="measurements">
              <thead>
                <tr>
                  <th scope="col">When</th>
                  <th scope="col">State</th>
                  <th scope="col">Value</th>
                  <th scope="col">Message</th>
                </tr>
              </thead>
              <tbody>
                {measurements.map(({ phase, value, message, startedAt, finishedAt, place }) => {
                  const at = Date.parse(finishedAt ?? startedAt ?? "");
                  return (
                    <tr key={`${startedAt} ${place}`}>
                      <td className="numbers">
                        {Number.isNaN(at) ? "" : <time title={formatFull(at)}>{formatClock(at)}</time>}
                      </td>
                      <td>
                        <Badge state={phase || "Pending"} />
                      </td>
                      <td className="numbers">{formatMeasured(value)}</td>
                      <td className="break">{message}</td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </div>
        )}
      </details>
    </>
  );
}
