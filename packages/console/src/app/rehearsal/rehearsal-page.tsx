import { type ReactNode, useState } from "react";
import { Page } from "../parts/page.tsx";
import { type ChosenDay, keepDay, keptDay } from "./draft.ts";
import { RehearsalExports } from "./rehearsal-exports.tsx";
import { RehearsalForm } from "./rehearsal-form.tsx";
import { RehearsalResult } from "./rehearsal-result.tsx";
import { type Rehearsing, useRehearsal } from "./use-rehearsal.ts";

/** Will a release be caught? Answered here, in the browser, before anything is applied. */
export function RehearsalPage({
  dayChoice,
  children,
}: {
  /** Whose users the modelled ones are like, where there are others to choose from. */
  readonly dayChoice?: (chosen: ChosenDay | undefined, onChange: (day: ChosenDay | undefined) => void) => ReactNode;
  /** What stands below. */
  readonly children?: ReactNode;
}): ReactNode {
  const { state, begin, cancel } = useRehearsal();
  const [chosen, setChosen] = useState(dayChoice === undefined ? undefined : keptDay);
  const choose = (next: ChosenDay | undefined) => {
    keepDay(next);
    setChosen(next);
  };
  return (
    <Page title="Rehearse a release">
      <p className="quiet rehearsal-lead">
        Good and bad releases of these manifests, run in this browser against modelled users: which are caught, by what,
        and how many requests they harm first. Nothing is sent anywhere.
      </p>
      <RehearsalForm isRunning={state.is === "running"} day={chosen?.day} onBegin={begin} onCancel={cancel}>
        {dayChoice?.(chosen, choose)}
      </RehearsalForm>
      <div aria-live="polite">
        {state.is === "running" && <Progress done={state.done} all={state.all} />}
        {messagesOf(state).map((message) => (
          <div key={message} className="card" role="alert">
            <p className="bad-text break rehearsal-refusal">{message}</p>
          </div>
        ))}
      </div>
      {state.is === "rehearsed" &&
        state.rehearsals.map((rehearsal) => (
          <RehearsalResult key={`${rehearsal.namespace}/${rehearsal.rollout}`} rehearsal={rehearsal} />
        ))}
      {state.is === "rehearsed" && state.rehearsals.length > 0 && (
        <RehearsalExports asked={state.asked} rehearsals={state.rehearsals} />
      )}
      {children}
    </Page>
  );
}

function messagesOf(state: Rehearsing): readonly string[] {
  if (state.is === "refused") return [state.message];
  return state.is === "rehearsed" ? state.refused : [];
}

function Progress({ done, all }: { readonly done: number; readonly all: number | undefined }): ReactNode {
  return (
    <div className="card">
      <label className="rehearsal-progress">
        {all === undefined ? "Reading the manifests" : `${done} of ${all} releases`}
        <progress value={all === undefined ? undefined : done} max={all ?? 1} />
      </label>
    </div>
  );
}
