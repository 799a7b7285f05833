import type { Rollout } from "@sluice/api";
import { blueGreenStage } from "@sluice/api/release";
import type { ShownStep } from "./shown-step.ts";

/** Where the release stands, in a sentence. */
export function headlineOf(rollout: Rollout, image: string, steps: readonly ShownStep[]): string {
  const { status = {}, spec } = rollout;
  const current = steps.find(({ state }) => state === "current");
  const place = current === undefined ? "" : `step ${current.index + 1} of ${steps.length}`;
  const reasons = (status.pauseConditions ?? []).map(({ reason }) => reason);
  if (status.abort === true) return `${image} is taken back. ${status.message ?? ""}`.trim();
  const { asked, accepted } = status.notRevertible ?? {};
  if (reasons.includes("NotRevertible")) {
    const what = asked?.isWayBack === true ? "Going back" : "What comes next";
    return asked === undefined
      ? `${image} looks bad, and isn't taken back by itself: it can't be undone (${accepted?.because ?? "it says so"}).`
      : `${what} waits for you: ${asked.because} can't be undone.`;
  }
  if (reasons.includes("NoData")) return `${image} waits for you at ${place}: its evidence holds no data.`;
  if (reasons.includes("InconclusiveAnalysisRun"))
    return `${image} waits for you at ${place}: its analysis is undecided.`;
  const stage = blueGreenStage(rollout);
  if (stage?.is === "waiting" && stage.until === undefined)
    return `${image} is ready beside the stable version and waits to be switched to.`;
  if (stage?.is === "waiting") return `${image} is ready beside the stable version; soon everybody gets it.`;
  if (stage?.is === "watching") return `Everybody gets ${image}; it is watched before the old version goes.`;
  if (spec.paused === true) return `${image} is paused by hand at ${place}.`;
  if (status.stableRS !== undefined && status.stableRS === status.currentPodHash) {
    return status.phase === "Healthy" ? `${image} has all traffic.` : `${image}: ${status.message ?? "settles"}`;
  }
  if (current === undefined) return status.message ?? `${image} begins.`;
  if (current.kind === "pause" && current.endsAt === undefined && reasons.length > 0) {
    return `${image} waits for you at ${place}.`;
  }
  const doing = current.kind === "weight" ? `to ${current.text}` : current.title.toLowerCase();
  return `${image} is on its way: ${place}, ${doing}.`;
}
