import { amount, type Rehearsal } from "@sluice/rehearsal";
import { escapeHtml } from "./html-text.ts";

const labelWidth = 150;
const barsWidth = 620;
const rowHeight = 34;
const barHeight = 11;
const names = ["argo", "sluice"] as const;
const words = { argo: "as Argo Rollouts", sluice: "as Sluice" } as const;

/** A bar for each harmful fault and profile; tenfold harm is an equal step, or the small ones would vanish. */
export function harmChart({ profiles }: Rehearsal): string {
  const shown = (profiles.argo ?? profiles.sluice)?.faults.filter(({ isHarmful }) => isHarmful) ?? [];
  if (shown.length === 0) return `<p class="soft">no harmful fault was rehearsed</p>`;
  const harm = (name: "argo" | "sluice", fault: string) =>
    profiles[name]?.faults.find((one) => one.fault === fault)?.harmedMedian;
  const most = Math.max(10, ...names.flatMap((name) => shown.map(({ fault }) => harm(name, fault) ?? 0)));
  const decades = Math.ceil(Math.log10(most));
  const lengthOf = (count: number) => (barsWidth * Math.log10(count + 1)) / decades;
  const height = 46 + shown.length * rowHeight;
  const ticks = Array.from({ length: decades }, (_, index) => {
    const x = labelWidth + (barsWidth * (index + 1)) / decades;
    return `<line x1="${x}" x2="${x}" y1="24" y2="${height - 8}" stroke="var(--line)"/><text class="soft" x="${x}" y="18" text-anchor="end">${amount(10 ** (index + 1))}</text>`;
  });
  const rows = shown.map(({ fault }, index) => {
    const top = 30 + index * rowHeight;
    const bars = names.map((name, place) => {
      const count = harm(name, fault);
      if (count === undefined) return "";
      const y = top + place * (barHeight + 2);
      const length = Math.max(1, Math.round(lengthOf(count)));
      const title = `${fault} ${words[name]}: ${amount(count)}`;
      return `<rect x="${labelWidth}" y="${y}" width="${length}" height="${barHeight}" rx="2" fill="var(--${name})"><title>${escapeHtml(title)}</title></rect><text x="${labelWidth + length + 6}" y="${y + 10}">${amount(count)}</text>`;
    });
    return `<text x="${labelWidth - 8}" y="${top + 17}" text-anchor="end">${escapeHtml(fault)}</text>${bars.join("")}`;
  });
  const legend = names.map(
    (name, place) =>
      `<rect x="${place * 130}" y="8" width="10" height="10" fill="var(--${name})"/><text x="${place * 130 + 15}" y="17">${words[name]}</text>`,
  );
  return `<svg viewBox="0 -16 ${labelWidth + barsWidth + 90} ${height + 16}" role="img" aria-label="Harmed requests by fault, for each profile"><g transform="translate(${labelWidth},-16)">${legend.join("")}</g>${ticks.join("")}${rows.join("")}</svg>`;
}
