import type { Violation } from "@sluice/kernel";
import type { KindDefinition } from "../contract/kind-definition.ts";
import type { Resource } from "../contract/resource.ts";
import { checkValue } from "./check.ts";
import { isAboutValues } from "./defaults.ts";
import { checkMetadata } from "./metadata.ts";
import { prune, unknownFields } from "./prune.ts";

/**
 * Everything that is wrong with an object: unknown fields (a pruned object has none), its schema's rules,
 * names and labels, and the kind's own rules. `old` is the stored object on an update.
 * The kind's own rules run only on an object of the right shape.
 */
export function validate(definition: KindDefinition, object: Resource, old?: Resource): readonly Violation[] {
  const shape: Violation[] = [...unknownFields(definition, object)];
  checkValue(definition.schema, object, undefined, shape);
  const violations = [...shape, ...checkMetadata(definition, object)];
  if (shape.every(isAboutValues) && definition.validate !== undefined)
    violations.push(...definition.validate(prune(definition, object), old));
  return violations;
}
