import { after, type Instant, millis } from "@sluice/kernel";
import { createJudge, type JudgeOptions } from "../judge.ts";
import type { JudgedRelease, JudgedWindow, Tolerances } from "../window.ts";
import { decide, type Ruling } from "./decide.ts";
import { RecentKpis } from "./kpis.ts";
import { brokenRules, type Rule } from "./rules.ts";

export interface ReplayOptions {
  readonly tolerances?: Tolerances;
  readonly rules?: readonly Rule[];
  /** The model that judged then. */
  readonly learned?: JudgeOptions["learned"] | undefined;
}

export interface ReplayedWindow {
  readonly window: JudgedWindow;
  /** What the judge alone says. */
  readonly action: Ruling["action"];
  readonly nats: number;
  /** With the rules laid over it. */
  readonly ruling: Ruling;
}

/** Judges a past release again from the windows that were kept: the same windows, the same verdicts. Pure. */
export function replay(
  release: JudgedRelease,
  windows: readonly JudgedWindow[],
  { tolerances, rules = [], learned }: ReplayOptions = {},
): readonly ReplayedWindow[] {
  const judge = createJudge(release, tolerances, learned === undefined ? {} : { learned });
  const recent = new RecentKpis(release.bucketEdgesMs);
  const beganAt = release.names?.beganAt ?? (0 as Instant);
  let since: ReadonlyMap<string, Instant> = new Map();
  return windows.map((window) => {
    const verdict = judge.observe(window);
    recent.add(window);
    const now = after(beganAt, millis(window.ends));
    const broken = brokenRules(rules, { kpis: recent.now(), metrics: new Map(), since }, now);
    since = new Map(broken.map((rule) => [rule.name, rule.since]));
    return { window, action: verdict.action, nats: verdict.nats, ruling: decide({ verdict, broken }) };
  });
}
