import type { ModelAnswer, ModelQuestion, RemoteModels } from "./remote-model.ts";

/** So long a verdict waits beside a model that usually answers at once. */
const graceMillis = 500;

/** What a question is asked for. */
export interface Asking {
  readonly use: "beside" | "instead";
  /** The built-in judge takes the release back: nothing that is said beside it makes that less. */
  readonly isDecided: boolean;
}

/**
 * A model elsewhere as one release hears it: what it said last holds until it has answered the next question, and no more than
 * one is under way. A verdict waits for it where the model speaks instead of the judge, until it fails to answer once: then the
 * built-in verdict stands, while it goes on being asked.
 */
export class AskedModel {
  readonly #models: RemoteModels;
  #underWay: Promise<void> | undefined;
  #last: ModelAnswer | undefined;

  constructor(models: RemoteModels) {
    this.#models = models;
  }

  /** Undefined where it hasn't said anything yet. */
  async answerTo(question: ModelQuestion, { use, isDecided }: Asking): Promise<ModelAnswer | undefined> {
    const isNew = this.#underWay === undefined;
    const isAnswering =
      this.#last === undefined ? this.#models.isAnswering(question.url) : this.#last.prediction !== undefined;
    const underWay = this.#underWay ?? this.#ask(question);
    if (use === "instead" && isAnswering) await underWay;
    // One question that isn't answered delays one verdict.
    else if (isNew && isAnswering && !isDecided) await orAfter(underWay, graceMillis);
    return this.#last;
  }

  #ask(question: ModelQuestion): Promise<void> {
    const underWay = this.#models.ask(question).then((answer) => {
      this.#last = answer;
      this.#underWay = undefined;
    });
    this.#underWay = underWay;
    return underWay;
  }
}

async function orAfter(done: Promise<void>, millis: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, millis);
  });
  await Promise.race([done, late]);
  clearTimeout(timer);
}
