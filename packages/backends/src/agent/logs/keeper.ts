import { rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Clock, hours, seconds, type Timer } from "@sluice/kernel";
import { listFolder, sizeOf } from "./layout.ts";
import { defaultLimits, type RotationLimits, rotate } from "./rotate.ts";
import { noteTime, trimTimes } from "./times.ts";

const every = seconds(1);
const keptAfterPod = hours(24);
const keptFoldersMax = 200;

interface Kept {
  readonly group: number | undefined;
  size: number;
  busy: boolean;
}

/** Watches the lengths of the logs that are being written. */
export class LogKeeper {
  readonly #clock: Clock;
  readonly #limits: RotationLimits;
  readonly #onFault: (file: string, thrown: unknown) => void;
  readonly #files = new Map<string, Kept>();
  #timer: Timer | undefined;

  constructor(clock: Clock, onFault: (file: string, thrown: unknown) => void, limits: RotationLimits = defaultLimits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#onFault = onFault;
  }

  start(): void {
    this.#timer = this.#clock.after(every, () => {
      this.tick();
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** `group` is the process group that writes it. */
  follow(liveFile: string, group: number | undefined): void {
    if (!this.#files.has(liveFile)) this.#files.set(liveFile, { group, size: -1, busy: false });
  }

  forget(liveFile: string): void {
    this.tickOne(liveFile);
    this.#files.delete(liveFile);
  }

  tick(): void {
    for (const file of this.#files.keys()) this.tickOne(file);
  }

  tickOne(file: string): void {
    const kept = this.#files.get(file);
    const size = sizeOf(file);
    if (kept === undefined || size === undefined || size === kept.size) return;
    kept.size = size;
    try {
      noteTime(file, size, this.#clock.now());
    } catch (thrown) {
      this.#onFault(file, thrown);
    }
    if (kept.busy) return;
    kept.busy = true;
    rotate(file, this.#limits, kept.group)
      .then((rotated) => rotated && trimTimes(file))
      .catch((thrown: unknown) => this.#onFault(file, thrown))
      .finally(() => {
        kept.busy = false;
      });
  }

  /** Logs of Pods that are gone stay for a day, for whoever asks what happened; never more than a bounded number. */
  prune(logsFolder: string, isKnown: (folder: string) => boolean): void {
    const now = this.#clock.now();
    const gone = listFolder(logsFolder)
      .filter((name) => !isKnown(name))
      .map((name) => ({ folder: join(logsFolder, name), at: writtenAt(join(logsFolder, name)) }))
      .sort((a, b) => b.at - a.at);
    gone.forEach(({ folder, at }, index) => {
      if (index >= keptFoldersMax || now - at > keptAfterPod) rmSync(folder, { recursive: true, force: true });
    });
  }

  /** Removes the logs of runs before the last two of a container, as the kubelet keeps one dead container. */
  dropOlder(liveFile: string, attempt: number): void {
    for (const name of listFolder(dirname(liveFile))) {
      const number = /^(\d+)\./.exec(name)?.[1];
      if (number !== undefined && Number(number) < attempt - 1) rmSync(join(dirname(liveFile), name), { force: true });
    }
  }
}

function writtenAt(path: string): number {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}
