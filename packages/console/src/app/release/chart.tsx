import { type ReactNode, useEffect, useRef, useState, useSyncExternalStore } from "react";
import type UPlot from "uplot";
import type { VersionSeries } from "../data/series.ts";
import { formatClock } from "../format.ts";

export interface ChartVersion {
  readonly hash: string;
  readonly name: string;
  readonly colour: number;
}

/** A decision, as a line at its time. */
export interface ChartMark {
  /** Epoch seconds. */
  readonly at: number;
  readonly tone: "good" | "bad" | "plain";
}

export interface ChartProps {
  readonly title: string;
  readonly versions: readonly ChartVersion[];
  readonly series: VersionSeries | undefined;
  readonly marks: readonly ChartMark[];
  readonly format: (value: number) => string;
  readonly tick: (value: number) => string;
  /** The least that the top of the scale stands for. */
  readonly topMin: number;
}

const height = 132;
const dark = matchMedia("(prefers-color-scheme: dark)");

const useIsDark = (): boolean =>
  useSyncExternalStore(
    (listener) => {
      dark.addEventListener("change", listener);
      return () => dark.removeEventListener("change", listener);
    },
    () => dark.matches,
  );

/** Apart from the first page: the numbers of now are there without it. */
export const fetchPlots = async () => (await import("uplot")).default;

/** Lines by version over time. Under the cursor, or else now, its values stand in the legend as text. */
export function Chart({ title, versions, series, marks, format, tick, topMin }: ChartProps): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>(undefined);
  const latest = useRef({ marks, tick, topMin, series });
  latest.current = { marks, tick, topMin, series };
  const [cursor, setCursor] = useState<number>();
  const isDark = useIsDark();
  const names = versions.map(({ hash, colour }) => `${hash}:${colour}`).join(" ");

  // biome-ignore lint/correctness/useExhaustiveDependencies: a plot is made anew for other lines or colours; data is set below
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    let isGone = false;
    const sizes = new ResizeObserver(() => {
      if (element.clientWidth > 0) plot.current?.setSize({ width: element.clientWidth, height });
    });
    fetchPlots().then(
      (Plot) => {
        if (isGone) return;
        const options = optionsOf(element.clientWidth, versions, () => latest.current, setCursor);
        plot.current = new Plot(options, dataOf(versions, latest.current.series), element);
        sizes.observe(element);
      },
      // Without its lines the chart still tells the numbers of now.
      () => undefined,
    );
    return () => {
      isGone = true;
      sizes.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [names, isDark]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `names` stands for the versions
  useEffect(() => {
    plot.current?.setData(dataOf(versions, series));
  }, [series, names]);

  const index = cursor ?? (series === undefined ? -1 : series.times.length - 1);
  const at = cursor === undefined ? undefined : series?.times[cursor];
  return (
    <figure className="chart">
      <figcaption>
        <span className="chart-title">{title}</span>
        <span className="chart-at numbers">{at === undefined ? "now" : formatClock(at * 1000)}</span>
        <ul>
          {versions.map(({ hash, name, colour }) => {
            const value = series?.byHash.get(hash)?.[index];
            return (
              <li key={hash}>
                <span className={`swatch colour-${colour}`} aria-hidden="true" />
                {name}{" "}
                <span className="numbers value">{value === undefined || value === null ? "–" : format(value)}</span>
              </li>
            );
          })}
        </ul>
      </figcaption>
      <div ref={box} className="plot" style={{ height }} aria-hidden="true" />
    </figure>
  );
}

function dataOf(versions: readonly ChartVersion[], series: VersionSeries | undefined): UPlot.AlignedData {
  const times = series?.times ?? [];
  const lines = versions.map(({ hash }) => [...(series?.byHash.get(hash) ?? times.map(() => null))]);
  return [[...times], ...lines];
}

const variable = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function optionsOf(
  width: number,
  versions: readonly ChartVersion[],
  latest: () => Pick<ChartProps, "marks" | "tick" | "topMin">,
  onCursor: (index: number | undefined) => void,
): UPlot.Options {
  const font = `11px ${variable("--text-font")}`;
  const axis = { stroke: variable("--quiet"), font, ticks: { show: false } };
  const grid = { stroke: variable("--line-soft"), width: 1 };
  return {
    width,
    height,
    legend: { show: false },
    padding: [8, 22, 0, 0],
    cursor: { sync: { key: "release" }, points: { size: 6 }, drag: { x: false, y: false }, y: false },
    scales: {
      x: { time: true },
      y: { range: (_, __, max) => [0, Math.max(latest().topMin, (max ?? 0) * 1.1)] },
    },
    axes: [
      {
        ...axis,
        size: 22,
        gap: 4,
        space: 50,
        grid: { show: false },
        values: (_, ticks) => ticks.map((tick) => clockOf(tick, ticks)),
      },
      { ...axis, size: 54, gap: 6, space: 24, grid, values: (_, ticks) => ticks.map((tick) => latest().tick(tick)) },
    ],
    series: [
      {},
      ...versions.map(({ colour }) => ({
        stroke: variable(`--version-${colour}`),
        width: 1.75,
        points: { show: false },
        spanGaps: false,
      })),
    ],
    hooks: {
      drawClear: [(plot: UPlot) => drawMarks(plot, latest().marks)],
      setCursor: [({ cursor }: UPlot) => onCursor(cursor.idx ?? undefined)],
    },
  };
}

/** Seconds only where minutes don't tell the ticks apart. */
function clockOf(tick: number, ticks: readonly number[]): string {
  const text = formatClock(tick * 1000);
  return ticks.every((each) => each % 60 === 0) ? text.slice(0, 5) : text;
}

function drawMarks({ ctx, bbox, valToPos, scales }: UPlot, marks: readonly ChartMark[]): void {
  const { min, max } = scales.x ?? {};
  ctx.save();
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.lineWidth = devicePixelRatio;
  for (const { at, tone } of marks) {
    if (min === undefined || max === undefined || min === null || max === null || at < min || at > max) continue;
    const x = Math.round(valToPos(at, "x", true)) + 0.5;
    ctx.strokeStyle = variable(tone === "plain" ? "--line-strong" : `--${tone}`);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}
