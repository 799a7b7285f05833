export { plainKinds } from "./kinds.ts";
export {
  crashesBetween,
  type Scenario,
  settles,
  survivesConflicts,
  survivesCrashes,
  survivesStaleReads,
} from "./laws.ts";
export { World, type WorldOptions } from "./world.ts";
