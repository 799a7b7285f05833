import type { KindKey } from "@sluice/kernel";
import type { KindDefinition } from "./kind-definition.ts";

/** Which kinds there are. CustomResourceDefinitions add to it at run time. */
export class KindRegistry {
  readonly #byKind = new Map<string, KindDefinition>();
  readonly #byPlural = new Map<string, KindDefinition>();

  constructor(definitions: readonly KindDefinition[] = []) {
    for (const definition of definitions) this.add(definition);
  }

  /** Replaces a definition of the same group and kind. */
  add(definition: KindDefinition): void {
    this.remove(definition.group, definition.kind);
    this.#byKind.set(`${definition.group}/${definition.kind}`, definition);
    this.#byPlural.set(`${definition.group}/${definition.plural}`, definition);
  }

  remove(group: string, kind: string): void {
    const known = this.#byKind.get(`${group}/${kind}`);
    if (known === undefined) return;
    this.#byKind.delete(`${group}/${kind}`);
    this.#byPlural.delete(`${group}/${known.plural}`);
  }

  /** Undefined where the group, the kind or the version isn't served. */
  byKind({ apiVersion, kind }: KindKey): KindDefinition | undefined {
    const { group, version } = splitApiVersion(apiVersion);
    const definition = this.#byKind.get(`${group}/${kind}`);
    return definition?.versions.includes(version) ? definition : undefined;
  }

  byPlural(group: string, version: string, plural: string): KindDefinition | undefined {
    const definition = this.#byPlural.get(`${group}/${plural}`);
    return definition?.versions.includes(version) ? definition : undefined;
  }

  all(): readonly KindDefinition[] {
    return [...this.#byKind.values()];
  }
}

export function splitApiVersion(apiVersion: string): { readonly group: string; readonly version: string } {
  const slash = apiVersion.indexOf("/");
  return slash === -1
    ? { group: "", version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}
