import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Judgement, JudgementSpec } from "@sluice/api";
import { after, hours, type Instant, instant, type Millis } from "@sluice/kernel";
import type { KnownStarts } from "@sluice/verdict";
import { openIfThere } from "./lines-of.ts";
import { type Ended, type Kept, type LogLine, parsed, readWindowLog } from "./window-log.ts";

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

const endOf = ({
  rollout,
  revision,
  canary,
  beganAt,
  tolerances,
  comparedWith,
  outcome,
  blamed,
}: JudgementSpec): LogLine => ({
  type: "ended",
  rollout,
  revision,
  canary,
  beganAt,
  ...(tolerances === undefined ? {} : { tolerances }),
  ...(comparedWith === undefined ? {} : { comparedWith }),
  ...(outcome === undefined ? {} : { outcome }),
  ...(blamed === undefined ? {} : { blamed }),
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

  /** As `readWindowLog`. */
  async read(uid: string, begin: Parameters<typeof readWindowLog>[1]): Promise<Kept | undefined> {
    return readWindowLog(this.path(uid), begin);
  }

  /** How it ended, without reading all of its windows; undefined where it hasn't, or nobody noted it. */
  async end(uid: string): Promise<Ended | undefined> {
    return endIn((await lastLineOf(this.path(uid))) ?? "");
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
      if (last !== undefined && endIn(last) === undefined) await this.append(uid, [endOf(spec)]);
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
  const file = await openIfThere(path);
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

function endIn(line: string): Ended | undefined {
  const read = parsed(line);
  if (read?.type !== "ended") return undefined;
  const { type: _, ...end } = read;
  return end;
}
