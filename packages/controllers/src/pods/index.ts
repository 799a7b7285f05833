export { availableAt, isActive, isReady, readySince } from "./pods.ts";
