import { type Clock, type Instant, instant, millis } from "@sluice/kernel";
import type { ModelledService } from "../model/service.ts";
import { copyOf } from "../model/windows.ts";

/** What was served by some second of the service's life. */
export type Mark = Pick<ModelledService, "elapsed" | "served">;

/** Keeps what was served when a window ended: whoever looks comes a moment later, when there is more. */
export class WindowMark {
  readonly #service: ModelledService;
  readonly #clock: Clock;
  #last: Mark | undefined;

  constructor(service: ModelledService, clock: Clock) {
    this.#service = service;
    this.#clock = clock;
  }

  /** Nothing where that has passed. */
  setAt(end: Instant): void {
    const wait = millis(end - this.#clock.now());
    if (wait <= 0) return;
    this.#clock.after(wait, () => {
      this.#service.advanceTo(this.#clock.now());
      this.#last = { elapsed: this.#service.elapsed, served: copyOf(this.#service) };
    });
  }

  /** Undefined where the last one was set at another time. Call `advanceTo` of the service first. */
  at(end: Instant): Mark | undefined {
    const mark = this.#last;
    if (mark === undefined) return undefined;
    const setAt = instant(this.#clock.now() - 1000 * (this.#service.elapsed - mark.elapsed));
    return Math.abs(setAt - end) < 1 ? mark : undefined;
  }
}
