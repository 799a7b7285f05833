import { inputNames } from "./inputs.ts";
import { faultOf, type TreeModel } from "./trees.ts";

/** Why this judge can't use a model; undefined where it can. */
export const modelFault = (model: TreeModel): string | undefined => faultOf(model, inputNames);
