import { type Instant, parseInstant } from "@sluice/kernel";
import type { Resource } from "../contract/resource.ts";
import type { Rollout } from "../kinds/argo/rollout.ts";
import type { Event } from "../kinds/core/event.ts";
import { blueGreenStage, blueGreenWords } from "./blue-green-stage.ts";

export type Word = "promoted" | "aborted" | "retried" | "paused" | "restarted" | "undid" | "released";

const reasons: Readonly<Record<Word, string>> = {
  promoted: "PersonPromoted",
  aborted: "PersonAborted",
  retried: "PersonRetried",
  paused: "PersonPaused",
  restarted: "PersonRestarted",
  undid: "PersonUndid",
  released: "PersonReleased",
};

/** What a person asked for, so that others read who it was. `by`: as they are known; nobody proved it. */
export function wordEvent(
  { apiVersion, kind, metadata }: Resource,
  {
    word,
    by,
    component,
    at,
  }: { readonly word: Word; readonly by: string; readonly component: string; readonly at: string },
): Event {
  const { namespace = "default", name, uid } = metadata;
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { generateName: `${name}.`, namespace, name: "" },
    involvedObject: { apiVersion, kind, namespace, name, ...(uid === undefined ? {} : { uid }) },
    type: "Normal",
    reason: reasons[word],
    message: `${by} ${word} it`,
    source: { component },
    reportingComponent: component,
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
  };
}

export interface LastWord {
  readonly by: string;
  readonly message: string;
  readonly at: Instant;
}

/** The latest that a person asked of it. */
export function lastWord({ metadata }: Rollout, events: readonly Event[]): LastWord | undefined {
  const known = Object.values(reasons);
  const words = events
    .filter(({ involvedObject, reason = "" }) => involvedObject.uid === metadata.uid && known.includes(reason))
    .flatMap(({ message = "", lastTimestamp }) => {
      const at = parseInstant(lastTimestamp ?? "");
      return at === undefined ? [] : [{ by: message.replace(/ \w+ it$/, ""), message, at }];
    });
  return words.toSorted((a, b) => b.at - a.at)[0];
}

/** Where a release stands: `it's now at step 4/6`. */
export function placeText(rollout: Rollout): string {
  const { spec, status = {} } = rollout;
  if (status.abort === true) return "it's aborted now";
  const stage = blueGreenStage(rollout);
  if (stage !== undefined) return `now: ${blueGreenWords(stage)}`;
  const isDone = (status.stableRS ?? "") !== "" && status.stableRS === status.currentPodHash;
  if (isDone) return "it's fully promoted now";
  const steps = spec.strategy.canary?.steps?.length ?? 0;
  return `it's now at step ${Math.min((status.currentStepIndex ?? 0) + 1, steps)}/${steps}`;
}

const recent = 60_000;

/** What happened between two looks, for somebody who meant the first. */
export function meanwhileText(before: Rollout, after: Rollout, events: readonly Event[], now: Instant): string {
  const word = lastWord(after, events);
  const seconds = word === undefined ? 0 : Math.max(0, Math.round((now - word.at) / 1000));
  const who = word === undefined || now - word.at > recent ? undefined : `${word.message} ${seconds} s ago`;
  const isOther = before.status?.currentPodHash !== after.status?.currentPodHash;
  const what = isOther ? "another version has begun meanwhile" : "it has gone on meanwhile";
  return `${who ?? what}; ${isOther && who !== undefined ? "another version has begun, " : ""}${placeText(after)}. Nothing was changed.`;
}
