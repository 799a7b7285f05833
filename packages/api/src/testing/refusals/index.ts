import type { Refusal } from "../refuses.ts";
import { analysisRefusals } from "./analysis.ts";
import { blueGreenRefusals } from "./blue-green.ts";
import { canaryRefusals } from "./canary.ts";
import { rolloutRefusals } from "./rollout.ts";
import { routingRefusals } from "./routing.ts";

/** Every rule of the originals about Rollouts and analyses, with something that breaks it. */
export const argoRefusals: readonly Refusal[] = [
  ...rolloutRefusals,
  ...canaryRefusals,
  ...blueGreenRefusals,
  ...routingRefusals.map(([changes, path, , words]): Refusal => ["Rollout", changes, path, words]),
  ...analysisRefusals,
];
