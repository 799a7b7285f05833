import {
  amount,
  type FaultResult,
  type ProfileResult,
  percent,
  premiseOf,
  type Rehearsal,
  shareOf,
  span,
} from "@sluice/rehearsal";
import type { ReactNode } from "react";
import { HarmChart } from "./harm-chart.tsx";
import { profiles } from "./profiles.ts";

/** What `sluice rehearse` prints, as a page. */
export function RehearsalResult({ rehearsal }: { readonly rehearsal: Rehearsal }): ReactNode {
  const { namespace, rollout, words, learned, madeUp, unanswerable } = rehearsal;
  return (
    <section aria-label={`Rehearsal of ${rollout}`}>
      <div className="card">
        <div className="card-head">
          <h2 className="break">
            {namespace}/{rollout}
          </h2>
        </div>
        <p className="quiet">{premiseOf(rehearsal)}</p>
        <ul className="rehearsal-words">
          {words.map((line) => (
            <li key={line} className="break">
              {line}
            </li>
          ))}
        </ul>
      </div>
      {learned.length > 0 && (
        <div className="card">
          <h2>An ordinary day, learned</h2>
          <ul className="rehearsal-words">
            {learned.map((line) => (
              <li key={line} className="break">
                {line}
              </li>
            ))}
          </ul>
        </div>
      )}
      <HarmChart rehearsal={rehearsal} />
      <div className="card table-card">
        <FaultTable rehearsal={rehearsal} />
      </div>
      {rehearsal.steps.length > 0 && (
        <div className="card table-card">
          <StepTable rehearsal={rehearsal} />
        </div>
      )}
      {madeUp.length + unanswerable.length > 0 && (
        <div className="card">
          <h2>What these files don't hold</h2>
          <ul className="rehearsal-words quiet">
            {madeUp.map((what) => (
              <li key={what} className="break">
                made up: {what}
              </li>
            ))}
            {unanswerable.map(({ template, metric, because }) => (
              <li key={`${template}/${metric}`} className="break">
                decides nothing here: {template}/{metric}, since {because}
              </li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}

function FaultTable({ rehearsal }: { readonly rehearsal: Rehearsal }): ReactNode {
  const { argo, sluice } = rehearsal.profiles;
  if (argo === undefined || sluice === undefined) return null;
  return (
    <table className="list compared rehearsal-faults">
      <caption>
        <span>
          <strong>Bad releases:</strong> which are caught, by what, at which share of the traffic, how long after they
          began, and how many requests they harm: the middle one of its kind, and in brackets the 95th percentile
        </span>
      </caption>
      <thead>
        <tr>
          <th scope="col" rowSpan={2}>
            A bad release
          </th>
          {profiles.map(({ name, title }) => (
            <th key={name} scope="colgroup" colSpan={5}>
              {title}
            </th>
          ))}
        </tr>
        <tr>
          {profiles.flatMap(({ name }) =>
            ["caught", "by", "at", "after", "harmed (p95)"].map((head) => (
              <th key={`${name} ${head}`} scope="col">
                {head}
              </th>
            )),
          )}
        </tr>
      </thead>
      <tbody>
        <tr>
          <th scope="row">none: a good release</th>
          <GoodCells good={argo.good} />
          <GoodCells good={sluice.good} />
        </tr>
        {argo.faults.map((result, place) => (
          <tr key={result.fault}>
            <th scope="row">{result.fault}</th>
            <FaultCells result={result} />
            <FaultCells result={sluice.faults[place] ?? result} />
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Two profiles side by side leave little room. */
const inShort = (rule: string): string =>
  rule
    .replace("judge: ", "")
    .replace("failures of an endpoint", "one endpoint")
    .replace(/^InconclusiveAnalysisRun.*/, "inconclusive");

function FaultCells({ result }: { readonly result: FaultResult }): ReactNode {
  const { caught, asked, isHarmful, by, weight, seconds, harmedMedian, harmedP95 } = result;
  const isWell = isHarmful ? caught >= 0.95 : caught <= 0.05;
  return (
    <>
      <td className={`number ${isWell ? "good-text" : caught > 0 && isHarmful ? "warn-text" : "bad-text"}`}>
        {percent(caught)}
        {asked > 0 && asked >= caught && " asked"}
      </td>
      <td>{inShort(by ?? "")}</td>
      <td className="number">{weight === undefined ? "" : percent(weight)}</td>
      <td className="number">{seconds === undefined ? "" : span(seconds)}</td>
      <td className="number">
        {amount(harmedMedian)} ({amount(harmedP95)})
      </td>
    </>
  );
}

function GoodCells({ good }: Pick<ProfileResult, "good">): ReactNode {
  const stopped = good.falseAborts + good.asked;
  return (
    <>
      <td className={`number ${stopped === 0 ? "good-text" : "bad-text"}`}>{percent(stopped)}</td>
      <td>{Object.keys(good.rules).map(inShort).join(", ")}</td>
      <td />
      <td className="number">{span(good.seconds)}</td>
      <td />
    </>
  );
}

function StepTable({ rehearsal }: { readonly rehearsal: Rehearsal }): ReactNode {
  const smallest = (share: number | undefined) =>
    share === undefined ? "nothing" : `+${Math.round(share * 1000) / 10} points`;
  return (
    <table className="list compared">
      <caption>
        <span>
          <strong>What each step sees:</strong> the smallest added failures that half of the releases are stopped for,
          by the end of the step
        </span>
      </caption>
      <thead>
        <tr>
          <th scope="col">Step at</th>
          <th scope="col">lasts</th>
          <th scope="col">requests of the new version</th>
          {profiles.map(({ name, title }) => (
            <th key={name} scope="col">
              seen {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rehearsal.steps.map((step) => (
          <tr key={step.index}>
            <th scope="row">{shareOf(step)}</th>
            <td className="number">{step.seconds === undefined ? "never reached" : span(step.seconds)}</td>
            <td className="number">{step.canaryRequests === undefined ? "" : amount(step.canaryRequests)}</td>
            {profiles.map(({ name }) => (
              <td key={name} className="number">
                {smallest(step.smallest[name])}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
