import type { AnalysisRun, CanaryStep, Judgement, Pod, ReplicaSet } from "@sluice/api";
import { controllerOf } from "@sluice/api";
import { ageOf } from "../terminal/age.ts";
import { bar } from "../terminal/sparkline.ts";
import { padEnd, paint, paintState } from "../terminal/style.ts";
import { type ReleasePicture, revisionOf } from "./release-picture.ts";

/** What to say of each version beside its pods: request rate and error share, where they are known. */
export type Traffic = (podTemplateHash: string) => string;

/** The release as text: phase, steps, weights, versions with their pods, analyses, the last decisions. */
export function renderRelease(picture: ReleasePicture, traffic: Traffic = () => ""): string {
  const { rollout, decisions } = picture;
  const { status, spec, metadata } = rollout;
  const weights = status?.canary?.weights;
  const weight = weights?.canary.weight;
  const lines = [
    `${paint("bold", `${metadata.namespace}/${metadata.name}`)}  ${paintState(status?.phase ?? "Unknown")}${status?.message ? `  ${status.message}` : ""}`,
    "",
  ];
  const steps = spec.strategy.canary?.steps ?? [];
  if (steps.length > 0) lines.push(`  steps    ${renderSteps(steps, status?.currentStepIndex ?? 0)}`);
  if (weight !== undefined) lines.push(`  canary   ${paint("cyan", bar(weight / 100, 40))} ${weight} %`);
  lines.push(
    `  pods     desired ${spec.replicas ?? 1}, updated ${status?.updatedReplicas ?? 0}, ready ${status?.readyReplicas ?? 0}, available ${status?.availableReplicas ?? 0}`,
    "",
  );
  for (const replicaSet of picture.replicaSets
    .filter((one, index) => index < 2 || (one.status?.replicas ?? 0) > 0)
    .slice(0, 5)) {
    lines.push(...renderVersion(replicaSet, picture, traffic));
  }
  const runs = picture.analysisRuns
    .filter(({ status: state }) => state?.phase === "Running" || isOfCurrent(picture, state?.startedAt))
    .slice(-3);
  for (const run of runs) lines.push(...renderRun(run));
  if (picture.judgement?.spec.canary.podTemplateHash === status?.currentPodHash) {
    lines.push(...renderJudgement(picture.judgement));
  }
  const last = decisions.slice(-5);
  if (last.length > 0) lines.push("", paint("bold", "  decisions"));
  for (const { spec: decision } of last) {
    lines.push(`  ${paint("dim", decision.at.slice(11, 19))} ${padEnd(decision.action, 10)} ${decision.because}`);
  }
  return lines.join("\n");
}

/** What the judge says of the version on its way. */
function renderJudgement(judgement: Judgement | undefined): string[] {
  if (judgement?.status?.action === undefined) return [];
  const { action, because = "", windows = 0, suspects } = judgement.status;
  const colour = action === "rollback" ? "red" : action === "continue" && suspects !== true ? "green" : "yellow";
  const advises = judgement.spec.mode === "advise" ? " (advises only)" : "";
  return [`  judge    ${paint(colour, action)}${advises} after ${windows} windows: ${because}`];
}

function renderSteps(steps: readonly CanaryStep[], current: number): string {
  return steps
    .map((step, index) => {
      const text = describeStep(step);
      if (index < current) return paint("green", `✔ ${text}`);
      return index === current ? paint(["cyan", "bold"], `▶ ${text}`) : paint("dim", text);
    })
    .join(paint("dim", " · "));
}

export function describeStep(step: CanaryStep): string {
  if (step.setWeight !== undefined) return `${step.setWeight} %`;
  if (step.pause !== undefined)
    return step.pause.duration === undefined
      ? "pause"
      : `${step.pause.duration}${typeof step.pause.duration === "number" ? "s" : ""}`;
  if (step.setCanaryScale !== undefined) return "scale";
  if (step.analysis !== undefined) return "analysis";
  return Object.keys(step)[0] ?? "step";
}

function renderVersion(replicaSet: ReplicaSet, { rollout, pods }: ReleasePicture, traffic: Traffic): string[] {
  const hash = replicaSet.metadata.labels?.["rollouts-pod-template-hash"] ?? "";
  const role =
    hash === rollout.status?.stableRS
      ? paint("green", "stable")
      : hash === rollout.status?.currentPodHash
        ? paint("cyan", "canary")
        : paint("dim", "old");
  const images = replicaSet.spec.template?.spec.containers.map(({ image }) => image).join(", ") ?? "";
  const mine = pods.filter((pod) => controllerOf(pod)?.uid === replicaSet.metadata.uid);
  const ready = mine.filter(isReady).length;
  return [
    `  ${padEnd(`revision ${revisionOf(replicaSet)}`, 12)} ${padEnd(role, 7)} ${padEnd(images, 18)} ${ready}/${replicaSet.spec.replicas ?? 0} ready  ${mine.map(renderPod).join("")}  ${traffic(hash)}`.trimEnd(),
  ];
}

const isReady = (pod: Pod): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;

function renderPod(pod: Pod): string {
  const restarts = (pod.status?.containerStatuses ?? []).reduce(
    (sum, { restartCount }) => sum + (restartCount ?? 0),
    0,
  );
  if (pod.metadata.deletionTimestamp !== undefined) return paint("dim", "◌");
  if (isReady(pod)) return restarts > 0 ? paint("yellow", "●") : paint("green", "●");
  return restarts > 0 ? paint("red", "●") : paint("yellow", "○");
}

const isOfCurrent = ({ decisions }: ReleasePicture, startedAt: string | undefined): boolean => {
  const begun = decisions.findLast(({ spec }) => spec.action === "begin")?.spec.at;
  return begun !== undefined && startedAt !== undefined && startedAt >= begun;
};

function renderRun(run: AnalysisRun): string[] {
  const { status } = run;
  const head = `  ${paint("bold", "analysis")} ${paintState(status?.phase ?? "Pending")} ${paint("dim", `${run.metadata.name} ${ageOf(status?.startedAt)}`)}`;
  const rows = (status?.metricResults ?? []).map((metric) => {
    const marks = (metric.measurements ?? [])
      .slice(-10)
      .map(({ phase }) => markOf(phase))
      .join("");
    const last = metric.measurements?.at(-1);
    return `    ${padEnd(metric.name, 16)} ${padEnd(marks, 10)} ${last?.value ?? ""}${metric.message ? paint("yellow", `  ${metric.message}`) : ""}`;
  });
  return [head, ...rows];
}

function markOf(phase: string): string {
  if (phase === "Successful") return paint("green", "✔");
  if (phase === "Failed") return paint("red", "✘");
  if (phase === "Error") return paint("red", "!");
  return phase === "Inconclusive" ? paint("yellow", "?") : paint("dim", "·");
}
