import { calm, plainStory, type Step, type Story } from "./story.ts";

/** Manifests that are plainer, one field at a time. */
const plainer = [
  "hasBackground",
  "hasHoldback",
  "hasRings",
  "hasFreshBaseline",
  "sides",
  "routes",
  "isDynamic",
  "isEnforced",
  "hasRules",
  "evidence",
  "measures",
  "budget",
  "isConfigured",
  "template",
  "delivery",
  "shape",
] as const;

export interface ShrinkOptions {
  /** So many stories are told at most: what is left then is told as it is. */
  readonly tries?: number;
}

/**
 * The shortest story near this one that still fails: a calmer platform, half of the steps at a time, plainer manifests, and
 * in the end shorter waits, other versions and smaller numbers, over again until nothing gets shorter.
 */
export async function shrink(
  story: Story,
  fails: (story: Story) => Promise<boolean>,
  { tries = 400 }: ShrinkOptions = {},
): Promise<Story> {
  const shrinking = new Shrinking(story, fails, tries);
  await shrinking.platform();
  await shrinking.steps();
  for (let before: Story | undefined; before !== shrinking.best && shrinking.isAllowed; ) {
    before = shrinking.best;
    await shrinking.platform();
    await shrinking.manifests();
    await shrinking.steps();
    await shrinking.details();
  }
  return shrinking.best;
}

class Shrinking {
  best: Story;
  readonly #fails: (story: Story) => Promise<boolean>;
  readonly #told = new Set<string>();
  #left: number;

  constructor(story: Story, fails: (story: Story) => Promise<boolean>, tries: number) {
    this.best = story;
    this.#fails = fails;
    this.#left = tries;
  }

  get isAllowed(): boolean {
    return this.#left > 0;
  }

  /** Kept where it fails as well. The same story isn't told twice. */
  async #attempt(next: Partial<Story>): Promise<boolean> {
    const story = { ...this.best, ...next };
    const text = JSON.stringify(story);
    if (this.#told.has(text) || !this.isAllowed) return false;
    this.#told.add(text);
    this.#left--;
    if (!(await this.#fails(story))) return false;
    this.best = story;
    return true;
  }

  async platform(): Promise<void> {
    const { disturbance } = this.best;
    const unkind = (Object.keys(calm) as (keyof typeof calm)[]).filter((what) => disturbance[what] > 0);
    if (unkind.length === 0 || (await this.#attempt({ disturbance: calm }))) return;
    for (const what of unkind) await this.#attempt({ disturbance: { ...this.best.disturbance, [what]: 0 } });
  }

  async manifests(): Promise<void> {
    for (const field of plainer) {
      if (this.best[field] !== plainStory[field]) await this.#attempt({ [field]: plainStory[field] });
    }
    for (const what of this.best.beside) {
      await this.#attempt({ beside: this.best.beside.filter((other) => other !== what) });
    }
    for (const gate of this.best.off) {
      await this.#attempt({ off: this.best.off.filter((other) => other !== gate) });
    }
    for (const extra of this.best.extras) {
      await this.#attempt({ extras: this.best.extras.filter((other) => other !== extra) });
    }
    for (const replicas of [1, 2]) if (this.best.replicas > replicas) await this.#attempt({ replicas });
    // Without steps, and then with as few as there are.
    for (const plan of [3, 0, 1, 2]) {
      if (this.best.plan === plan || (await this.#attempt({ plan }))) break;
    }
  }

  /** Halves first, then single ones, the last ones first: what comes after the failure needn't be told. */
  async steps(): Promise<void> {
    for (let size = Math.max(1, this.best.steps.length >> 1); size >= 1; size = size === 1 ? 0 : size >> 1) {
      for (let at = this.best.steps.length - size; at >= 0; at--) {
        await this.#attempt({ steps: this.best.steps.toSpliced(at, size) });
        at = Math.min(at, this.best.steps.length - size + 1);
      }
    }
  }

  async details(): Promise<void> {
    for (let at = 0; at < this.best.steps.length; at++) {
      for (const step of simpler(this.best.steps[at] as Step)) {
        if (await this.#attempt({ steps: this.best.steps.with(at, step) })) break;
      }
    }
  }
}

/** What says less at this place, the least first. */
function simpler(step: Step): readonly Step[] {
  const { amid, ...act } = step;
  const calmer = amid === undefined ? [] : [act as Step, ...(amid > 1 ? [{ ...step, amid: 1 }] : [])];
  switch (step.do) {
    case "push": {
      const { isLasting, ...plain } = step;
      return [
        ...calmer,
        ...(isLasting === true ? [plain] : []),
        ...(step.fate === "well" ? [] : [{ ...step, fate: "well" } as const]),
      ];
    }
    case "wait":
      return [1, 5, 20, 60].filter((seconds) => seconds < step.seconds).map((seconds) => ({ ...step, seconds }));
    case "again":
      return [...calmer, ...[0, 1].filter((place) => place < step.place).map((place) => ({ ...step, place }))];
    case "scale":
      return [
        ...calmer,
        ...[1, 2].filter((replicas) => replicas < step.replicas).map((replicas) => ({ ...step, replicas })),
      ];
    case "remove":
      return [...calmer, ...(step.how === "background" ? [] : [{ ...step, how: "background" } as const])];
    case "worker":
    case "job":
    case "colours":
    case "experiment":
    case "run":
      return [...calmer, ...(step.fate === "well" ? [] : [{ ...step, fate: "well" } as const])];
    default:
      return calmer;
  }
}
