import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Judgement, JudgementSpec } from "@sluice/api";
import { after, hours, type Instant, instant, type Millis } from "@sluice/kernel";
import {
  type JudgedRelease,
  type JudgedWindow,
  type JudgeOptions,
  type KnownBeside,
  type KnownStarts,
  modelFault,
  shippedModel,
  type Verdict,
} from "@sluice/verdict";
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
export type Ended = Judged & Pick<JudgementSpec, "tolerances" | "comparedWith">;

/** A model for another judge's inputs says nothing to this one, which goes on with its own: an upgrade ends no release. */
const readable = (learned: JudgeOptions["learned"]): JudgeOptions["learned"] =>
  typeof learned === "object" && modelFault(learned) !== undefined ? (shippedModel ?? "off") : learned;

export interface WindowLog {
  readonly release: JudgedRelease;
  readonly learned?: JudgeOptions["learned"];
  readonly windows: readonly {
    readonly window: JudgedWindow;
    readonly verdict: Pick<Verdict, "action" | "nats" | "because">;
    /** Undefined of windows that were judged before judges had numbers. */
    readonly judge?: number;
    /** Undefined of windows that were judged with others at once, and of those before it was kept. */
    readonly known?: KnownBeside;
  }[];
  /** Undefined of a release that is under way, and of one whose end nobody noted yet. */
  readonly ended?: Ended;
  /** Lines that say nothing. A crash cuts the last one short, and what it was about is judged again. */
  readonly unreadable: number;
}

/** As long as Decisions are kept, which say what came of it. */
const keptFor = hours(24 * 90);
const sweptEach = hours(1);
const ending = ".ndjson";
const endingOfStarts = ".starts.json";
const endingOfHalves = ".starts.json.new";

/** For how long a file is kept from its last change; undefined of what isn't ours. */
function keptAs(name: string): Millis | undefined {
  // One that is being written is milliseconds old.
  if (name.endsWith(endingOfHalves)) return sweptEach;
  return name.endsWith(ending) || name.endsWith(endingOfStarts) ? keptFor : undefined;
}

const endOf = ({ rollout, revision, canary, beganAt, tolerances, comparedWith, outcome }: JudgementSpec): LogLine => ({
  type: "ended",
  rollout,
  revision,
  canary,
  beganAt,
  ...(tolerances === undefined ? {} : { tolerances }),
  ...(comparedWith === undefined ? {} : { comparedWith }),
  ...(outcome === undefined ? {} : { outcome }),
});

/**
 * One file a release in the state folder: every input of every verdict, so that each can be worked out again. And one of
 * what it showed of the service's starts, for the next release.
 */
export class WindowLogs {
  readonly #folder: string;
  readonly #noted = new Set<string>();
  #sweepFrom = instant(0);

  constructor(folder: string) {
    this.#folder = folder;
  }

  path(uid: string): string {
    return this.#pathOf(uid, ending);
  }

  #pathOf(uid: string, suffix: string): string {
    return join(this.#folder, `${uid.replaceAll(/[^a-zA-Z0-9-]/g, "_")}${suffix}`);
  }

  /** Undefined where nothing was kept. */
  async read(uid: string): Promise<WindowLog | undefined> {
    return readWindowLog(this.path(uid));
  }

  async append(uid: string, lines: readonly LogLine[]): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
    const file = await open(this.path(uid), "a+", 0o600);
    try {
      // What a crash cut short stays a line of its own.
      await file.appendFile((await endsInMidLine(file)) ? `\n${text}` : text);
    } finally {
      await file.close();
    }
  }

  /** The uids of all Judgements of which something is kept. */
  async uids(): Promise<readonly string[]> {
    const names = await readdir(this.#folder).catch(() => []);
    return names
      .filter((name) => name.endsWith(ending))
      .map((name) => name.slice(0, -ending.length))
      .sort();
  }

  /** Notes how releases ended that aren't noted yet. */
  async noteEnds(judgements: readonly Judgement[]): Promise<void> {
    for (const { metadata, spec } of judgements) {
      const { uid = "" } = metadata;
      if (spec.outcome === undefined || this.#noted.has(uid)) continue;
      const last = await lastLineOf(this.path(uid));
      if (last !== undefined && !isEnd(last)) await this.append(uid, [endOf(spec)]);
      this.#noted.add(uid);
    }
  }

  /** What the release has shown so far of how the service's Pods start. */
  async keepStarts(uid: string, starts: KnownStarts): Promise<void> {
    const half = this.#pathOf(uid, endingOfHalves);
    // A crash leaves the one or the other, whole.
    await writeFile(half, JSON.stringify(starts), { mode: 0o600 });
    await rename(half, this.#pathOf(uid, endingOfStarts));
  }

  /** Undefined where nothing was kept, or nothing that can be read. */
  async starts(uid: string): Promise<KnownStarts | undefined> {
    try {
      return JSON.parse(await readFile(this.#pathOf(uid, endingOfStarts), "utf8")) as KnownStarts;
    } catch {
      return undefined;
    }
  }

  /** Removes the files of releases that got their last line 90 days ago, and what crashes left half written; looks once an hour at most. */
  async sweep(now: Instant): Promise<void> {
    if (now < this.#sweepFrom) return;
    this.#sweepFrom = after(now, sweptEach);
    for (const name of await readdir(this.#folder).catch(() => [])) {
      const kept = keptAs(name);
      if (kept === undefined) continue;
      const path = join(this.#folder, name);
      // Another sweep may have been quicker.
      const last = await stat(path).catch(() => undefined);
      if (last !== undefined && after(instant(last.mtimeMs), kept) <= now) await rm(path, { force: true });
    }
  }
}

async function endsInMidLine(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return false;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer.toString("latin1") !== "\n";
}

/** Longer than how a release ended is. */
const lineBytesMax = 4096;

/** The end of the last line, since all of a release's may be hundreds of megabytes. Undefined without a file. */
async function lastLineOf(path: string): Promise<string | undefined> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const { size } = await file.stat();
    const length = Math.min(size, lineBytesMax);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString("utf8").trimEnd().split("\n").at(-1);
  } finally {
    await file.close();
  }
}

const isEnd = (line: string): boolean => parsed(line)?.type === "ended";

const lineTypes: ReadonlySet<string> = new Set<LogLine["type"]>(["release", "window", "known", "ended"]);

/** Undefined of what a crash cut short, and of what another version wrote. */
function parsed(line: string): LogLine | undefined {
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

export async function readWindowLog(path: string): Promise<WindowLog | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch {
    return undefined;
  }
  let first: Pick<WindowLog, "release" | "learned"> | undefined;
  let ended: Ended | undefined;
  let unreadable = 0;
  const windows: WindowLog["windows"][number][] = [];
  for (const row of text.split("\n")) {
    if (row === "") continue;
    const line = parsed(row);
    if (line === undefined) unreadable++;
    else if (line.type === "release") {
      const learned = readable(line.learned);
      first = { release: line.release, ...(learned === undefined ? {} : { learned }) };
    } else if (line.type === "known") {
      const { ends, metrics, memoryLimit, prediction } = line;
      const last = windows.at(-1);
      if (last?.window.ends !== ends) continue;
      const known = {
        metrics,
        ...(memoryLimit === undefined ? {} : { memoryLimit }),
        ...(prediction === undefined ? {} : { prediction }),
      };
      windows[windows.length - 1] = { ...last, known };
    } else if (line.type === "ended") {
      const { type: _, ...end } = line;
      ended = end;
    }
    // A window that a crash let be judged twice counts once.
    else if (line.window.ends > (windows.at(-1)?.window.ends ?? 0)) windows.push(line);
  }
  return first === undefined ? undefined : { ...first, windows, ...(ended === undefined ? {} : { ended }), unreadable };
}
