import type { AnalysisTemplate, Resource } from "@sluice/api";

/** A template that an analysis names. */
export interface NamedTemplate {
  readonly templateName: string;
  readonly clusterScope?: boolean;
}

/**
 * The Secrets that arguments of these templates read and the files don't hold, as few repositories hold them. Modelled
 * queries ask for no token, so that any value does. A Secret of the files stays as it is: a key that it lacks is missing for real.
 */
export function missingSecrets(
  named: readonly NamedTemplate[],
  around: readonly Resource[],
  namespace: string,
): readonly Resource[] {
  const isNamed = ({ kind, metadata }: Resource) =>
    named.some(
      ({ templateName, clusterScope = false }) =>
        templateName === metadata.name && kind === (clusterScope ? "ClusterAnalysisTemplate" : "AnalysisTemplate"),
    );
  const held = new Set(around.filter(({ kind }) => kind === "Secret").map(({ metadata }) => metadata.name));
  const keysOf = new Map<string, Set<string>>();
  for (const template of around.filter(isNamed)) {
    for (const { valueFrom } of (template as Partial<AnalysisTemplate>).spec?.args ?? []) {
      if (valueFrom?.secretKeyRef === undefined || held.has(valueFrom.secretKeyRef.name)) continue;
      const { name, key } = valueFrom.secretKeyRef;
      keysOf.set(name, (keysOf.get(name) ?? new Set()).add(key));
    }
  }
  return [...keysOf].map(
    ([name, keys]) =>
      ({
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name, namespace },
        stringData: Object.fromEntries([...keys].map((key) => [key, "made-up"])),
      }) as Resource,
  );
}
