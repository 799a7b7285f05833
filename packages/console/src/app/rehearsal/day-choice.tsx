import type { Rollout } from "@sluice/api";
import { type ReactNode, useId, useState } from "react";
import type { LearnedDay } from "../../live/rehearsals.ts";
import { read } from "../data/api.ts";
import { useCollection } from "../data/use-live.ts";
import type { ChosenDay } from "./draft.ts";

type Choice =
  | { readonly is: "settled" }
  | { readonly is: "reading" }
  | { readonly is: "tooLittle"; readonly words: readonly string[] }
  | { readonly is: "unknown"; readonly problem: string };

/** Made-up users, or those of a service that runs here: its traffic's shape, noise, errors and latency of the last weeks. */
export function DayChoice({
  chosen,
  onChange,
}: {
  /** Whose day it is now; undefined: made-up users. */
  readonly chosen: ChosenDay | undefined;
  readonly onChange: (chosen: ChosenDay | undefined) => void;
}): ReactNode {
  const rollouts = useCollection<Rollout>("rollouts");
  const [name, setName] = useState(chosen?.of ?? "");
  const [choice, setChoice] = useState<Choice>({ is: "settled" });
  const list = useId();
  const names =
    rollouts.is === "loading" ? [] : rollouts.items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
  if (names.length === 0 && chosen === undefined) return null;

  async function learn(): Promise<void> {
    setChoice({ is: "reading" });
    try {
      const day = await read<LearnedDay>(`/learned/${name.split("/").map(encodeURIComponent).join("/")}`);
      // Too little of its users, but its Pods may tell how long they take.
      const isOfUse = day.isLearned || day.readiness !== undefined;
      setChoice(isOfUse ? { is: "settled" } : { is: "tooLittle", words: day.words });
      onChange(isOfUse ? { of: name, day } : undefined);
    } catch (thrown) {
      setChoice({ is: "unknown", problem: thrown instanceof Error ? thrown.message : String(thrown) });
    }
  }
  function forget(): void {
    setChoice({ is: "settled" });
    onChange(undefined);
  }

  return (
    <div className="day-choice">
      <div className="day-choice-row">
        <label className="field">
          An ordinary day of a Rollout that runs here
          <input
            list={list}
            value={name}
            onChange={({ target }) => setName(target.value)}
            placeholder={names[0]}
            autoComplete="off"
          />
        </label>
        <datalist id={list}>
          {names.toSorted().map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
        <button type="button" disabled={!names.includes(name) || choice.is === "reading"} onClick={learn}>
          Use its own traffic
        </button>
        {chosen !== undefined && choice.is !== "reading" && (
          <button type="button" onClick={forget}>
            Made-up users again
          </button>
        )}
      </div>
      <div aria-live="polite">
        {choice.is === "reading" && <p className="quiet">Reading the last four weeks…</p>}
        {choice.is === "unknown" && <p className="bad-text">{choice.problem}</p>}
        {choice.is === "tooLittle" && <p className="break">{choice.words.join(". ")}.</p>}
        {chosen !== undefined && choice.is !== "reading" && (
          <ul className="rehearsal-words" aria-label={`Users of ${chosen.of}`}>
            {chosen.day.words.map((each) => (
              <li key={each} className="break">
                {each}
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}
