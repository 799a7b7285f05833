export { type Claim, claimsOn, placeOf, weighedByAnnotation, withClaims, withoutAdded } from "./claims.ts";
export { isAbandoned, managedByAnnotation, rolloutKind, withoutManager } from "./manager.ts";
