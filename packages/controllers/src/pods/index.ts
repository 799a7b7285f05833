export { endpointOf, type PodEndpoint } from "./endpoints.ts";
export { availableAt, isActive, isReady } from "./pods.ts";
export { byDispensability } from "./rank.ts";
