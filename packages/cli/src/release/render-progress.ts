import type { CanaryStep, Rollout } from "@sluice/api";
import { blueGreenBrief, blueGreenStage, blueGreenWords, heldByJudge, pauseEnd, stepWords } from "@sluice/api/release";
import { ageOf, formatAge } from "../terminal/age.ts";
import { bar } from "../terminal/sparkline.ts";
import { paint } from "../terminal/style.ts";
import { hashOf, type ReleasePicture, revisionOf } from "./release-picture.ts";
import type { Row } from "./row.ts";

/** Where the release stands: steps and weight, or Services and stage; and how a person goes on. */
export function progressRows(picture: ReleasePicture, now: number): readonly Row[] {
  const { rollout } = picture;
  const strategy =
    rollout.spec.strategy.blueGreen === undefined ? canaryRows(rollout, now) : blueGreenRows(picture, now);
  const { status = {}, spec } = rollout;
  const counts = [
    `desired ${spec.replicas ?? 1}`,
    `current ${status.replicas ?? 0}`,
    `updated ${status.updatedReplicas ?? 0}`,
    `ready ${status.readyReplicas ?? 0}`,
    `available ${status.availableReplicas ?? 0}`,
  ];
  return [...strategy, ...whyRows(rollout), { name: "pods", parts: counts, gap: " · " }, ...nextRows(rollout)];
}

export const isDone = ({ status }: Rollout): boolean =>
  status?.stableRS !== undefined && status.stableRS !== "" && status.stableRS === status.currentPodHash;

function canaryRows(rollout: Rollout, now: number): readonly Row[] {
  const { spec, status = {} } = rollout;
  const steps = spec.strategy.canary?.steps ?? [];
  const index = isDone(rollout) ? steps.length : Math.min(status.currentStepIndex ?? 0, steps.length);
  const step = status.abort === true ? undefined : steps[index];
  const rows: Row[] = [];
  if (step !== undefined) {
    // A person's pause outlasts the step's.
    const end = spec.paused === true ? undefined : pauseEnd(step, status.pauseConditions);
    const left = end === undefined ? "" : paint("cyan", `${formatAge(end - now)} left`);
    rows.push({ name: "step", parts: [`${index + 1} of ${steps.length}: ${lowerFirst(stepWords(step).title)}`, left] });
  }
  if (steps.length > 0)
    rows.push({ name: "steps", parts: stepParts(steps, status.abort === true ? -1 : index), gap: " " });
  const { weights, rings } = status.canary ?? {};
  if (weights !== undefined && !isDone(rollout)) {
    const { weight } = weights.canary;
    const asked = askedWeight(rollout, index);
    const others = (weights.additional ?? []).reduce((sum, each) => sum + each.weight, 0);
    rows.push({
      name: "canary",
      parts: [
        paint("cyan", bar(weight / 100, 40)),
        `${weight} %`,
        asked === weight ? "" : paint("yellow", `of ${asked} % asked for`),
        others === 0 ? "" : `${others} % to the experiment`,
        rings?.weight === weight ? `${rings.share} % of the requests, by rings` : "",
        weights.verified === false ? paint("yellow", "not verified yet") : "",
      ],
    });
  }
  const holdback = status.conditions?.find(({ type, status: holds }) => type === "Holdback" && holds === "True");
  if (holdback !== undefined) {
    const since = ageOf(holdback.lastTransitionTime, now);
    rows.push({ name: "holdback", parts: [holdback.message ?? "", paint("dim", `${since} so far`)] });
  }
  return rows;
}

/** The weight that the steps ask for at this index. */
function askedWeight({ spec, status }: Rollout, index: number): number {
  if (status?.abort === true) return 0;
  const steps = spec.strategy.canary?.steps ?? [];
  if (index >= steps.length || status?.promoteFull === true) return 100;
  return steps.slice(0, index + 1).findLast(({ setWeight }) => setWeight !== undefined)?.setWeight ?? 0;
}

function stepParts(steps: readonly CanaryStep[], current: number): readonly string[] {
  return steps.map((step, index) => {
    const { text } = stepWords(step);
    const between = index === steps.length - 1 ? "" : paint("dim", " ·");
    if (index < current) return paint("green", `✔ ${text}`) + between;
    return (index === current ? paint(["cyan", "bold"], `▶ ${text}`) : paint("dim", text)) + between;
  });
}

function blueGreenRows({ rollout, replicaSets }: ReleasePicture, now: number): readonly Row[] {
  const { blueGreen: strategy } = rollout.spec.strategy;
  const { activeSelector, previewSelector } = rollout.status?.blueGreen ?? {};
  const stage = blueGreenStage(rollout);
  const left = stage?.is === "waiting" && stage.until !== undefined ? formatAge(stage.until - now) : undefined;
  const selected = (hash: string | undefined): string => {
    const set = replicaSets.find((one) => hash !== undefined && hashOf(one) === hash);
    if (set === undefined) return paint("dim", "no version yet");
    const image = set.spec.template?.spec.containers.map(({ image: name }) => name).join(", ") ?? "";
    return `revision ${revisionOf(set)} ${paint("dim", image)}`;
  };
  const service = (role: string, name: string | undefined, hash: string | undefined): readonly Row[] =>
    name === undefined || name === ""
      ? []
      : [{ name: role, parts: [`service ${name} ${paint("dim", "→")} ${selected(hash)}`] }];
  return [
    ...(stage === undefined ? [] : [{ name: "stage", parts: [blueGreenWords(stage, left)] }]),
    ...service("active", strategy?.activeService, activeSelector),
    ...service("preview", strategy?.previewService, previewSelector),
  ];
}

const general: readonly string[] = ["Rollout is paused", "Rollout is not paused"];

/** What only a condition tells: why it is paused. */
function whyRows({ status }: Rollout): readonly Row[] {
  const paused = status?.conditions?.find(({ type, status: holds }) => type === "Paused" && holds === "True");
  const message = paused?.message ?? "";
  return message === "" || general.includes(message) ? [] : [{ name: "why", parts: [paint("yellow", message)] }];
}

/** The commands that make sense now, where it doesn't go on by itself. */
function nextRows(rollout: Rollout): readonly Row[] {
  const { metadata, spec, status = {} } = rollout;
  const { name, namespace = "default" } = metadata;
  const command = (verb: string) =>
    paint("cyan", `sluice rollout ${verb} ${name}${namespace === "default" ? "" : ` -n ${namespace}`}`);
  if (status.abort === true) {
    const isHeld = status.conditions?.some(({ type }) => type === "Quarantined") ?? false;
    return asRows("next", isHeld ? [command("undo")] : [command("retry"), command("undo")]);
  }
  const isPaused = (status.pauseConditions?.length ?? 0) > 0 || spec.paused === true;
  if (!isPaused) return heldRows(rollout, command);
  const steps = spec.strategy.canary?.steps?.length ?? 0;
  const index = status.currentStepIndex ?? 0;
  const promote = command("promote") + (steps > 0 && index < steps ? paint("cyan", ` --step ${index + 1}`) : "");
  return asRows("next", isDone(rollout) ? [command("promote")] : [promote, command("abort")]);
}

/** The judge alone keeps it: a person may know better. */
function heldRows(rollout: Rollout, command: (verb: string) => string): readonly Row[] {
  if (heldByJudge(rollout) === undefined) return [];
  const past = rollout.spec.strategy.blueGreen === undefined ? "--skip-current-step" : "--full";
  return asRows("next", [command("promote") + paint("cyan", ` ${past}`), command("abort")]);
}

/** Each on a line of its own, to be copied whole. */
const asRows = (name: string, texts: readonly string[]): readonly Row[] =>
  texts.map((text, index) => ({ name: index === 0 ? name : "", parts: [text] }));

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

/** How far it is, in a word or two, for lists. */
export function progressWord(rollout: Rollout, now: number): string {
  const stage = blueGreenStage(rollout);
  if (stage === undefined) {
    const steps = rollout.spec.strategy.canary?.steps?.length ?? 0;
    if (steps === 0) return "-";
    return `${isDone(rollout) ? steps : Math.min(rollout.status?.currentStepIndex ?? 0, steps)}/${steps}`;
  }
  if (stage.is === "waiting" && stage.until !== undefined) return `switches in ${formatAge(stage.until - now)}`;
  return blueGreenBrief[stage.is];
}

/** What the new version gets of the traffic; "" where nobody weighs it. */
export function weightWord(rollout: Rollout): string {
  const { spec, status = {} } = rollout;
  if (spec.strategy.blueGreen !== undefined) {
    const { activeSelector = "" } = status.blueGreen ?? {};
    return activeSelector === "" ? "" : `${activeSelector === status.currentPodHash ? 100 : 0} %`;
  }
  const weight = status.canary?.weights?.canary.weight;
  if (weight === undefined) return "";
  // It is the stable version by now: all of the traffic is its own.
  return weight === 0 && isDone(rollout) ? "100 %" : `${weight} %`;
}
