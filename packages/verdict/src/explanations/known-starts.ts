import type { KnownStarts } from "../windows/window.ts";
import { type ColdShape, coldShapes } from "./cold-start.ts";

/** What one release showed: nats by which it speaks against each start, 0 for what fits best. */
export interface SeenStart {
  readonly slower: ArrayLike<number>;
  /** Nats by which a mild and a wild start are refuted by its failures. */
  readonly failing: { readonly mild: number; readonly wild: number };
}

/** How many releases what is usual everywhere counts for. */
const anywhere = 1;
/** More releases than these count for no more: services change, and the first slow start of one that was fast is no harm. */
const releasesMax = 4;
/** How much of what is seen counts, and how much it may refute: the next start isn't quite alike. */
const alike = 0.7;
const refutedMax = 8;
/** Nats by which a start is less usual that is steeper or slower than one that was seen by a step of the grid, and by which a milder one is. */
const steeper = 1.2;
const milder = 0.4;

/** How unusual each start is for this service, in nats, the most usual one 0. */
export interface Surprises {
  readonly slower: Float64Array;
  readonly failing: number;
}

/** Nats by which a start that brings many times the usual failures is less usual than a mild one. */
const wildSurprise = 2.5;

const general = Float64Array.from(coldShapes, ({ surprise }) => Math.exp(-surprise));
const generalFailing = Math.exp(-wildSurprise);

const anywhereSurprises: Surprises = {
  slower: Float64Array.from(coldShapes, ({ surprise }) => surprise),
  failing: wildSurprise,
};

/** `known` of another judge's starts, or what a file was made into, says nothing to this one. */
export function usable(known: KnownStarts | undefined): KnownStarts | undefined {
  const { releases, slower, failing }: Partial<KnownStarts> = known ?? {};
  if (!Array.isArray(slower) || slower.length !== coldShapes.length) return undefined;
  return [...slower, failing].every(isShare) && Number.isFinite(releases) && (releases ?? -1) >= 0 ? known : undefined;
}

const isShare = (value: unknown): boolean => typeof value === "number" && value >= 0 && value <= 1;

export function surprisesOf(known: KnownStarts | undefined): Surprises {
  if (known === undefined) return anywhereSurprises;
  const { slower, failing } = usualStarts(known);
  const most = Math.max(...slower);
  return { slower: slower.map((usual) => Math.log(most / usual)), failing: -Math.log(Math.min(1, failing)) };
}

function usualStarts(known: KnownStarts | undefined): { readonly slower: Float64Array; readonly failing: number } {
  const { releases = 0, slower = [], failing = 0 } = known ?? {};
  const mixed = (usual: number, seen: number) => (anywhere * usual + releases * seen) / (anywhere + releases);
  return {
    slower: general.map((usual, shape) => mixed(usual, slower[shape] ?? 0)),
    failing: mixed(generalFailing, failing),
  };
}

/** With one release more. */
export function learnedFrom(known: KnownStarts | undefined, seen: SeenStart): KnownStarts {
  const usual = usualStarts(known);
  const likelihoods = usual.slower.map((_, shape) => likelihood(seen.slower[shape] ?? 0));
  const fits = usual.slower.map((one, shape) => one * (likelihoods[shape] as number));
  const best = Math.max(...fits);
  // Too few requests refute nothing: then nothing was seen that others could be alike.
  const told = 1 - Math.min(...likelihoods);
  const wild = usual.failing * likelihood(seen.failing.wild);
  const failing = wild / Math.max(wild, likelihood(seen.failing.mild));
  const releases = known?.releases ?? 0;
  const averaged = (before: number, now: number) => (releases * before + now) / (releases + 1);
  return {
    releases: Math.min(releasesMax, releases + 1),
    slower: coldShapes.map((_, shape) => {
      let nearest = fits[shape] as number;
      for (let other = 0; other < fits.length; other++) {
        nearest = Math.max(nearest, told * (fits[other] as number) * (likeness[other * fits.length + shape] as number));
      }
      return averaged(known?.slower[shape] ?? 0, nearest / best);
    }),
    failing: averaged(known?.failing ?? 0, failing),
  };
}

const likelihood = (refuted: number): number => Math.exp(-Math.min(refutedMax, alike * refuted));

/** How usual one start makes another, by the pair. */
const likeness = Float64Array.from(coldShapes.flatMap((from) => coldShapes.map((to) => Math.exp(-apart(from, to)))));

function apart(from: ColdShape, to: ColdShape): number {
  const rises = cost((Math.log(0.3 + to.rise) - Math.log(0.3 + from.rise)) / 0.45);
  // Where nothing rises nothing fades.
  if (to.rise === 0 || from.rise === 0) return rises;
  if (!("seconds" in from.fade) || !("seconds" in to.fade))
    return from.fade === to.fade ? rises : Number.POSITIVE_INFINITY;
  return rises + cost((Math.log(to.fade.seconds) - Math.log(from.fade.seconds)) / 0.3);
}

function cost(steps: number): number {
  return steps > 0 ? steeper * steps : -milder * steps;
}
