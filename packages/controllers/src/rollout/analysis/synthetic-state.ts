import type { Rollout, SyntheticCheck } from "@sluice/api";
import { canonicalJson, type Reader, shortHash, type TaskState } from "@sluice/kernel";
import type { EvidenceRules } from "./policy.ts";

/** What the task `syntheticCheck` answers; `message` is about the first failure. */
export interface SyntheticResult {
  readonly passed: number;
  readonly failed: number;
  readonly message?: string;
}

export interface SyntheticState {
  readonly id: string;
  readonly check: SyntheticCheck;
  readonly state: TaskState<SyntheticResult>;
}

const taskId = (rollout: Rollout, hash: string, check: SyntheticCheck): string =>
  `rollout/${rollout.metadata.uid}/synthetic/${hash}/${shortHash(canonicalJson(check))}`;

export const readSynthetic = (
  rollout: Rollout,
  hash: string,
  { checks }: EvidenceRules,
  read: Reader,
): readonly SyntheticState[] =>
  checks.map((check) => {
    const id = taskId(rollout, hash, check);
    return { id, check, state: read.task<SyntheticResult>(id) };
  });
