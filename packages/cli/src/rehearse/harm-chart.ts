import { amount, type Harm, harmChart, type Rehearsal } from "@sluice/rehearsal";
import { escapeHtml } from "./html-text.ts";

const labelWidth = 150;
const barsWidth = 620;
const rowHeight = 34;
const barHeight = 11;
const top = 46;
const words = { argo: "as Argo Rollouts", sluice: "as Sluice" } as const;

/** At the end of a long line stands what it leads to, too. */
const isWide = (median: number, p95: number): boolean => p95 > 1.5 * median + 5;

/** For each harmful fault and profile a bar to the median, and a line on to the 95th percentile. */
export function renderHarm(rehearsal: Rehearsal): string {
  const chart = harmChart(rehearsal);
  if (chart === undefined) return `<p class="soft">no harmful fault was rehearsed</p>`;
  const at = (count: number) => labelWidth + Math.max(1, Math.round(barsWidth * chart.place(count)));
  const height = top + chart.rows.length * rowHeight;
  const ticks = chart.ticks.map((tick) => {
    const x = at(tick);
    return `<line x1="${x}" x2="${x}" y1="${top - 6}" y2="${height - 4}" stroke="var(--line)"/><text class="soft" x="${x}" y="${top - 12}" text-anchor="middle">${amount(tick)}</text>`;
  });
  const bar = (fault: string, { profile, median, p95 }: Harm, y: number): string => {
    const title = `${fault} ${words[profile]}: ${amount(median)}, p95 ${amount(p95)}`;
    const middle = y + barHeight / 2;
    const reach = `<path d="M${at(median)} ${middle}H${at(p95)}M${at(p95)} ${y + 2}v${barHeight - 4}" stroke="var(--${profile})" stroke-width="1.5" fill="none"/>`;
    return `<g><title>${escapeHtml(title)}</title><rect x="${labelWidth}" y="${y}" width="${at(median) - labelWidth}" height="${barHeight}" rx="2" fill="var(--${profile})"/>${p95 > median ? reach : ""}<text x="${Math.max(at(p95), at(median)) + 6}" y="${y + 10}">${isWide(median, p95) ? `${amount(median)} (${amount(p95)})` : amount(median)}</text></g>`;
  };
  const rows = chart.rows.map(({ fault, harms }, index) => {
    const y = top + index * rowHeight;
    const bars = harms.map((harm, place) => bar(fault, harm, y + place * (barHeight + 2)));
    return `<text x="${labelWidth - 8}" y="${y + 17}" text-anchor="end">${escapeHtml(fault)}</text>${bars.join("")}`;
  });
  const shown = chart.rows[0]?.harms.map(({ profile }) => profile) ?? [];
  const legend = shown.map(
    (name, place) =>
      `<rect x="${place * 130}" y="0" width="10" height="10" rx="2" fill="var(--${name})"/><text x="${place * 130 + 15}" y="9">${words[name]}</text>`,
  );
  const right = `<path d="M0 5h22M22 1v8" stroke="currentColor" stroke-width="1.5" fill="none"/><text x="28" y="9">to the 95th percentile</text>`;
  return `<svg viewBox="0 0 ${labelWidth + barsWidth + 70} ${height}" role="img" aria-label="Harmed requests by fault, for each profile: the median, and the 95th percentile"><g transform="translate(${labelWidth},2)">${legend.join("")}<g transform="translate(${shown.length * 130},0)" class="soft">${right}</g></g>${ticks.join("")}${rows.join("")}</svg>`;
}
