import { type ReactNode, useEffect, useRef, useState } from "react";
import type { LearnedDay } from "../../live/rehearsals.ts";
import { type Asked, fieldsOf, trafficOf, usualFields } from "./asked.ts";
import { keepDraft, keptDraft } from "./draft.ts";

const numbers = [
  { field: "rate", label: "Requests a second" },
  { field: "errorsPercent", label: "Errors of an ordinary day, %" },
  { field: "p95", label: "p95, ms" },
  { field: "runs", label: "Releases of each bad kind" },
] as const;

/** The manifests and an ordinary day. */
export function RehearsalForm({
  isRunning,
  day,
  onBegin,
  onCancel,
  children,
}: {
  readonly isRunning: boolean;
  /** Of a service's own metrics: the numbers may still be changed. */
  readonly day: LearnedDay | undefined;
  readonly onBegin: (asked: Asked) => void;
  readonly onCancel: () => void;
  readonly children?: ReactNode;
}): ReactNode {
  const [draft] = useState(keptDraft);
  const [manifests, setManifests] = useState(draft.manifests);
  const [fields, setFields] = useState(draft.fields);
  const shownDay = useRef(day);
  useEffect(() => keepDraft({ manifests, fields }), [manifests, fields]);
  useEffect(() => {
    if (shownDay.current === day) return;
    shownDay.current = day;
    setFields(({ runs }) => ({ ...(day === undefined ? usualFields : fieldsOf(day.traffic)), runs }));
  }, [day]);
  const traffic = trafficOf(fields, day?.traffic);
  const learned = day === undefined ? {} : { learned: day.words };
  const isReady = manifests.trim() !== "" && traffic !== undefined;
  return (
    <form
      className="card rehearsal-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (traffic !== undefined && isReady)
          onBegin({ manifests, traffic, ...learned, runs: Number(fields.runs), seed: 1 });
      }}
    >
      <label className="field">
        Rollout, AnalysisTemplates and routes, as YAML
        <textarea
          value={manifests}
          onChange={({ target }) => setManifests(target.value)}
          rows={16}
          spellCheck={false}
          placeholder="apiVersion: argoproj.io/v1alpha1&#10;kind: Rollout&#10;…"
        />
      </label>
      {children}
      <div className="rehearsal-day">
        {numbers.map(({ field, label }) => (
          <label key={field} className="field">
            {label}
            <input
              inputMode="decimal"
              value={fields[field]}
              onChange={({ target }) => setFields({ ...fields, [field]: target.value })}
            />
          </label>
        ))}
        {isRunning ? (
          <button type="button" onClick={onCancel}>
            Stop
          </button>
        ) : (
          <button type="submit" className="main" disabled={!isReady}>
            Rehearse
          </button>
        )}
      </div>
      {traffic === undefined && (
        <p className="bad-text">
          Expected above 0 and at most 1,000,000 requests a second, from 0 to below 100 % errors, a p95 above 0 and at
          most 600,000 ms, and 1 to 100 releases of each bad kind.
        </p>
      )}
    </form>
  );
}
