import { type Instant, instant, parseInstant } from "@sluice/kernel";
import type { CanaryStep, PauseCondition, SetHeaderRoute, SetMirrorRoute } from "../kinds/argo/rollout.ts";
import type { StringMatch } from "../kinds/argo/traffic-routing.ts";

export type StepKind = "weight" | "pause" | "analysis" | "scale" | "route" | "other";

/** A step of a canary as people read it. */
export interface StepWords {
  readonly kind: StepKind;
  /** Short, for a row of steps. */
  readonly text: string;
  /** Whole, for who asks. */
  readonly title: string;
}

export function stepWords(step: CanaryStep): StepWords {
  if (step.setWeight !== undefined) {
    return { kind: "weight", text: `${step.setWeight} %`, title: `${step.setWeight} % of the traffic to the canary` };
  }
  if (step.pause !== undefined) {
    const length = pauseText(step.pause.duration);
    return length === undefined
      ? { kind: "pause", text: "wait", title: "Waits until somebody promotes it" }
      : { kind: "pause", text: length, title: `Waits for ${length}` };
  }
  if (step.analysis !== undefined) {
    const names = (step.analysis.templates ?? []).map(({ templateName }) => templateName).join(", ");
    return { kind: "analysis", text: "analysis", title: `Analysis: ${names}` };
  }
  if (step.setCanaryScale !== undefined) {
    const { replicas, weight, matchTrafficWeight } = step.setCanaryScale;
    const to = matchTrafficWeight ? "as the traffic" : replicas !== undefined ? `${replicas}` : `${weight ?? 0} %`;
    return { kind: "scale", text: `scale ${to}`, title: `Canary's pods: ${to}` };
  }
  if (step.experiment !== undefined) return experimentWords(step.experiment);
  if (step.setHeaderRoute !== undefined) return headerRoute(step.setHeaderRoute);
  if (step.setMirrorRoute !== undefined) return mirrorRoute(step.setMirrorRoute);
  if (step.plugin !== undefined) {
    return { kind: "other", text: `plugin ${step.plugin.name}`, title: `Plugin ${step.plugin.name}` };
  }
  const name = Object.keys(step)[0] ?? "step";
  return { kind: "other", text: name, title: name };
}

function experimentWords({ templates, duration }: NonNullable<CanaryStep["experiment"]>): StepWords {
  const sides = templates.map(({ name, weight }) => (weight === undefined ? name : `${name} with ${weight} %`));
  const length = duration === undefined ? "" : ` for ${pauseText(duration)}`;
  return {
    kind: "analysis",
    text: "experiment",
    title: `Experiment: ${sides.join(" and ")} beside each other${length}`,
  };
}

function headerRoute({ name = "", match = [] }: SetHeaderRoute): StepWords {
  if (match.length === 0) return { kind: "route", text: "header off", title: `Takes the header route ${name} away` };
  const headers = match.map(({ headerName, headerValue }) => `${headerName} ${matchText(headerValue)}`).join(", ");
  return { kind: "route", text: "header", title: `To the canary by header: ${headers}` };
}

function mirrorRoute({ name, match = [], percentage = 100 }: SetMirrorRoute): StepWords {
  if (match.length === 0) return { kind: "route", text: "mirror off", title: `Takes the mirror route ${name} away` };
  return {
    kind: "route",
    text: `mirror ${percentage} %`,
    title: `Copies ${percentage} % of matching requests to the canary`,
  };
}

const matchText = ({ exact, prefix, regex }: StringMatch = {}): string =>
  exact ?? (prefix === undefined ? (regex === undefined ? "there" : `like ${regex}`) : `${prefix}…`);

function pauseText(duration: number | string | undefined): string | undefined {
  const milliseconds = parsePause(duration);
  if (milliseconds === undefined) return duration === undefined ? undefined : String(duration);
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.round(seconds / 6) / 10} min`;
  return `${Math.round(seconds / 360) / 10} h`;
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of `30`, `"30"`, `"1h30m"`; undefined for anything else. */
export function parsePause(duration: number | string | undefined): number | undefined {
  if (duration === undefined) return undefined;
  if (typeof duration === "number") return duration * 1000;
  if (/^\d+$/.test(duration)) return Number(duration) * 1000;
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(duration)) return undefined;
  const parts = [...duration.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (units[unit ?? ""] ?? 0), 0);
}

/** When a timed pause that has begun is over. */
export function pauseEnd(step: CanaryStep, conditions: readonly PauseCondition[] = []): Instant | undefined {
  const length = parsePause(step.pause?.duration);
  const begun = parseInstant(conditions.find(({ reason }) => reason === "CanaryPauseStep")?.startTime ?? "");
  // Beside a pause for another reason, such as missing evidence, its end ends nothing.
  const waits = conditions.some(({ reason }) => reason !== "CanaryPauseStep");
  return length === undefined || begun === undefined || waits ? undefined : instant(begun + length);
}
