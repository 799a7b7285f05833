import {
  type CustomResourceDefinition,
  type KindDefinition,
  type KindRegistry,
  type Resource,
  schemaFromCrd,
} from "@sluice/api";
import { describeViolation, formatInstant, type Instant, sameJson } from "@sluice/kernel";
import { isRecord } from "./patch/record.ts";
import { type Change, type TableName, tableOf } from "./state.ts";

const crdTable = "apiextensions.k8s.io/CustomResourceDefinition";

interface CrdSpec {
  readonly group?: string;
  readonly names?: { readonly kind?: string; readonly plural?: string };
  readonly versions?: readonly { readonly name?: string; readonly storage?: boolean }[];
}

/** Which definitions came that way: a registry may be handed from one store to the next. */
const customDefinitions = new WeakSet<KindDefinition>();

/**
 * Kinds that came with CustomResourceDefinitions. A definition of a kind that is built in is stored, and changes
 * nothing: charts bring the definitions of kinds that Sluice serves itself.
 */
export class CustomKinds {
  readonly #kinds: KindRegistry;
  readonly #builtIn: ReadonlySet<TableName>;

  constructor(kinds: KindRegistry) {
    this.#kinds = kinds;
    this.#builtIn = new Set(
      kinds
        .all()
        .filter((definition) => !customDefinitions.has(definition))
        .map(({ group, kind }) => `${group}/${kind}`),
    );
  }

  /** The table of a definition's objects; undefined where it is no definition, or of a kind that is built in. */
  tableDefinedBy(object: Resource): TableName | undefined {
    if (tableOf(object) !== crdTable) return undefined;
    const { group, names } = (object.spec ?? {}) as CrdSpec;
    const table = `${group}/${names?.kind}`;
    return this.#builtIn.has(table) ? undefined : table;
  }

  isBuiltIn(table: TableName): boolean {
    return this.#builtIn.has(table);
  }

  /** Follows a committed change; the definition with the status it should now have, if that is another. */
  follow({ before, after }: Pick<Change, "before" | "after">, now: Instant): Resource | undefined {
    if (after === undefined) {
      if (before !== undefined) this.#forget(before);
      return undefined;
    }
    if (tableOf(after) !== crdTable) return undefined;
    const refusal = sameJson(before?.spec, after.spec) ? undefined : this.#serve(after);
    return before !== undefined && sameJson(before.spec, after.spec) ? undefined : withStatus(after, refusal, now);
  }

  #serve(crd: Resource): string | undefined {
    if (this.tableDefinedBy(crd) === undefined) return undefined;
    const { group = "", names } = (crd.spec ?? {}) as CrdSpec;
    const taken = this.#kinds.all().find((other) => other.group === group && other.plural === names?.plural);
    if (taken !== undefined && taken.kind !== names?.kind) {
      return `"${names?.plural}" is already in use by ${taken.kind}`;
    }
    try {
      const { definition, violations } = schemaFromCrd(crd as CustomResourceDefinition);
      if (definition === undefined) return violations.map(describeViolation).join("; ");
      customDefinitions.add(definition);
      this.#kinds.add(definition);
      return undefined;
    } catch (thrown) {
      // One definition that can't be understood must not take the store with it.
      return thrown instanceof Error ? thrown.message : String(thrown);
    }
  }

  #forget(crd: Resource): void {
    if (this.tableDefinedBy(crd) === undefined) return;
    const { group = "", names } = (crd.spec ?? {}) as CrdSpec;
    this.#kinds.remove(group, names?.kind ?? "");
  }
}

function withStatus(crd: Resource, refusal: string | undefined, now: Instant): Resource {
  const { names, versions } = (crd.spec ?? {}) as CrdSpec;
  const status = refusal === undefined ? "True" : "False";
  const condition = (type: string, reason: string, message: string) => {
    const before = conditionsOf(crd).find((known) => known.type === type && known.status === status);
    return { type, status, reason, message, lastTransitionTime: before?.lastTransitionTime ?? formatInstant(now) };
  };
  return {
    ...crd,
    status: {
      acceptedNames: refusal === undefined ? names : { kind: "", plural: "" },
      conditions: [
        condition(
          "NamesAccepted",
          refusal === undefined ? "NoConflicts" : "NotAccepted",
          refusal ?? "no conflicts found",
        ),
        condition(
          "Established",
          refusal === undefined ? "InitialNamesAccepted" : "NotAccepted",
          refusal ?? "the initial names have been accepted",
        ),
      ],
      storedVersions: (versions ?? []).filter(({ storage }) => storage).map(({ name }) => name),
    },
  };
}

function conditionsOf(object: Resource): readonly Record<string, unknown>[] {
  const conditions = isRecord(object.status) ? object.status.conditions : undefined;
  return Array.isArray(conditions) ? conditions.filter(isRecord) : [];
}
