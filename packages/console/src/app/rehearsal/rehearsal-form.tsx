import { type ReactNode, useEffect, useState } from "react";
import type { LearnedDay } from "../../live/rehearsals.ts";
import { type Asked, fieldsOf, trafficOf, usualFields } from "./asked.ts";

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
  const [manifests, setManifests] = useState("");
  const [fields, setFields] = useState(usualFields);
  useEffect(() => {
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
        <p className="bad-text">The numbers must be above zero, and at most 100 releases of each kind.</p>
      )}
    </form>
  );
}
