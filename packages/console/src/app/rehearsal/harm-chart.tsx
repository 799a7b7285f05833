import { amount, type Harm, harmChart, type Rehearsal } from "@sluice/rehearsal";
import type { ReactNode } from "react";
import { profiles } from "./profiles.ts";

/** The right end is for the number at a bar's end. */
const barsPercent = 84;
const barHeight = 10;

/** For each bad release a bar to the median of harmed requests, and a line on to the 95th percentile. */
export function HarmChart({ rehearsal }: { readonly rehearsal: Rehearsal }): ReactNode {
  const chart = harmChart(rehearsal);
  if (chart === undefined) return null;
  const at = (count: number): string => `${Math.round(barsPercent * 100 * chart.place(count)) / 100}%`;
  return (
    <div className="card">
      <div className="card-head">
        <h2>Harmed requests of a bad release</h2>
        <ul className="harm-legend quiet">
          {profiles.map(({ name, title }) => (
            <li key={name} className={`harm-${name}`}>
              {title}
            </li>
          ))}
          <li className="harm-p95">to the 95th percentile</li>
        </ul>
      </div>
      <p className="quiet harm-scale">
        Requests that went worse, the middle release of each kind; each line is ten times the one before
      </p>
      <div
        className="harm-chart"
        role="img"
        aria-label="Harmed requests of each bad release, for both profiles: the numbers stand in the table"
      >
        <span />
        <svg className="harm-axis" aria-hidden="true">
          {chart.ticks.map((tick) => (
            <text key={tick} x={at(tick)} y={12} textAnchor="middle">
              {inShort(tick)}
            </text>
          ))}
        </svg>
        {chart.rows.map(({ fault, harms }) => (
          <HarmRow key={fault} fault={fault} harms={harms} ticks={chart.ticks} at={at} />
        ))}
      </div>
    </div>
  );
}

function HarmRow({
  fault,
  harms,
  ticks,
  at,
}: {
  readonly fault: string;
  readonly harms: readonly Harm[];
  readonly ticks: readonly number[];
  readonly at: (count: number) => string;
}): ReactNode {
  return (
    <>
      <span className="harm-label">{fault}</span>
      <svg className="harm-bars" aria-hidden="true">
        {ticks.map((tick) => (
          <line key={tick} x1={at(tick)} x2={at(tick)} y1="0" y2="100%" />
        ))}
        {harms.map(({ profile, median, p95 }, place) => {
          const top = 3 + place * (barHeight + 2);
          const middle = top + barHeight / 2;
          return (
            <g key={profile} className={`harm-${profile}`}>
              <title>{`${fault} ${titleOf(profile)}: ${amount(median)}, p95 ${amount(p95)}`}</title>
              <rect y={top} width={at(median)} height={barHeight} />
              <line x1={at(median)} x2={at(p95)} y1={middle} y2={middle} />
              <line x1={at(p95)} x2={at(p95)} y1={top + 2} y2={top + barHeight - 2} />
              <text x={at(p95)} dx={6} y={top + 9}>
                {inShort(median)}
                {p95 > 1.5 * median + 5 && ` (${inShort(p95)})`}
              </text>
            </g>
          );
        })}
      </svg>
    </>
  );
}

const titleOf = (profile: Harm["profile"]): string => profiles.find(({ name }) => name === profile)?.title ?? profile;

/** A bar's end has room for four signs. */
function inShort(count: number): string {
  if (count < 10_000) return amount(count);
  return count < 1e6 ? `${Math.round(count / 1000)}k` : `${Math.round(count / 1e5) / 10}M`;
}
