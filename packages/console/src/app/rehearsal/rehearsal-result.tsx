import { amount, type FaultResult, type ProfileResult, percent, type Rehearsal, shareOf, span } from "@sluice/rehearsal";
import type { ReactNode } from "react";
import { HarmChart } from "./harm-chart.tsx";
import { profiles } from "./profiles.ts";

/** What `sluice rehearse` prints, as a page. */
export function RehearsalResult({ rehearsal }: { readonly rehearsal: Rehearsal }): ReactNode {
  const { namespace, rollout, words, learned, podsReadySeconds, madeUp, unanswerable } = rehearsal;
  return (
    <section aria-label={`Rehearsal of ${rollout}`}>
      <div className="card">
        <div className="card-head">
          <h2>
            {namespace}/{rollout}
          </h2>
        </div>
        <ul className="rehearsal-words">
          {words.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      </div>
      {learned.length > 0 && (
        <div className="card">
          <h2>An ordinary day, learned</h2>
          <ul className="rehearsal-words">
            {learned.map((line) => (
              <li key={line}>{line}</li>
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
      <div className="card">
        <h2>What these files don't hold</h2>
        <ul className="rehearsal-words quiet">
          <li>taken as usual: Pods are ready after {span(podsReadySeconds)}, and each higher weight waits for them</li>
          {madeUp.map((what) => (
            <li key={what}>made up: {what}</li>
          ))}
          {unanswerable.map(({ template, metric, because }) => (
            <li key={`${template}/${metric}`}>
              decides nothing here: {template}/{metric}, since {because}
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}

function FaultTable({ rehearsal }: { readonly rehearsal: Rehearsal }): ReactNode {
  const { argo, sluice } = rehearsal.profiles;
  if (argo === undefined || sluice === undefined) return null;
  return (
    <table className="list compared rehearsal-faults">
      <caption className="unseen">Bad releases: which are caught, by what, and how many requests they harm</caption>
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
      <caption className="unseen">
        The smallest added failures that half of the releases are stopped for, by step
      </caption>
      <thead>
        <tr>
          <th scope="col">By the end of the step at</th>
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
