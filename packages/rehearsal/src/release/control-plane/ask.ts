import type { Rollout } from "@sluice/api";
import type { TaskWork } from "@sluice/kernel";

/** What the controllers are told whom they asked. */
export type Reply =
  | { readonly is: "done"; readonly result: unknown }
  | { readonly is: "refused"; readonly cause: unknown };

/** A task of which the answer comes from outside the control plane. */
export interface Ask {
  readonly does: "queryPrometheus" | "canaryTraffic" | "judgeWindows";
  readonly work: TaskWork;
  /** As it was then. */
  readonly rollout: Rollout;
  /** The controllers do the same after two replies of one meaning; undefined where nobody can say so. */
  readonly meaningOf: (reply: Reply) => string | undefined;
}
