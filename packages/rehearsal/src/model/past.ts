import type { Served } from "./served.ts";

interface Note {
  readonly elapsed: number;
  readonly served: readonly Served[];
}

const everySeconds = 2;
/** The judge looks ten minutes back from a switch at most. */
const keptSeconds = 720;

/** What the stable version had served by when: what comes after a switch is compared with what came before it. */
export class Past {
  readonly #notes: Note[] = [];
  nextAt = 0;

  note(elapsed: number, served: readonly Served[]): void {
    this.nextAt = elapsed + everySeconds;
    this.#notes.push({ elapsed, served: served.map((one) => ({ ...one, latencyCounts: [...one.latencyCounts] })) });
    while ((this.#notes[0]?.elapsed ?? elapsed) < elapsed - keptSeconds) this.#notes.shift();
  }

  /** All that was served until about this second; undefined where that is forgotten, or was never known. */
  until(elapsed: number): readonly Served[] | undefined {
    const place = this.#notes.findLastIndex((note) => note.elapsed <= elapsed + everySeconds / 2);
    return this.#notes[place]?.served;
  }
}
