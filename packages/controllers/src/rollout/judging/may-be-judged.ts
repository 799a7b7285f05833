import type { View } from "../view.ts";
import { judgeMode } from "./policy.ts";

/** There is something to compare, and somebody to do it. */
export const mayBeJudged = (view: View): boolean =>
  !view.isFirst && !view.isFullyPromoted && view.stable !== undefined && judgeMode(view.rollout, view.policy) !== "off";
