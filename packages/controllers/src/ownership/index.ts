export { type Claims, claimed, readClaims } from "./claims.ts";
