import type { Rollout } from "@sluice/api";
import { amount, percent, span } from "@sluice/rehearsal";
import { type ReactNode, useEffect, useState } from "react";
import type { ShownCalibration, ShownComparison } from "../../live/rehearsals.ts";
import { read } from "../data/api.ts";
import { useCollection } from "../data/use-live.ts";
import { Ago } from "../parts/ago.tsx";
import { Badge } from "../parts/badge.tsx";
import { Section } from "../parts/page.tsx";

const shownMax = 30;

type State =
  | { readonly is: "loading" }
  | { readonly is: "known"; readonly calibration: ShownCalibration }
  | { readonly is: "unknown"; readonly problem: string };

/** Was it right? Each real release of a namespace beside what was predicted before it. */
export function CalibrationSection(): ReactNode {
  const rollouts = useCollection<Rollout>("rollouts");
  const names = rollouts.is === "loading" ? [] : rollouts.items.map(({ metadata }) => metadata.namespace ?? "default");
  const namespaces = [...new Set(names)].toSorted();
  const [chosen, setChosen] = useState<string>();
  const namespace = chosen ?? namespaces[0];
  const [state, setState] = useState<State>({ is: "loading" });
  useEffect(() => {
    if (namespace === undefined) return;
    let isWanted = true;
    setState({ is: "loading" });
    read<ShownCalibration>(`/calibration/${encodeURIComponent(namespace)}`).then(
      (calibration) => isWanted && setState({ is: "known", calibration }),
      (thrown: Error) => isWanted && setState({ is: "unknown", problem: thrown.message }),
    );
    return () => {
      isWanted = false;
    };
  }, [namespace]);
  if (namespace === undefined) return null;
  return (
    <Section
      title="Predicted against actual"
      className="scrolls"
      beside={
        <label className="choice">
          Namespace
          <select value={namespace} onChange={({ target }) => setChosen(target.value)}>
            {namespaces.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
      }
    >
      {state.is === "loading" && <p className="quiet">Reading the releases…</p>}
      {state.is === "unknown" && <p className="bad-text">{state.problem}</p>}
      {state.is === "known" && <Calibration calibration={state.calibration} />}
    </Section>
  );
}

function Calibration({ calibration }: { readonly calibration: ShownCalibration }): ReactNode {
  const { releases, within, rolledBack, predictedFalseAborts } = calibration;
  const known = releases.filter(({ keptAt }) => keptAt !== undefined).toReversed();
  const without = releases.length - known.length;
  const unknown = without > 0 && (
    <p className="quiet">
      {without} of {releases.length} releases ended with no prediction kept before them.
    </p>
  );
  if (known.length === 0) {
    return (
      <>
        <p className="quiet">
          Nothing to compare yet: keep a prediction with <code>sluice rehearse FILE --keep</code>, then release.
        </p>
        {unknown}
      </>
    );
  }
  const shown = known.slice(0, shownMax);
  const longest = Math.max(
    ...shown.flatMap(({ release, duration }) => [release.seconds, duration?.predicted.high ?? 0]),
  );
  return (
    <>
      <p>
        {within.durations[0]} of {within.durations[1]} durations
        {within.harms[1] > 0 && ` and ${within.harms[0]} of ${within.harms[1]} harms`} lay where nine in ten should.{" "}
        {rolledBack} of {known.length} releases were taken back
        {predictedFalseAborts !== undefined && `; of good ones ${percent(predictedFalseAborts)} were predicted to be`}.
      </p>
      <table className="list compared calibration">
        <thead>
          <tr>
            <th scope="col">Release</th>
            <th scope="col">Ended</th>
            <th scope="col">Predicted</th>
            <th scope="col">Took</th>
            <th scope="col">As a chart</th>
            <th scope="col">Harm predicted</th>
            <th scope="col">Harmed</th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ release, duration, harmed }) => (
            <tr key={`${release.rollout} ${release.revision} ${release.beganAt}`}>
              <th scope="row">
                {release.rollout}@{release.revision}
                <span className="under">
                  {release.version} · <Ago at={release.beganAt} />
                </span>
              </th>
              <td>
                <Badge state={release.outcome === "promoted" ? "promoted" : "taken back"} />
              </td>
              <td className="numbers">{duration === undefined ? "–" : intervalText(duration, span)}</td>
              <td className={`numbers ${duration?.isWithin === false ? "warn-text" : ""}`}>{span(release.seconds)}</td>
              <td>{duration !== undefined && <IntervalBar compared={duration} most={longest} />}</td>
              <td className="numbers">{harmed === undefined ? "–" : intervalText(harmed, amount)}</td>
              <td className={`numbers ${harmed?.isWithin === false ? "warn-text" : ""}`}>
                {release.harmed === undefined ? "–" : amount(release.harmed)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {known.length > shown.length && <p className="quiet">{known.length - shown.length} older ones aren't shown.</p>}
      {unknown}
    </>
  );
}

function intervalText({ predicted: { low, median, high } }: ShownComparison, words: (value: number) => string): string {
  const [from, middle, to] = [words(low), words(median), words(high)];
  return from === to ? middle : `${middle} (${from} to ${to})`;
}

/** The interval as a bar, its middle as a line, what it came to as a mark: beyond the bar it is a square. */
function IntervalBar({ compared, most }: { readonly compared: ShownComparison; readonly most: number }): ReactNode {
  const { predicted, actual, isWithin } = compared;
  const place = (seconds: number): string => `${most === 0 ? 0 : (100 * seconds) / most}%`;
  const width = most === 0 ? 0 : (100 * (predicted.high - predicted.low)) / most;
  return (
    <div className="interval-bar" aria-hidden="true">
      <span className="interval" style={{ left: place(predicted.low), width: `${width}%` }} />
      <span className="middle" style={{ left: place(predicted.median) }} />
      <span className={`actual ${isWithin ? "" : "outside"}`} style={{ left: place(actual) }} />
    </div>
  );
}
