export { type ColourPair, findPair, imageOf } from "./pair.ts";
export { blueGreenReconciler } from "./reconciler.ts";
