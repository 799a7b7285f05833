interface Waiting {
  readonly isDue: boolean;
}

/** First come, first served; what is due goes before the rest, but never more often than three times in four. */
export class WorkQueue<Work extends Waiting> {
  readonly #due: Work[] = [];
  readonly #rest: Work[] = [];
  #dueInARow = 0;

  get length(): number {
    return this.#due.length + this.#rest.length;
  }

  push(work: Work): void {
    (work.isDue ? this.#due : this.#rest).push(work);
  }

  shift(): Work | undefined {
    const isTurnOfTheRest = this.#dueInARow >= 3 && this.#rest.length > 0;
    if (isTurnOfTheRest || this.#due.length === 0) {
      this.#dueInARow = 0;
      return this.#rest.shift();
    }
    this.#dueInARow++;
    return this.#due.shift();
  }
}
