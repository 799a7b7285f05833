import type { Rollout } from "@sluice/api";
import { placeText, type Word } from "@sluice/api/release";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { steer } from "../data/api.ts";
import { Dialog } from "../parts/dialog.tsx";
import { say } from "../parts/messages.tsx";
import { useShortcuts } from "../parts/shortcuts.tsx";
import {
  abort,
  abortAsBad,
  promote,
  promoteFully,
  type ReleaseRequest,
  retry,
  skipAllSteps,
  skipStep,
} from "./requests.ts";

type ActionName = "promote" | "skipStep" | "skipAllSteps" | "promoteFully" | "retry" | "abort" | "abortAsBad";

interface Action {
  readonly name: ActionName;
  readonly text: string;
  readonly keys: string;
  readonly tone: "main" | "plain" | "danger";
  readonly question: (image: string) => string;
  readonly consequence: string;
  readonly done: string;
  readonly word: Word;
  readonly asksReason?: true;
  readonly request: (rollout: Rollout, reason: string) => ReleaseRequest;
}

const every: readonly Action[] = [
  {
    name: "promote",
    text: "Promote",
    keys: "p",
    tone: "main",
    question: (image) => `Promote ${image}?`,
    consequence: "The wait ends and the release goes on with its next step.",
    done: "Promoted: the release goes on.",
    word: "promoted",
    request: promote,
  },
  {
    name: "skipStep",
    text: "Skip step",
    keys: "s",
    tone: "plain",
    question: (image) => `Skip the step that ${image} is at?`,
    consequence: "It isn't waited for, whatever it does; the release goes on with the next one.",
    done: "Skipped: the release goes on with the next step.",
    word: "promoted",
    request: skipStep,
  },
  {
    name: "skipAllSteps",
    text: "Skip all steps",
    keys: "S",
    tone: "plain",
    question: (image) => `Skip all steps that ${image} has left?`,
    consequence:
      "It gets all traffic once its pods are ready. An analysis beside the steps goes on, and may still take it back.",
    done: "Skipped: no step is left.",
    word: "promoted",
    request: skipAllSteps,
  },
  {
    name: "promoteFully",
    text: "Promote fully",
    keys: "P",
    tone: "plain",
    question: (image) => `Give ${image} all traffic?`,
    consequence: "All steps and analyses that are left are skipped.",
    done: "Promoted fully: it gets all traffic as soon as its pods are ready.",
    word: "promoted",
    request: promoteFully,
  },
  {
    name: "retry",
    text: "Retry",
    keys: "t",
    tone: "plain",
    question: (image) => `Try ${image} again?`,
    consequence: "The release begins again at its first step.",
    done: "The release begins again.",
    word: "retried",
    request: retry,
  },
  {
    name: "abort",
    text: "Abort",
    keys: "x",
    tone: "danger",
    question: (image) => `Take the traffic back from ${image}?`,
    consequence:
      "All traffic goes to the stable version at once. Git goes on asking for this version; it can be retried.",
    done: "Aborted: traffic is back on the stable version.",
    word: "aborted",
    request: abort,
  },
  {
    name: "abortAsBad",
    text: "Abort as bad",
    keys: "X",
    tone: "danger",
    question: (image) => `Take ${image} back for good?`,
    consequence:
      "All traffic goes to the stable version at once. This version is quarantined, and git is put right as its application says.",
    done: "Marked bad: traffic goes back, the version is quarantined, git is put right.",
    word: "aborted",
    asksReason: true,
    request: abortAsBad,
  },
];

/** What a person may do with the release. What makes no sense now can't be pressed, and says why. */
export function Actions({ rollout, image }: { readonly rollout: Rollout; readonly image: string }): ReactNode {
  const [asked, setAsked] = useState<{ readonly action: Action; readonly seen: Rollout }>();
  const why = useId();
  const hasSteps = rollout.spec.strategy.blueGreen === undefined;
  const actions = every.filter(({ name }) => hasSteps || (name !== "skipStep" && name !== "skipAllSteps"));
  const open = (action: Action) => {
    const request = action.request(rollout, "");
    if (request.is === "possible") setAsked({ action, seen: rollout });
    else say(`${action.text}: ${request.because}.`);
  };
  useShortcuts(actions.map((action) => ({ keys: action.keys, what: action.text, run: () => open(action) })));
  return (
    <div className="actions" role="toolbar" aria-label="Release">
      {actions.map((action) => {
        const request = action.request(rollout, "");
        const isPossible = request.is === "possible";
        return (
          <span key={action.name} className="action-slot">
            <button
              type="button"
              className={action.tone}
              aria-disabled={!isPossible}
              aria-describedby={isPossible ? undefined : `${why}${action.name}`}
              title={isPossible ? `Key: ${action.keys}` : request.because}
              onClick={() => open(action)}
            >
              {action.text}
            </button>
            {!isPossible && (
              <span id={`${why}${action.name}`} className="unseen">
                {request.because}
              </span>
            )}
          </span>
        );
      })}
      {asked !== undefined && (
        <Confirm {...asked} rollout={rollout} image={image} onClose={() => setAsked(undefined)} />
      )}
    </div>
  );
}

/** What is asked is meant for what was seen when the question was put, whatever the page shows by now. */
function Confirm({
  action,
  seen,
  rollout,
  image,
  onClose,
}: {
  readonly action: Action;
  readonly seen: Rollout;
  readonly rollout: Rollout;
  readonly image: string;
  readonly onClose: () => void;
}): ReactNode {
  const [reason, setReason] = useState("");
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const request = action.request(seen, reason.trim() || "a person said so");
  const hasMovedOn = isElsewhere(seen, rollout);

  async function go(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (request.is !== "possible" || hasMovedOn || isBusy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await steer(seen, request.patches, action.word);
      say(action.done);
      onClose();
    } catch (thrown) {
      setProblem(thrown instanceof Error ? thrown.message : String(thrown));
      setBusy(false);
    }
  }

  return (
    <Dialog title={action.question(image)} onClose={onClose}>
      <form onSubmit={go}>
        <p>{action.consequence}</p>
        {action.asksReason && (
          <label className="field">
            Why, for those who look later
            <input
              value={reason}
              onChange={({ target }) => setReason(target.value)}
              maxLength={300}
              autoComplete="off"
            />
          </label>
        )}
        {hasMovedOn && !isBusy && <p className="warn-text">It has moved on meanwhile: {placeText(rollout)}.</p>}
        {problem !== undefined && (
          <p className="bad-text" role="alert">
            {problem}
          </p>
        )}
        <div className="dialog-actions">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            className={action.tone === "danger" ? "danger filled" : "main"}
            disabled={isBusy || hasMovedOn || request.is !== "possible"}
          >
            {action.text}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function isElsewhere(seen: Rollout, now: Rollout): boolean {
  const [before, after] = [seen.status ?? {}, now.status ?? {}];
  const fields = ["currentPodHash", "currentStepIndex", "stableRS", "abort"] as const;
  return fields.some((field) => before[field] !== after[field]);
}
