import type { BlueGreenStrategy, Rollout } from "@sluice/api";
import { type Millis, seconds } from "@sluice/kernel";

/** Undefined: another strategy. */
export const blueGreenOf = ({ spec }: Rollout): BlueGreenStrategy | undefined => spec.strategy.blueGreen;

/** How a version that is ready comes to be promoted. */
export type Promotion =
  | { readonly is: "byAPerson" }
  | { readonly is: "after"; readonly pause: Millis }
  | { readonly is: "atOnce" };

/** `autoPromotionSeconds` means nothing where only a person may promote. Source: rollout/pause.go CompletedBlueGreenPause. */
export function promotionOf({ autoPromotionEnabled = true, autoPromotionSeconds = 0 }: BlueGreenStrategy): Promotion {
  if (!autoPromotionEnabled) return { is: "byAPerson" };
  return autoPromotionSeconds > 0 ? { is: "after", pause: seconds(autoPromotionSeconds) } : { is: "atOnce" };
}
