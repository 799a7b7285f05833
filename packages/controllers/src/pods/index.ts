export { endpointOf, type PodEndpoint } from "./endpoints.ts";
export { availableAt, isActive, isReady, readySince } from "./pods.ts";
export { byDispensability } from "./rank.ts";
