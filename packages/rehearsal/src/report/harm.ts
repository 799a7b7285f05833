import type { ProfileName } from "../policy/profile.ts";
import type { Rehearsal } from "./result.ts";

/** Requests that one fault harms under one profile. */
export interface Harm {
  readonly profile: ProfileName;
  readonly median: number;
  readonly p95: number;
}

/** What a chart of harm shows. */
export interface HarmChart {
  readonly rows: readonly { readonly fault: string; readonly harms: readonly Harm[] }[];
  /** 10, 100, … up to the first that is above everything. */
  readonly ticks: readonly number[];
  /** Where on the axis, 0..1: tenfold harm is an equal step, or the small ones would vanish. */
  readonly place: (count: number) => number;
}

/** The faults that harm users; undefined where none was rehearsed. */
export function harmChart({ profiles }: Pick<Rehearsal, "profiles">): HarmChart | undefined {
  const names = (["argo", "sluice"] as const).filter((name) => profiles[name] !== undefined);
  const shown = names[0] === undefined ? [] : (profiles[names[0]]?.faults ?? []).filter(({ isHarmful }) => isHarmful);
  if (shown.length === 0) return undefined;
  const rows = shown.map(({ fault }) => ({
    fault,
    harms: names.flatMap((profile): Harm[] => {
      const found = profiles[profile]?.faults.find((one) => one.fault === fault);
      return found === undefined ? [] : [{ profile, median: found.harmedMedian, p95: found.harmedP95 }];
    }),
  }));
  const most = Math.max(10, ...rows.flatMap(({ harms }) => harms.map(({ p95 }) => p95)));
  const decades = Math.ceil(Math.log10(most + 1));
  return {
    rows,
    ticks: Array.from({ length: decades }, (_, index) => 10 ** (index + 1)),
    place: (count) => Math.min(1, Math.log10(count + 1) / decades),
  };
}
