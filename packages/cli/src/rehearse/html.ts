import { amount, type FaultResult, percent, premiseOf, type Rehearsal, shareOf, span } from "@sluice/rehearsal";
import { renderHarm } from "./harm-chart.ts";
import { escapeHtml } from "./html-text.ts";

const labels = { argo: "as Argo Rollouts", sluice: "as Sluice" } as const;
const profiles = ["argo", "sluice"] as const;

const style = `
:root { color-scheme: light dark; --ink: #1c2330; --soft: #5b6575; --page: #fff; --line: #d9dee6;
  --argo: #c2570c; --sluice: #0b6bcb; --good: #17803d; --bad: #c02626; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ecf2; --soft: #9aa5b5; --page: #12161d; --line: #2c3442;
  --argo: #f59e5b; --sluice: #6cb2ff; --good: #5fd08a; --bad: #ff8080; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
.soft { color: var(--soft); } .good { color: var(--good); } .bad { color: var(--bad); }
.scroll { overflow-x: auto; } main + main { margin-top: 3rem; border-top: 2px solid var(--line); padding-top: 2rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th[scope=colgroup] { color: var(--soft); font-weight: 600; }
th, td { text-align: left; padding: .3rem .7rem .3rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
svg { width: 100%; min-width: 40rem; height: auto; color: var(--soft); } svg text { fill: var(--ink); font: 12px system-ui, sans-serif; } svg .soft { fill: var(--soft); }
`;

/** A page that stands alone: no script, nothing from the network, light and dark. */
export function renderHtml(rehearsals: readonly Rehearsal[]): string {
  const title = rehearsals.map(({ rollout }) => escapeHtml(rollout)).join(", ");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rehearsal of ${title}</title><style>${style}</style></head>
<body>
${rehearsals.map(section).join("\n")}
</body></html>
`;
}

function section(rehearsal: Rehearsal): string {
  const { rollout, namespace, words, learned, madeUp, unanswerable } = rehearsal;
  const notes = [
    ...madeUp.map((what) => `made up, since the files don't hold it: ${what}`),
    ...unanswerable.map(({ template, metric, because }) => `not rehearsed: ${template}/${metric}: ${because}`),
  ];
  return `<main>
<h1>${escapeHtml(`${namespace}/${rollout}`)}</h1>
<p class="soft">${escapeHtml(premiseOf(rehearsal))}</p>
${list(words)}
${learned.length === 0 ? "" : `<h2>An ordinary day, learned</h2>\n${list(learned)}\n`}<h2>Harmed requests by fault, on a scale of powers of ten</h2>
<div class="scroll">${renderHarm(rehearsal)}</div>
<h2>Faults</h2>
<p class="soft">Which are caught, by what, at which share of the traffic, how long after they began, and how many requests they harm: the middle release of its kind, and in brackets the 95th percentile.</p>
<div class="scroll">${faultTable(rehearsal)}</div>
${rehearsal.steps.length === 0 ? "" : `<h2>The smallest added failures that half of the releases are stopped for, by the end of a step</h2>\n<div class="scroll">${stepTable(rehearsal)}</div>`}
<h2>Good releases</h2>
${list(goodWords(rehearsal))}
${notes.length === 0 ? "" : `<h2>Notes</h2>\n${list(notes)}`}
</main>`;
}

const list = (lines: readonly string[]): string =>
  `<ul>${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join("")}</ul>`;

/** `groups` stand above the headers after the first: a title, and how many of them it is above. */
function table(
  headers: readonly string[],
  rows: readonly (readonly string[])[],
  groups: readonly (readonly [string, number])[] = [],
): string {
  const above = groups.map(([title, span]) => `<th scope="colgroup" colspan="${span}">${escapeHtml(title)}</th>`);
  const over = groups.length === 0 ? "" : `<td></td>${above.join("")}</tr><tr>`;
  const head = over + headers.map((header) => `<th scope="col">${escapeHtml(header)}</th>`).join("");
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join("")}</tr>`).join("\n");
  return `<table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`;
}

function faultTable({ profiles: results }: Rehearsal): string {
  const known = profiles.filter((name) => results[name] !== undefined);
  const headers = known.flatMap(() => ["caught", "by", "at", "after", "harmed (p95)"]);
  const first = known[0] === undefined ? [] : (results[known[0]]?.faults ?? []);
  const rows = first.map(({ fault }) => [
    escapeHtml(fault),
    ...known.flatMap((name) => cells(results[name]?.faults.find((one) => one.fault === fault))),
  ]);
  return table(
    ["fault", ...headers],
    rows,
    known.map((name) => [labels[name], 5]),
  );
}

function cells(result: FaultResult | undefined): readonly string[] {
  if (result === undefined) return ["", "", "", "", ""];
  const { caught, asked, by, weight, seconds, harmedMedian, harmedP95, isHarmful } = result;
  const isRight = isHarmful ? caught >= 0.95 : caught <= 0.05;
  const isWrong = isHarmful ? caught < 0.5 : caught > 0.5;
  const tone = isRight ? "good" : isWrong ? "bad" : "soft";
  return [
    `<span class="${tone}">${percent(caught)}${asked > 0 && asked >= caught ? " asked" : ""}</span>`,
    escapeHtml((by ?? "-").replace("judge: ", "").replace("failures of an endpoint", "one endpoint")),
    weight === undefined ? "-" : percent(weight),
    seconds === undefined ? "-" : span(seconds),
    `${amount(harmedMedian)} (${amount(harmedP95)})`,
  ];
}

function stepTable({ steps }: Rehearsal): string {
  const seen = (errors: number | undefined) =>
    errors === undefined ? "nothing" : `+${Math.round(errors * 1000) / 10}pp`;
  const rows = steps.map(({ weight, setWeight, seconds, canaryRequests, smallest }) => [
    shareOf({ weight, setWeight }),
    seconds === undefined ? "-" : span(seconds),
    canaryRequests === undefined ? "-" : amount(canaryRequests),
    seen(smallest.argo),
    seen(smallest.sluice),
  ]);
  return table(["weight", "time", "canary requests", "Argo Rollouts sees", "Sluice sees"], rows);
}

function goodWords({ profiles: results }: Rehearsal): readonly string[] {
  return profiles.flatMap((name) => {
    const good = results[name]?.good;
    if (good === undefined) return [];
    const per100 = (share: number) => Math.round(share * 1000) / 10;
    const waits = good.waitedSeconds > 0 ? `, ${span(good.waitedSeconds)} of it for people` : "";
    return [
      `${labels[name]}: ${per100(good.falseAborts)} false aborts and ${per100(good.asked)} needless questions per 100 (of ${good.runs}); ${span(good.seconds)}${waits}`,
    ];
  });
}
