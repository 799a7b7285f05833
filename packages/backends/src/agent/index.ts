export { type Agent, type AgentOptions, createAgent } from "./agent.ts";
export { handOver, type TakenOver, type TakenServer, takeOver } from "./hand-over.ts";
export {
  createFolderImageStore,
  ImageFault,
  type ImageReason,
  type ImageStore,
  type OciConfig,
  type PullPolicy,
} from "./image-store.ts";
export { type LoggedRun, listRuns, podLogFolder } from "./logs/layout.ts";
export { type LogReadOptions, readLog } from "./logs/read.ts";
export { hasLiveRuns } from "./pod/live-runs.ts";
export { identify, isAlive, type ProcessIdentity } from "./process/identity.ts";
export { systemClock } from "./system-clock.ts";
export type { EndpointPortState, EndpointState } from "./worker/endpoint.ts";
export { portsAnnotation } from "./worker/pod-writer.ts";
export type { AgentLog, RouterDoor } from "./worker/tools.ts";
