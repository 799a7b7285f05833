import type { Rollout, RolloutAnalysis } from "@sluice/api";
import { type BlueGreenStage, blueGreenStage, type StepKind, stepWords } from "@sluice/api/release";
import type { ShownStep } from "./shown-step.ts";

type StageName = "starting" | "testing" | "waiting" | "scalingUp" | "switching" | "watching";

interface Stage {
  readonly name: StageName;
  readonly kind: StepKind;
  readonly text: string;
  readonly title: string;
}

/** What a blue-green release goes through, as steps; undefined with another strategy. */
export function blueGreenSteps(rollout: Rollout): readonly ShownStep[] | undefined {
  const stage = blueGreenStage(rollout);
  if (stage === undefined) return undefined;
  const stages = stagesOf(rollout);
  const current = placeOf(stage, rollout, stages);
  return stages.map(({ kind, text, title }, index) => {
    const state = index < current ? "done" : index === current ? "current" : "next";
    const until = state === "current" && stage.is === "waiting" ? stage.until : undefined;
    return { index, kind, text, title, state, ...(until === undefined ? {} : { endsAt: until }) };
  });
}

function stagesOf({ spec }: Rollout): readonly Stage[] {
  const strategy = spec.strategy.blueGreen ?? { activeService: "" };
  const { autoPromotionEnabled = true, autoPromotionSeconds = 0, previewReplicaCount } = strategy;
  const stages: Stage[] = [
    { name: "starting", kind: "scale", text: "preview", title: "Its pods come, at the preview" },
  ];
  if (strategy.prePromotionAnalysis !== undefined) {
    const title = `Before the switch: ${namesOf(strategy.prePromotionAnalysis)}`;
    stages.push({ name: "testing", kind: "analysis", text: "test", title });
  }
  if (!autoPromotionEnabled) {
    stages.push({ name: "waiting", kind: "pause", text: "wait", title: "Waits until somebody promotes it" });
  } else if (autoPromotionSeconds > 0) {
    const { text } = stepWords({ pause: { duration: autoPromotionSeconds } });
    stages.push({ name: "waiting", kind: "pause", text, title: `Waits for ${text}, or until somebody promotes it` });
  }
  if (previewReplicaCount !== undefined) {
    stages.push({ name: "scalingUp", kind: "scale", text: "all pods", title: "The preview gets all its pods" });
  }
  stages.push({ name: "switching", kind: "weight", text: "switch", title: "Everybody gets it" });
  if (strategy.postPromotionAnalysis !== undefined) {
    const title = `After the switch: ${namesOf(strategy.postPromotionAnalysis)}`;
    stages.push({ name: "watching", kind: "analysis", text: "watch", title });
  }
  return stages;
}

const namesOf = ({ templates = [] }: RolloutAnalysis): string =>
  templates.map(({ templateName }) => templateName).join(", ");

/** The index of what goes on; past the last once everybody has it, before the first after an abort. */
function placeOf(stage: BlueGreenStage, { status = {} }: Rollout, stages: readonly Stage[]): number {
  const at = (...names: readonly StageName[]): number =>
    names.map((name) => stages.findIndex((each) => each.name === name)).find((index) => index >= 0) ?? 0;
  const isActive = status.blueGreen?.activeSelector === status.currentPodHash;
  switch (stage.is) {
    case "done":
      return stages.length;
    case "aborted":
      return -1;
    case "watching":
      return at("watching", "switching");
    case "held":
    case "asking":
      return isActive ? at("watching", "switching") : at("testing", "starting");
    case "starting":
      // Its analysis is through: what is left of this is a moment.
      return status.blueGreen?.prePromotionAnalysisRunStatus === undefined
        ? 0
        : at("waiting", "scalingUp", "switching");
    default:
      return at(stage.is);
  }
}
