import {
  builtInKinds,
  type Client,
  type CustomResourceDefinition,
  didYouMean,
  type KindDefinition,
  KindRegistry,
  schemaFromCrd,
} from "@sluice/api";
import { Fault } from "@sluice/kernel";

/** What this Sluice serves: the built-in kinds and the CustomResourceDefinitions that it holds. */
export async function servedKinds(client: Client): Promise<KindRegistry> {
  const registry = new KindRegistry(builtInKinds());
  const { items } = await client.list<CustomResourceDefinition>({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
  });
  for (const { definition } of items.map(schemaFromCrd)) if (definition !== undefined) registry.add(definition);
  return registry;
}

/** By plural, singular, short name or kind, with or without `.group`; `all` means the category. */
export function findKinds(registry: KindRegistry, text: string): readonly KindDefinition[] {
  const wanted = text.toLowerCase();
  const found = registry.all().filter((definition) => {
    const names = [
      definition.plural,
      definition.singular,
      definition.kind.toLowerCase(),
      ...(definition.shortNames ?? []),
    ];
    return (
      names.includes(wanted) ||
      names.some((name) => `${name}.${definition.group}` === wanted) ||
      (definition.categories ?? []).includes(wanted)
    );
  });
  if (found.length > 0) return found;
  const known = registry
    .all()
    .map(({ plural }) => plural)
    .sort();
  const meant = didYouMean(wanted, known);
  const instead = meant === undefined ? `there are ${known.join(", ")}` : `did you mean ${meant}?`;
  throw new Fault("invalid", `no kind ${JSON.stringify(text)}; ${instead}`);
}
