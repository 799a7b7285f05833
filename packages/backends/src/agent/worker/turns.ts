import { type Clock, type Millis, millis, seconds, type Timer } from "@sluice/kernel";

interface TurnsOptions {
  readonly clock: Clock;
  readonly turn: () => Promise<void>;
  readonly onFailure: (thrown: unknown) => void;
}

/** One turn at a time, as often as it is due, and now and then by itself; one that fails is tried again, ever later. */
export class Turns {
  readonly #options: TurnsOptions;
  #isTurning = false;
  #isDue = false;
  #isDisposed = false;
  #timer: Timer | undefined;
  #failures = 0;

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  get isTurning(): boolean {
    return this.#isTurning;
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  wake(): void {
    if (this.#isDisposed) return;
    this.#isDue = true;
    if (!this.#isTurning) void this.#turnWhileDue();
  }

  /** In place of what was to come by itself; undefined: nothing does. */
  wakeIn(wait: Millis | undefined): void {
    this.#timer?.cancel();
    if (wait !== undefined && !this.#isDisposed) this.#timer = this.#options.clock.after(wait, () => this.wake());
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#timer?.cancel();
  }

  async #turnWhileDue(): Promise<void> {
    this.#isTurning = true;
    while (this.#isDue && !this.#isDisposed) {
      this.#isDue = false;
      try {
        await this.#options.turn();
        this.#failures = 0;
      } catch (thrown) {
        this.#failures++;
        this.#options.onFailure(thrown);
        this.wakeIn(millis(Math.min(seconds(30), 200 * 2 ** this.#failures)));
      }
    }
    this.#isTurning = false;
  }
}
