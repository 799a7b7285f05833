import { type Random, randomInteger } from "@sluice/kernel";

/** What a version is like. Its name is in the image, so that a shrunk story tells it. */
export type Fate = "well" | "slow" | "stuck" | "crashing";
export type Answer = "good" | "bad" | "NaN" | "empty" | "fails";

/** One thing that a person or the outside does. */
export type Step =
  | { readonly do: "push"; readonly fate: Fate }
  | { readonly do: "wait"; readonly seconds: number }
  | { readonly do: "query"; readonly answer: Answer }
  | { readonly do: "scale"; readonly replicas: number }
  | { readonly do: "steps"; readonly plan: number }
  | { readonly do: "clock"; readonly seconds: number }
  | {
      readonly do:
        | "promote"
        | "promoteFull"
        | "abort"
        | "callBad"
        | "retry"
        | "undo"
        | "restart"
        | "pause"
        | "resume"
        | "lift"
        | "crash"
        | "watchGap";
    };

export type Shape = "weights" | "pods" | "blueGreen";

/** How unkind the platform is; each is a chance per effect or piece of news, 0 switches it off. */
export interface Disturbance {
  readonly crash: number;
  readonly conflict: number;
  readonly delay: number;
  readonly duplicate: number;
  readonly gap: number;
}

export interface Story {
  readonly seed: number;
  readonly shape: Shape;
  readonly plan: number;
  readonly replicas: number;
  readonly hasBackground: boolean;
  readonly hasHoldback: boolean;
  readonly disturbance: Disturbance;
  readonly steps: readonly Step[];
}

export const calm: Disturbance = { crash: 0, conflict: 0, delay: 0, duplicate: 0, gap: 0 };

const one = <T>(random: Random, list: readonly T[]): T => list[randomInteger(random, list.length)] as T;
const plain = [
  "promote",
  "promoteFull",
  "abort",
  "callBad",
  "retry",
  "undo",
  "restart",
  "pause",
  "resume",
  "lift",
] as const;

export function storyOf(seed: number, random: Random): Story {
  const sometimes = (chance: number, value: number) => (random.next() < chance ? value : 0);
  const steps: Step[] = [
    { do: "push", fate: "well" },
    { do: "wait", seconds: 60 },
  ];
  const length = 6 + randomInteger(random, 18);
  while (steps.length < length) steps.push(anyStep(random));
  return {
    seed,
    shape: one(random, ["weights", "weights", "pods", "blueGreen"]),
    plan: randomInteger(random, 5),
    replicas: 1 + randomInteger(random, 5),
    hasBackground: random.next() < 0.4,
    hasHoldback: random.next() < 0.3,
    disturbance: {
      crash: sometimes(0.6, 0.03),
      conflict: sometimes(0.5, 0.1),
      delay: sometimes(0.5, 0.5),
      duplicate: sometimes(0.5, 0.2),
      gap: sometimes(0.5, 0.01),
    },
    steps,
  };
}

function anyStep(random: Random): Step {
  const dice = random.next();
  if (dice < 0.25) return { do: "push", fate: one(random, ["well", "well", "well", "slow", "stuck", "crashing"]) };
  if (dice < 0.6) return { do: "wait", seconds: one(random, [1, 5, 20, 45, 90, 300, 900]) };
  if (dice < 0.7) return { do: "query", answer: one(random, ["good", "good", "bad", "NaN", "empty", "fails"]) };
  if (dice < 0.74) return { do: "scale", replicas: 1 + randomInteger(random, 6) };
  if (dice < 0.77) return { do: "steps", plan: randomInteger(random, 5) };
  if (dice < 0.79) return { do: "clock", seconds: one(random, [-30, -2, 5, 120]) };
  if (dice < 0.82) return { do: one(random, ["crash", "watchGap"]) };
  return { do: one(random, plain) };
}

/** A step as a line that a person reads. */
export function toldStep(step: Step): string {
  switch (step.do) {
    case "push":
      return `push a version that is ${step.fate}`;
    case "wait":
      return `wait ${step.seconds} s`;
    case "query":
      return `from now on queries answer: ${step.answer}`;
    case "scale":
      return `scale to ${step.replicas}`;
    case "steps":
      return `change the steps to plan ${step.plan}`;
    case "clock":
      return `the clock steps by ${step.seconds} s`;
    default:
      return step.do;
  }
}

export function toldStory({
  seed,
  shape,
  plan,
  replicas,
  hasBackground,
  hasHoldback,
  disturbance,
  steps,
}: Story): string {
  const unkind = Object.entries(disturbance).flatMap(([name, chance]) => (chance === 0 ? [] : [`${name} ${chance}`]));
  return [
    `seed ${seed}: ${shape}, plan ${plan}, ${replicas} replicas${hasBackground ? ", background analysis" : ""}${hasHoldback ? ", holdback" : ""}`,
    `platform: ${unkind.length === 0 ? "calm" : unkind.join(", ")}`,
    ...steps.map((step, index) => `${index + 1}. ${toldStep(step)}`),
  ].join("\n");
}
