import { noises } from "@sluice/rehearsal";
import { type ReactNode, useId } from "react";
import type { LearnedDay } from "../../live/rehearsals.ts";
import { numberFields, problemOf, type TrafficFields } from "./asked.ts";

const usuallyReadySeconds = 15;

/** An ordinary day and the releases, field by field; what is wrong stands below its field. */
export function RehearsalFields({
  fields,
  day,
  onChange,
}: {
  readonly fields: TrafficFields;
  readonly day: LearnedDay | undefined;
  readonly onChange: (fields: TrafficFields) => void;
}): ReactNode {
  const id = useId();
  const readySeconds = day?.readiness === undefined ? usuallyReadySeconds : day.readiness.millis / 1000;
  return (
    <>
      {numberFields.map((each) => {
        const { field, label } = each;
        const problem = problemOf(each, fields);
        return (
          <div key={field} className="field">
            <label htmlFor={`${id}${field}`}>{label}</label>
            <input
              id={`${id}${field}`}
              inputMode="decimal"
              value={fields[field]}
              placeholder={field === "ready" ? `${readySeconds}` : undefined}
              aria-invalid={problem !== undefined}
              aria-describedby={problem === undefined ? undefined : `${id}${field}-problem`}
              onChange={({ target }) => onChange({ ...fields, [field]: target.value })}
            />
            {problem !== undefined && (
              <span id={`${id}${field}-problem`} className="bad-text field-problem">
                {problem}
              </span>
            )}
          </div>
        );
      })}
      <label className="field">
        Noise
        <select value={fields.noise} onChange={({ target }) => onChange({ ...fields, noise: target.value })}>
          {day?.isLearned && <option value="learned">as learned</option>}
          {Object.keys(noises).map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
    </>
  );
}
