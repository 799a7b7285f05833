import type { JudgementSpec } from "@sluice/api";
import {
  type JudgedRelease,
  type JudgedWindow,
  type JudgeOptions,
  type KnownBeside,
  modelFault,
  shippedModel,
  type Verdict,
} from "@sluice/verdict";
import { linesOf } from "./lines-of.ts";
import type { Judged } from "./same-release.ts";

/** What a judge was shown and what it said, in the order in which it happened. */
export type LogLine =
  /** `learned`: the model that judges with proof, so that a verdict can be worked out again after another has come. */
  | { readonly type: "release"; readonly release: JudgedRelease; readonly learned?: JudgeOptions["learned"] }
  | {
      readonly type: "window";
      readonly window: JudgedWindow;
      readonly verdict: Pick<Verdict, "action" | "nats" | "because">;
      /** The `judgeVersion` that gave it: an upgrade in the middle of a release brings another. */
      readonly judge: number;
    }
  /** What else was known at that window's end: rules and a model have looked at it. */
  | ({ readonly type: "known"; readonly ends: number } & KnownBeside)
  /** How it ended: its Judgement goes long before its windows do. */
  | ({ readonly type: "ended" } & Ended);

/** Of a Judgement, what training needs. */
export type Ended = Judged & Pick<JudgementSpec, "tolerances" | "comparedWith" | "blamed">;

/** A model for another judge's inputs says nothing to this one, which goes on with its own: an upgrade ends no release. */
const readable = (learned: JudgeOptions["learned"]): JudgeOptions["learned"] =>
  typeof learned === "object" && modelFault(learned) !== undefined ? (shippedModel ?? "off") : learned;

/** What a release began with. */
export interface Begun {
  readonly release: JudgedRelease;
  readonly learned?: JudgeOptions["learned"];
}

/** A window with all that was known of it. */
export interface LoggedWindow {
  readonly window: JudgedWindow;
  readonly verdict: Pick<Verdict, "action" | "nats" | "because">;
  /** Undefined of windows that were judged before judges had numbers. */
  readonly judge?: number;
  /** Undefined of windows that were judged with others at once, and of those before it was kept. */
  readonly known?: KnownBeside;
}

/** Of a log that was read. */
export interface Kept {
  /** Undefined of a release that is under way, and of one whose end nobody noted yet. */
  readonly ended?: Ended;
  /** Lines that say nothing. A crash cuts the last one short, and what it was about is judged again. */
  readonly unreadable: number;
}

const lineTypes: ReadonlySet<string> = new Set<LogLine["type"]>(["release", "window", "known", "ended"]);

/** Undefined of what a crash cut short, and of what another version wrote. */
export function parsed(line: string): LogLine | undefined {
  try {
    const read = JSON.parse(line) as LogLine | null;
    return lineTypes.has(read?.type ?? "") ? (read ?? undefined) : undefined;
  } catch {
    return undefined;
  }
}

/** For people who look at what was made of a log. */
export const unreadableWords = (lines: number): string =>
  `${lines} ${lines === 1 ? "line" : "lines"} of what was kept can't be read: what a crash cut short was judged again, other losses change what comes after`;

/**
 * Shows what was kept of a release, window by window in order, since all of it may be gigabytes. Undefined where nothing was kept
 * of how it began; then nothing was shown.
 */
export async function readWindowLog(
  path: string,
  begin: (begun: Begun) => (window: LoggedWindow) => void,
): Promise<Kept | undefined> {
  const lines = await linesOf(path);
  if (lines === undefined) return undefined;
  let show: ((window: LoggedWindow) => void) | undefined;
  let ended: Ended | undefined;
  let unreadable = 0;
  /** What else is known of it comes after it. */
  let last: LoggedWindow | undefined;
  for await (const some of lines) {
    // Reading and judging by turns, line by line, takes a quarter more time.
    for (const line of some.map(parsed)) {
      if (line === undefined) unreadable++;
      else if (line.type === "release") {
        if (show !== undefined) continue;
        show = begin(begunWith(line));
        // Of an attempt whose beginning is lost.
        last = undefined;
      } else if (line.type === "ended") {
        const { type: _, ...end } = line;
        ended = end;
      } else if (line.type === "known") {
        if (last !== undefined && last.window.ends === line.ends) last = { ...last, known: knownIn(line) };
      }
      // A window that a crash let be judged twice counts once.
      else if (line.window.ends > (last?.window.ends ?? 0)) {
        if (last !== undefined) show?.(last);
        const { type: _, ...window } = line;
        last = window;
      }
    }
  }
  if (show === undefined) return undefined;
  if (last !== undefined) show(last);
  return { ...(ended === undefined ? {} : { ended }), unreadable };
}

function begunWith({ release, learned: kept }: Begun): Begun {
  const learned = readable(kept);
  return { release, ...(learned === undefined ? {} : { learned }) };
}

const knownIn = ({ metrics, memoryLimit, prediction }: KnownBeside): KnownBeside => ({
  metrics,
  ...(memoryLimit === undefined ? {} : { memoryLimit }),
  ...(prediction === undefined ? {} : { prediction }),
});
