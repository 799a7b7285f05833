import type { CanaryStep, Rollout, RolloutStringMatch, SetHeaderRoute, SetMirrorRoute } from "@sluice/api";

export type StepState = "done" | "current" | "next";

export interface ShownStep {
  readonly index: number;
  readonly kind: "weight" | "pause" | "analysis" | "scale" | "route" | "other";
  /** Short, for the track. */
  readonly text: string;
  /** Whole, for who asks. */
  readonly title: string;
  readonly state: StepState;
  /** Epoch milliseconds when a timed pause is over. */
  readonly endsAt?: number;
}

/** The steps and where the release is among them; after an abort none is current. */
export function stepsOf({ spec, status }: Rollout): readonly ShownStep[] {
  const steps = spec.strategy.canary?.steps ?? [];
  const isDone = status?.stableRS !== undefined && status.stableRS === status.currentPodHash;
  const current = isDone ? steps.length : (status?.currentStepIndex ?? 0);
  return steps.map((step, index) => {
    const state = index < current ? "done" : index === current && status?.abort !== true ? "current" : "next";
    const endsAt = state === "current" ? pauseEnd(step, status?.pauseConditions) : undefined;
    return { index, ...describe(step), state, ...(endsAt === undefined ? {} : { endsAt }) };
  });
}

type Description = Pick<ShownStep, "kind" | "text" | "title">;

function describe(step: CanaryStep): Description {
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
  if (step.experiment !== undefined) {
    const names = step.experiment.templates.map(({ name }) => name).join(" and ");
    return { kind: "analysis", text: "experiment", title: `Experiment: ${names} beside each other` };
  }
  if (step.setHeaderRoute !== undefined) return headerRoute(step.setHeaderRoute);
  if (step.setMirrorRoute !== undefined) return mirrorRoute(step.setMirrorRoute);
  const name = Object.keys(step)[0] ?? "step";
  return { kind: "other", text: name, title: name };
}

function headerRoute({ name = "", match = [] }: SetHeaderRoute): Description {
  if (match.length === 0) return { kind: "route", text: "header off", title: `Takes the header route ${name} away` };
  const headers = match.map(({ headerName, headerValue }) => `${headerName} ${matchText(headerValue)}`).join(", ");
  return { kind: "route", text: "header", title: `To the canary by header: ${headers}` };
}

function mirrorRoute({ name, match = [], percentage = 100 }: SetMirrorRoute): Description {
  if (match.length === 0) return { kind: "route", text: "mirror off", title: `Takes the mirror route ${name} away` };
  return {
    kind: "route",
    text: `mirror ${percentage} %`,
    title: `Copies ${percentage} % of matching requests to the canary`,
  };
}

const matchText = ({ exact, prefix, regex }: RolloutStringMatch = {}): string =>
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

function pauseEnd(step: CanaryStep, conditions: NonNullable<Rollout["status"]>["pauseConditions"]): number | undefined {
  const length = parsePause(step.pause?.duration);
  const begun = conditions?.find(({ reason }) => reason === "CanaryPauseStep")?.startTime;
  return length === undefined || begun === undefined ? undefined : Date.parse(begun) + length;
}
