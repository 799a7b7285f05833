import { type ReactNode, useEffect, useRef, useState } from "react";
import type { LearnedDay } from "../../live/rehearsals.ts";
import { type Asked, fieldsOf, releasesOf, trafficOf, usualFields } from "./asked.ts";
import { keepDraft, keptDraft } from "./draft.ts";
import { exampleManifests } from "./example.ts";
import { RehearsalFields } from "./rehearsal-fields.tsx";

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
    const { runs: _runs, seed: _seed, person: _person, notice: _notice, ...usual } = usualFields;
    setFields((before) => ({ ...before, ...usual, ...(day?.isLearned ? fieldsOf(day.traffic) : {}) }));
  }, [day]);
  const ordinary = day?.isLearned ? day.traffic : undefined;
  // A browser that keeps nothing forgets what was learned as the page is loaded again.
  const shown = ordinary === undefined && fields.noise === "learned" ? { ...fields, noise: usualFields.noise } : fields;
  const traffic = trafficOf(shown, ordinary);
  const learned = day === undefined ? {} : { learned: day.words };
  const isReady = manifests.trim() !== "" && traffic !== undefined;
  return (
    <form
      className="card rehearsal-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (traffic !== undefined && isReady)
          onBegin({ manifests, traffic, ...learned, ...releasesOf(shown, day?.readiness) });
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
        <RehearsalFields fields={shown} day={day} onChange={setFields} />
        {isRunning ? (
          <button type="button" onClick={onCancel}>
            Stop
          </button>
        ) : (
          <button type="submit" className="main" disabled={!isReady}>
            Rehearse
          </button>
        )}
        {manifests.trim() === "" ? (
          <button type="button" onClick={() => setManifests(exampleManifests)}>
            Start from an example
          </button>
        ) : undefined}
      </div>
    </form>
  );
}
