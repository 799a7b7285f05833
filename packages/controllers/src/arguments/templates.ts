import type { AnalysisTemplate, AnalysisTemplateSpec } from "@sluice/api";
import type { KindKey, Reader } from "@sluice/kernel";
import { type Resolved, resolved, unresolved } from "./template.ts";

interface TemplateReference {
  readonly templateName: string;
  readonly clusterScope?: boolean;
}

/** By `kind/name`; undefined where it isn't there. */
export type KnownTemplates = ReadonlyMap<string, AnalysisTemplate | undefined>;

const templateKind = (clusterScope: boolean | undefined): KindKey => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: clusterScope === true ? "ClusterAnalysisTemplate" : "AnalysisTemplate",
});

const templateId = (reference: TemplateReference): string =>
  `${templateKind(reference.clusterScope).kind}/${reference.templateName}`;

/** The templates that are named, and those that they name. */
export async function readTemplates(
  references: readonly TemplateReference[],
  namespace: string | undefined,
  read: Reader,
): Promise<KnownTemplates> {
  const found = new Map<string, AnalysisTemplate | undefined>();
  const waiting = [...references];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const id = templateId(next);
    if (found.has(id)) continue;
    const isNamespaced = next.clusterScope !== true && namespace !== undefined;
    const key = {
      ...templateKind(next.clusterScope),
      ...(isNamespaced ? { namespace } : {}),
      name: next.templateName,
    };
    const template = await read.get<AnalysisTemplate>(key);
    found.set(id, template);
    waiting.push(...(template?.spec.templates ?? []));
  }
  return found;
}

/** The specs of all templates that are named, and of those that they name, each once. */
export function flattenedTemplates(
  references: readonly TemplateReference[],
  known: KnownTemplates,
): Resolved<readonly AnalysisTemplateSpec[]> {
  const specs: AnalysisTemplateSpec[] = [];
  const seen = new Set<string>();
  const visit = (next: readonly TemplateReference[]): string | undefined => {
    for (const reference of next) {
      const id = templateId(reference);
      if (seen.has(id)) continue;
      seen.add(id);
      const template = known.get(id);
      if (template === undefined) {
        return `${templateKind(reference.clusterScope).kind} '${reference.templateName}' not found`;
      }
      specs.push(template.spec);
      const fault = visit(template.spec.templates ?? []);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };
  const fault = visit(references);
  return fault === undefined ? resolved(specs) : unresolved(fault);
}
