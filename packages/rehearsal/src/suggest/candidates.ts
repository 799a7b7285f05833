import { type CanaryStep, pauseMillis } from "@sluice/api";

/** One weight and the timed pause that follows it. */
interface Stage {
  readonly weightAt: number;
  readonly pauseAt: number;
  readonly weight: number;
  readonly seconds: number;
}

const shortestSeconds = 30;
/** Time by weight to this power: 0 is even, 1 gives small weights the most. */
const leanings = [0, 0.5, 1];
const firstWeights = [0.15, 0.4, 0.7, 1, 1.5];

/** Other weights and pauses for the same steps in this share of their time; nothing where fewer than two stages are timed. */
export function candidatesFor(steps: readonly CanaryStep[], share = 1): readonly (readonly CanaryStep[])[] {
  const stages = stagesOf(steps);
  if (stages.length < 2) return [];
  const total = share * stages.reduce((sum, { seconds }) => sum + seconds, 0);
  return firstWeights.flatMap((factor) =>
    leanings.map((leaning) => {
      const weights = stages.map(({ weight }, index) => leaned(weight, factor, index / (stages.length - 1)));
      const parts = weights.map((weight) => weight ** -leaning);
      const sum = parts.reduce((one, other) => one + other, 0);
      const next = [...steps];
      for (const [index, { weightAt, pauseAt }] of stages.entries()) {
        const seconds = Math.max(shortestSeconds, Math.round((total * (parts[index] as number)) / sum / 10) * 10);
        next[weightAt] = { ...steps[weightAt], setWeight: weights[index] as number };
        next[pauseAt] = { ...steps[pauseAt], pause: { duration: durationOf(seconds) } };
      }
      return next;
    }),
  );
}

/**
 * The first weight held for so long that this many requests come; undefined where it is long enough, or isn't timed: until a
 * person answers it may take any time.
 */
export function withLongerFirst(
  steps: readonly CanaryStep[],
  requestsPerSecond: number,
  requests: number,
): { readonly steps: readonly CanaryStep[]; readonly seconds: number } | undefined {
  const [first] = stagesOf(steps);
  if (first === undefined || first.weightAt !== steps.findIndex(isWeight)) return undefined;
  const seconds = 60 * Math.ceil((requests * 100) / (requestsPerSecond * first.weight) / 60);
  if (seconds < worthIt * first.seconds) return undefined;
  const longer = steps.map((step, index) =>
    index === first.pauseAt ? { ...step, pause: { duration: durationOf(seconds) } } : step,
  );
  return { steps: longer, seconds };
}

const worthIt = 1.5;

const durationOf = (seconds: number): string => (seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`);

/** The first weight by the whole factor, the last not at all. */
const leaned = (weight: number, factor: number, place: number): number =>
  Math.max(1, Math.min(99, Math.round(weight * factor ** (1 - place))));

const isWeight = (step: CanaryStep): step is CanaryStep & { readonly setWeight: number } =>
  step.setWeight !== undefined && step.setWeight > 0 && step.setWeight < 100;

function stagesOf(steps: readonly CanaryStep[]): readonly Stage[] {
  const stages: Stage[] = [];
  for (const [weightAt, step] of steps.entries()) {
    if (!isWeight(step)) continue;
    const { setWeight } = step;
    const next = steps.findIndex((step, index) => index > weightAt && step.setWeight !== undefined);
    const end = next === -1 ? steps.length : next;
    const pauseAt = steps.findIndex((step, index) => index > weightAt && index < end && step.pause !== undefined);
    const pause = steps[pauseAt]?.pause;
    const millis = pause === undefined ? undefined : pauseMillis(pause);
    if (millis === undefined || !Number.isFinite(millis)) continue;
    stages.push({ weightAt, pauseAt, weight: setWeight, seconds: millis / 1000 });
  }
  return stages;
}
