import type { BlueGreenDeployment } from "@sluice/api";
import { type FoundPair, imageOf, isUnderWay, wayBack } from "@sluice/api/release";
import { type ReactNode, useId, useState } from "react";
import { change } from "../data/api.ts";
import { Confirm } from "../parts/confirm.tsx";
import { say } from "../parts/messages.tsx";
import { useShortcuts } from "../parts/shortcuts.tsx";

/** As `sluice bluegreen rollback` without `--drain`. */
const drainSeconds = 30;
const by = "somebody in the console";

interface Action {
  readonly text: string;
  readonly keys: string;
  readonly tone: "plain" | "danger";
  readonly question: string;
  readonly consequence: string;
  readonly done: string;
  /** Why it makes no sense now. */
  readonly senseless: string | undefined;
  readonly operations: () => readonly object[];
}

function actionsOf(deploy: BlueGreenDeployment, found: FoundPair | undefined): readonly Action[] {
  const { metadata, spec, status } = deploy;
  const isOnItsWay = isUnderWay(deploy);
  const image = status?.image ?? spec.image ?? "the deploy";
  const other = found?.is === "found" ? found.pair : undefined;
  return [
    {
      text: "Abort",
      keys: "x",
      tone: "danger",
      question: `Take ${image} back?`,
      consequence: `${status?.from ?? "The colour that had it"} has all traffic again, and what was scaled up goes.`,
      done: "It is being taken back.",
      senseless: !isOnItsWay
        ? "No deploy is under way"
        : status?.outcome !== undefined
          ? "Its end is certain already"
          : spec.abort === true
            ? "It is being taken back"
            : undefined,
      operations: () => [
        { op: "test", path: "/spec/release", value: spec.release },
        { op: "add", path: "/spec/abort", value: true },
        { op: "add", path: "/spec/by", value: by },
      ],
    },
    {
      text: "Roll back",
      keys: "b",
      tone: "danger",
      question: other === undefined ? "Roll back?" : `Give ${other.to} the traffic again?`,
      consequence:
        other === undefined
          ? ""
          : `${other.to} is scaled up with ${imageOf(other.idle, other.container)}, checked and switched to; then ${other.from} goes.`,
      done: "The way back has begun.",
      senseless: isOnItsWay
        ? "A deploy is under way: abort it"
        : found === undefined
          ? "The two sides aren't known yet"
          : found.is === "refused"
            ? found.because
            : undefined,
      operations: () => [
        { op: "test", path: "/metadata/resourceVersion", value: metadata.resourceVersion },
        {
          op: "replace",
          path: "/spec",
          value: wayBack(deploy, { release: crypto.randomUUID().slice(0, 8), by, drainSeconds }),
        },
      ],
    },
  ];
}

/** What `sluice bluegreen` can do to a deploy that there is. What makes no sense now can't be pressed, and says why. */
export function DeployActions({
  deploy,
  found,
}: {
  readonly deploy: BlueGreenDeployment;
  readonly found: FoundPair | undefined;
}): ReactNode {
  const [asked, setAsked] = useState<{ readonly action: Action; readonly release: string }>();
  const why = useId();
  const actions = actionsOf(deploy, found);
  const open = (action: Action) => {
    if (action.senseless === undefined) setAsked({ action, release: deploy.spec.release });
    else say(`${action.text}: ${action.senseless}.`);
  };
  useShortcuts(actions.map((action) => ({ keys: action.keys, what: action.text, run: () => open(action) })));
  return (
    <div className="actions" role="toolbar" aria-label="Deploy">
      {actions.map((action) => (
        <span key={action.text} className="action-slot">
          <button
            type="button"
            className={action.tone}
            aria-disabled={action.senseless !== undefined}
            aria-describedby={action.senseless === undefined ? undefined : `${why}${action.keys}`}
            title={action.senseless ?? `Key: ${action.keys}`}
            onClick={() => open(action)}
          >
            {action.text}
          </button>
          {action.senseless !== undefined && (
            <span id={`${why}${action.keys}`} className="unseen">
              {action.senseless}
            </span>
          )}
        </span>
      ))}
      {asked !== undefined && (
        <Confirm
          title={asked.action.question}
          consequence={asked.action.consequence}
          text={asked.action.text}
          outdated={asked.release === deploy.spec.release ? undefined : "Another deploy has begun meanwhile."}
          onClose={() => setAsked(undefined)}
          onConfirm={async () => {
            const { namespace = "default", name } = deploy.metadata;
            await change("bluegreendeployments", namespace, name, asked.action.operations());
            say(asked.action.done);
          }}
        />
      )}
    </div>
  );
}
