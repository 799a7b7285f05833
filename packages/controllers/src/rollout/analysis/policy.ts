import type { EvidencePolicy, NoDataRule, Rollout, SyntheticCheck } from "@sluice/api";
import { type Millis, millis, minutes } from "@sluice/kernel";
import { parseGoDuration } from "@sluice/languages";
import { gates } from "../names.ts";

/** What counts as evidence here; the defaults where no EvidencePolicy selects the Rollout. */
export interface EvidenceRules {
  /** The policy's name. */
  readonly policy: string | undefined;
  readonly noData: NoDataRule;
  readonly minimumRequests: number;
  readonly askAfter: Millis | undefined;
  readonly checks: readonly SyntheticCheck[];
}

/** By the first of the policies that select the Rollout; by none where the gate is off. */
export function evidenceRules(rollout: Rollout, policies: readonly EvidencePolicy[]): EvidenceRules {
  const isOff = rollout.metadata.annotations?.[gates.noData] === "off";
  const policy = isOff ? undefined : policies[0];
  const { noData = "hold", minimumRequests = 0, askAfter, syntheticChecks = [] } = policy?.spec ?? {};
  return {
    policy: policy?.metadata.name,
    noData,
    minimumRequests,
    askAfter: lengthOf(askAfter) ?? (minimumRequests > 0 ? minutes(10) : undefined),
    checks: syntheticChecks,
  };
}

export function lengthOf(text: string | undefined): Millis | undefined {
  if (text === undefined) return undefined;
  const read = parseGoDuration(text);
  return read.is === "parsed" ? millis(read.value) : undefined;
}
