export { type Checked, checkRequirements } from "./gate/check.ts";
export { type Fault as RehearsedFault, faults } from "./model/fault.ts";
export { defaultTraffic, noises, type Traffic } from "./model/traffic.ts";
export { policiesOf } from "./policy/policy.ts";
export { amount, percent, span } from "./report/findings.ts";
export type { RehearseOptions as SharedOptions } from "./report/options.ts";
export { rehearse } from "./report/rehearse.ts";
export type { FaultResult, Rehearsal } from "./report/result.ts";
export { type Suggestion, suggest } from "./suggest/suggest.ts";
