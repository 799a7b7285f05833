/** So many at a time for each name; the others wait their turn. One slow host holds up only its own lane. */
export class Lanes {
  readonly #width: number;
  readonly #lanes = new Map<string, { running: number; readonly waiting: (() => void)[] }>();

  constructor(width: number) {
    this.#width = width;
  }

  async run<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = { running: 0, waiting: [] };
      this.#lanes.set(name, lane);
    }
    const entered = lane;
    if (entered.running >= this.#width) await new Promise<void>((resolve) => entered.waiting.push(resolve));
    else entered.running++;
    try {
      return await work();
    } finally {
      const next = entered.waiting.shift();
      if (next !== undefined) next();
      else if (--entered.running === 0) this.#lanes.delete(name);
    }
  }
}
