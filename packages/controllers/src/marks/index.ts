export { type Claim, claimsOn, placeOf, weighedByAnnotation, withClaims, withoutAdded } from "./claims.ts";
export { type Abandoned, abandoned, managedByAnnotation, rolloutKind, servicesOf, withoutManager } from "./manager.ts";
