import type { Application, Quarantine } from "@sluice/api";
import type { TaskState } from "@sluice/kernel";
import type { RevertResult } from "./revert-result.ts";

export interface ObservedQuarantine {
  readonly quarantine: Quarantine;
  readonly application: Application | undefined;
  /** Other quarantined versions of the same workload. */
  readonly others: readonly Quarantine[];
  readonly goodDigest: string | undefined;
  readonly task: TaskState<RevertResult>;
}
