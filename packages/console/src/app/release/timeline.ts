import type { Decision, Event } from "@sluice/api";

/** One thing that happened, with its evidence where there is some. */
export interface TimelineEntry {
  readonly key: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly action: string;
  readonly text: string;
  readonly tone: "good" | "bad" | "warn" | "plain";
  readonly count?: number;
  readonly decision?: Decision;
}

/** What happened between one version's begin and the next one's. */
export interface Chapter {
  readonly key: string;
  readonly title: string;
  readonly revision?: number;
  readonly result: "promoted" | "taken back" | "replaced" | "under way" | undefined;
  /** Milliseconds from begin to result; of what is under way, none. */
  readonly took?: number;
  readonly startedAt: number;
  /** Newest first. */
  readonly entries: readonly TimelineEntry[];
}

const tones: Readonly<Record<string, TimelineEntry["tone"]>> = {
  promote: "good",
  complete: "good",
  lift: "good",
  abort: "bad",
  quarantine: "bad",
  refuse: "bad",
  pause: "plain",
  hold: "warn",
  revert: "warn",
};

const results: Readonly<Record<string, Chapter["result"]>> = {
  promote: "promoted",
  abort: "taken back",
  rollback: "taken back",
};

/** A deploy over two colours has no hash of its own. */
const isAbout = (decision: Decision | undefined, hash: string): boolean =>
  decision !== undefined && (decision.spec.subject.podTemplateHash ?? "") === hash;

/** Newest first. A release begins with the decision `begin`; what comes before the first one has no title. */
export function chaptersOf(
  decisions: readonly Decision[],
  events: readonly Event[],
  titleOf: (begin: Decision) => string | undefined,
): readonly Chapter[] {
  const entries = [...decisions.map(ofDecision), ...events.map(ofEvent)].sort((a, b) => a.at - b.at || order(a, b));
  const chapters: TimelineEntry[][] = [];
  for (const entry of entries) {
    if (entry.decision?.spec.action === "begin" || chapters.length === 0) chapters.push([]);
    chapters.at(-1)?.push(entry);
  }
  return chapters.map((own, index) => chapterOf(own, titleOf, index === chapters.length - 1)).reverse();
}

function chapterOf(
  entries: readonly TimelineEntry[],
  titleOf: (begin: Decision) => string | undefined,
  isLatest: boolean,
): Chapter {
  const [first] = entries;
  const begin = first?.decision?.spec.action === "begin" ? first.decision : undefined;
  const { revision, podTemplateHash: hash = "" } = begin?.spec.subject ?? {};
  const own = entries.filter(({ decision }) => isAbout(decision, hash));
  const last = own.findLast(({ action }) => action === "retry" || results[action] !== undefined);
  const end = last?.action === "retry" ? undefined : last;
  const result = end === undefined ? (isLatest ? "under way" : "replaced") : results[end.action];
  return {
    key: first?.key ?? "",
    title: begin === undefined ? "Before" : (titleOf(begin) ?? hash),
    ...(revision === undefined || !/^\d+$/.test(revision) ? {} : { revision: Number(revision) }),
    result: begin === undefined ? undefined : result,
    ...(end === undefined || first === undefined ? {} : { took: end.at - first.at }),
    startedAt: first?.at ?? 0,
    entries: entries.toReversed(),
  };
}

function ofDecision(decision: Decision): TimelineEntry {
  const { at, action, because } = decision.spec;
  return {
    key: decision.metadata.name,
    at: Date.parse(at),
    action,
    text: because,
    tone: tones[action] ?? "plain",
    decision,
  };
}

export const eventAt = (event: Event): number =>
  Date.parse(event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp ?? "") || 0;

function ofEvent(event: Event): TimelineEntry {
  return {
    key: `event ${event.metadata.name}`,
    // The time of an Event is a whole second: it belongs behind the decisions of that second.
    at: eventAt(event) + 999,
    action: event.reason ?? "Event",
    text: event.message ?? "",
    tone: event.type === "Warning" ? "warn" : "plain",
    ...(event.count === undefined || event.count < 2 ? {} : { count: event.count }),
  };
}

const order = (a: TimelineEntry, b: TimelineEntry): number =>
  Number(a.decision?.metadata.resourceVersion ?? 0) - Number(b.decision?.metadata.resourceVersion ?? 0);
