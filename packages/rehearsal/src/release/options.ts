import type { JudgedRelease } from "@sluice/verdict";
import type { Fault } from "../model/fault.ts";
import type { Recording } from "../model/recording.ts";
import type { Traffic } from "../model/traffic.ts";
import type { Policy } from "../policy/policy.ts";
import type { ProfileName } from "../policy/profile.ts";
import type { PodStart } from "../policy/readiness.ts";
import type { Queries } from "./queries.ts";

export interface ReleaseOptions {
  readonly policy: Policy;
  readonly queries: Queries;
  readonly profile: ProfileName;
  readonly fault: Fault;
  readonly traffic: Traffic;
  readonly seed: number;
  readonly endpoints: readonly string[];
  readonly edgesMs: readonly number[];
  readonly history: JudgedRelease["history"];
  /** How long a person takes who is asked. */
  readonly personMillis: number;
  /** How long nobody notices a harm that no rule caught. */
  readonly noticeMillis: number;
  /** A past release whose numbers come again, instead of the traffic and the fault. */
  readonly recording?: Recording;
  /** How its pods come up where nothing is wrong. */
  readonly start: PodStart;
  /** Into its second it begins: timestamps in objects are whole seconds, so pauses and analyses depend on it. */
  readonly secondAgeMillis?: number;
}
