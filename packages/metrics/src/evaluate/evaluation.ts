import type { Clock } from "@sluice/kernel";
import { lineAndColumn, type PinnedTime, type Span } from "@sluice/languages";
import type { SeriesSource } from "../series-source.ts";
import { QueryRefused } from "./outcome.ts";

/** What a query may cost, over all of its parts. */
export class Budget {
  readonly #samplesMax: number;
  readonly #clock: Clock | undefined;
  readonly #timeoutMs: number;
  readonly #startedAt: number;
  #samples = 0;
  #work = 0;

  constructor(limits: { samplesMax: number; timeoutMs: number; clock: Clock | undefined }) {
    this.#samplesMax = limits.samplesMax;
    this.#timeoutMs = limits.timeoutMs;
    this.#clock = limits.clock;
    this.#startedAt = limits.clock?.now() ?? 0;
  }

  /** Samples that were read or that an expression yielded. */
  takeSamples(count: number): void {
    this.#samples += count;
    if (this.#samples > this.#samplesMax)
      throw new QueryRefused(
        "execution",
        `query processing would load too many samples into memory in query execution (more than ${this.#samplesMax})`,
      );
    this.work(count);
  }

  /** Steps of computing; the time is looked at once in a while. */
  work(count: number): void {
    this.#work += count;
    if (this.#work < 200_000) return;
    this.#work = 0;
    if (this.#clock !== undefined && this.#clock.now() - this.#startedAt > this.#timeoutMs)
      throw new QueryRefused("timeout", `query timed out after ${this.#timeoutMs / 1000} s in expression evaluation`);
  }
}

/** What all parts of a query share. */
interface QueryFrame {
  readonly source: SeriesSource;
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly isRange: boolean;
  readonly lookbackMs: number;
  readonly subqueryStepMs: number;
  readonly budget: Budget;
  readonly warnings: Set<string>;
  readonly infos: Set<string>;
}

/** One evaluation at one row of times; a subquery opens another at other times. */
export interface Evaluation {
  readonly frame: QueryFrame;
  /** Epoch milliseconds, rising. */
  readonly steps: Float64Array;
}

/** When a selector looks, for each step: its window's right end. */
export function lookTimes(
  evaluation: Evaluation,
  selector: { readonly offset: number; readonly pinned?: PinnedTime },
): Float64Array {
  const { steps, frame } = evaluation;
  const pinned = selector.pinned;
  if (pinned === undefined) return steps.map((step) => step - selector.offset);
  const at = pinned.is === "at" ? pinned.at : pinned.is === "start" ? frame.start : frame.end;
  return new Float64Array(steps.length).fill(at - selector.offset);
}

export function warn(evaluation: Evaluation, message: string, span: Span): void {
  evaluation.frame.warnings.add(`PromQL warning: ${message} (${place(evaluation, span)})`);
}

export function inform(evaluation: Evaluation, message: string, span: Span): void {
  evaluation.frame.infos.add(`PromQL info: ${message} (${place(evaluation, span)})`);
}

function place(evaluation: Evaluation, span: Span): string {
  const { line, column } = lineAndColumn(evaluation.frame.text, span.from);
  return `${line}:${column}`;
}
