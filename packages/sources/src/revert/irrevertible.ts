import { notRevertible, type Resource } from "@sluice/api";
import { canonicalJson } from "@sluice/kernel";
import type { LocatedResource } from "../manifests/parse-manifests.ts";

/** What a commit changed that going back wouldn't undo: CustomResourceDefinitions, Jobs, and what says so itself. */
export function irrevertibleChanges(
  before: readonly LocatedResource[],
  after: readonly LocatedResource[],
): readonly string[] {
  const nameOf = ({ resource }: LocatedResource) => `${resource.kind} ${resource.metadata.name}`;
  const known = new Map(before.map((located) => [nameOf(located), canonicalJson(located.resource)]));
  const named = new Map(after.map((located) => [nameOf(located), located]));
  const changed = [
    ...after.filter((located) => known.get(nameOf(located)) !== canonicalJson(located.resource)),
    ...before.filter((located) => !named.has(nameOf(located))),
  ];
  return changed
    .filter(({ resource }) => {
      if (resource.kind === "CustomResourceDefinition" || resource.kind === "Job") return true;
      return [resource, templateOf(resource)].some((marked) => notRevertible(marked) !== undefined);
    })
    .map((located) => `${nameOf(located)} changed (${located.file}:${located.line})`);
}

/** A version that can't be undone is marked on its pod template. */
function templateOf(resource: Resource): Parameters<typeof notRevertible>[0] {
  const { spec } = resource as { readonly spec?: { readonly template?: Parameters<typeof notRevertible>[0] } };
  return spec?.template ?? {};
}
