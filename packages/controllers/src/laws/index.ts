export { plainKinds } from "./kinds.ts";
export { type Scenario, settles, survivesCrashes, survivesStaleReads } from "./laws.ts";
export { World, type WorldOptions } from "./world.ts";
