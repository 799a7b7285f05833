import type { KindRegistry, Resource } from "@sluice/api";
import type { Clock, Random } from "@sluice/kernel";
import type { CustomKinds } from "../custom-kinds.ts";
import { type Located, rowOf, type TableName, tableOf } from "../state.ts";
import type { Admission } from "./admission.ts";

/** What every write is judged by. */
export interface Rules {
  readonly kinds: KindRegistry;
  readonly clock: Clock;
  readonly random: Random;
  readonly admission: Admission;
  /** False: managedFields stay as they are, and server-side apply knows no other owner. */
  readonly tracksOwners: boolean;
  /** The CustomResourceDefinition that an object lives by, if it lives by one. */
  definingObject(object: Resource): Located | undefined;
  /** The table of the kind that a CustomResourceDefinition defines. */
  definedTable(definition: Resource): TableName | undefined;
}

const crdTable = "apiextensions.k8s.io/CustomResourceDefinition";

export function createRules(
  parts: Pick<Rules, "kinds" | "clock" | "random" | "admission" | "tracksOwners">,
  custom: CustomKinds,
): Rules {
  return {
    ...parts,
    definingObject(object) {
      const definition = parts.kinds.byKind(object);
      if (definition === undefined || custom.isBuiltIn(tableOf(object))) return undefined;
      return { table: crdTable, row: rowOf(undefined, `${definition.plural}.${definition.group}`) };
    },
    definedTable: (object) => custom.tableDefinedBy(object),
  };
}
