import { type EvidencePolicy, matchesSelector, type SyntheticCheck } from "@sluice/api";
import { list } from "../analysis/analysis-arguments.ts";
import type { Finding } from "../finding.ts";
import { findingAt, type World } from "../manifests/world.ts";

/** EvidencePolicies that nobody asks, and checks of Services that aren't there. */
export const evidenceFindings = (world: World): readonly Finding[] =>
  world.of("EvidencePolicy").flatMap((manifest) => {
    const { metadata } = manifest.resource;
    const spec = (manifest.resource as Partial<EvidencePolicy>).spec;
    const rollouts = world.inNamespace("Rollout", metadata.namespace);
    const isAsked = rollouts.some(({ resource }) =>
      matchesSelector(spec?.selector ?? {}, resource.metadata.labels ?? {}),
    );
    const unasked: readonly Finding[] =
      rollouts.length === 0 || isAsked
        ? []
        : [
            findingAt(manifest, "spec.selector", {
              severity: "warning",
              rule: "unused-policy",
              what: "no Rollout among the files has the labels that this policy selects",
              found: JSON.stringify(spec?.selector),
              expected: "labels of a Rollout's own metadata, not of its template",
            }),
          ];
    const services = list<SyntheticCheck>(spec?.syntheticChecks).flatMap(({ service }, index) =>
      service === undefined ||
      world.of("Service").length === 0 ||
      world.find("Service", service, metadata.namespace) !== undefined
        ? []
        : [
            findingAt(manifest, `spec.syntheticChecks[${index}].service`, {
              severity: "error",
              rule: "missing-service",
              what: `there is no Service ${service} among the files: the check would fail every release`,
              found: service,
              expected: "a Service that has the version's pods",
            }),
          ],
    );
    return [...unasked, ...services];
  });
