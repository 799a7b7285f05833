import { after, type Instant, millis } from "@sluice/kernel";
import { createJudge, type JudgeOptions } from "../judge.ts";
import type { JudgedRelease, JudgedWindow, Tolerances } from "../windows/window.ts";
import { decide, isAlarming, isValidated, type Prediction, type Ruling } from "./decide.ts";
import { RecentKpis } from "./kpis.ts";
import { brokenRules, type Rule } from "./rules.ts";

/** What else was known at a window's end, which no window tells. */
export interface KnownBeside {
  /** The business' own numbers, by name. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly memoryLimit?: number;
  /** Of the remote model, where one answered. */
  readonly prediction?: Prediction;
}

export interface ReplayOptions {
  readonly tolerances?: Tolerances;
  readonly rules?: readonly Rule[];
  /** The model that judged then. */
  readonly learned?: JudgeOptions["learned"] | undefined;
  /** How a remote model is heard; undefined: not at all. */
  readonly model?: "beside" | "instead";
}

export interface ReplayedWindow {
  readonly window: JudgedWindow;
  /** What the judge alone says. */
  readonly action: Ruling["action"];
  readonly nats: number;
  /** With the rules laid over it. */
  readonly ruling: Ruling;
}

/** Judges a past release again, window by window: the same windows, the same verdicts. Pure, but for what it remembers of them. */
export function replaying(
  release: JudgedRelease,
  { tolerances, rules = [], learned, model }: ReplayOptions = {},
): (window: JudgedWindow, known?: KnownBeside) => ReplayedWindow {
  const judge = createJudge(release, tolerances, learned === undefined ? {} : { learned });
  const recent = new RecentKpis(release.bucketEdgesMs);
  const beganAt = release.names?.beganAt ?? (0 as Instant);
  let since: ReadonlyMap<string, Instant> = new Map();
  let alarmedSince: Instant | undefined;
  return (window, { metrics, memoryLimit, prediction } = { metrics: {} }) => {
    const verdict = judge.observe(window);
    recent.add(window);
    const now = after(beganAt, millis(window.ends));
    const inputs = { kpis: recent.now(memoryLimit), metrics: new Map(Object.entries(metrics)), since };
    const broken = brokenRules(rules, inputs, now);
    since = new Map(broken.map((rule) => [rule.name, rule.since]));
    const heard = model === undefined ? undefined : prediction;
    alarmedSince = isAlarming(heard) ? (alarmedSince ?? now) : undefined;
    const ruling = decide({
      verdict,
      broken,
      ...(heard === undefined ? {} : { prediction: heard }),
      isPredictionValidated: isValidated(alarmedSince, now),
      ...(model === undefined ? {} : { use: model }),
    });
    return { window, action: verdict.action, nats: verdict.nats, ruling };
  };
}
