import {
  builtInKinds,
  type CustomResourceDefinition,
  type KindDefinition,
  KindRegistry,
  type Resource,
  schemaFromCrd,
} from "@sluice/api";
import type { Finding } from "../finding.ts";
import type { Manifest } from "./manifest.ts";

/** All objects that are looked at together, and which kinds there are. */
export class World {
  readonly manifests: readonly Manifest[];
  readonly kinds: KindRegistry;
  readonly #byKind = new Map<string, Manifest[]>();

  constructor(manifests: readonly Manifest[]) {
    this.manifests = manifests;
    this.kinds = new KindRegistry(builtInKinds());
    for (const manifest of manifests) {
      const known = this.#byKind.get(manifest.resource.kind);
      if (known === undefined) this.#byKind.set(manifest.resource.kind, [manifest]);
      else known.push(manifest);
    }
    for (const { resource } of this.of("CustomResourceDefinition")) {
      const definition = customKind(resource);
      if (definition !== undefined) this.kinds.add(definition);
    }
  }

  of(kind: string): readonly Manifest[] {
    return this.#byKind.get(kind) ?? [];
  }

  definitionOf({ apiVersion, kind }: Resource): KindDefinition | undefined {
    return this.kinds.byKind({ apiVersion, kind });
  }

  /** Where one of them names no namespace, it may be this one. */
  find(kind: string, name: string, namespace: string | undefined): Manifest | undefined {
    return this.of(kind).find(
      ({ resource: { metadata } }) => metadata.name === name && mayBeSame(metadata.namespace, namespace),
    );
  }

  inNamespace(kind: string, namespace: string | undefined): readonly Manifest[] {
    return this.of(kind).filter(({ resource: { metadata } }) => mayBeSame(metadata.namespace, namespace));
  }
}

const mayBeSame = (a: string | undefined, b: string | undefined): boolean =>
  a === undefined || b === undefined || a === b;

/** A definition of the wrong shape is reported by its own schema, and defines nothing. */
function customKind(resource: Resource): KindDefinition | undefined {
  try {
    return schemaFromCrd(resource as CustomResourceDefinition).definition;
  } catch {
    return undefined;
  }
}

/** A finding about a field of an object. */
export const findingAt = (
  manifest: Manifest,
  path: string,
  finding: Omit<Finding, "file" | "line" | "column" | "object" | "path">,
  part: "key" | "value" = "value",
): Finding => ({
  file: manifest.file,
  ...manifest.placeOf(path, part),
  object: manifest.describe(),
  path,
  ...finding,
});

/** What is expected where none of its kind has the name. */
export const oneOfThatName = (kind: string): string => `${/^[AEIO]/.test(kind) ? "an" : "a"} ${kind} of that name`;

/** A finding about a name that none of the files has. */
export function missingReference(world: World, manifest: Manifest, path: string, kind: string, name: string): Finding {
  const names = world
    .inNamespace(kind, manifest.resource.metadata.namespace)
    .map(({ resource }) => resource.metadata.name)
    .filter((known) => known !== undefined);
  return findingAt(manifest, path, {
    // Without any of its kind among the files, it may be in the cluster.
    severity: names.length > 0 ? "error" : "warning",
    rule: "missing-reference",
    what: `there is no ${kind} ${name} among the files`,
    found: name,
    expected: names.length === 0 ? oneOfThatName(kind) : `one of ${names.join(", ")}`,
    repair: `add the ${kind} ${name}`,
  });
}
