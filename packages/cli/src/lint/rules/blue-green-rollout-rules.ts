import { type BlueGreenStrategy, matchesSelector, type RollbackPolicy, type Rollout, type Service } from "@sluice/api";
import type { Finding } from "../finding.ts";
import type { Manifest } from "../manifests/manifest.ts";
import { findingAt, missingReference, type World } from "../manifests/world.ts";

const path = "spec.strategy.blueGreen";

/** Rollouts with the strategy blueGreen: what they ignore, and Services that can't be switched. */
export const blueGreenRolloutFindings = (world: World): readonly Finding[] =>
  world.of("Rollout").flatMap((manifest) => {
    const { spec } = manifest.resource as Partial<Rollout>;
    const strategy: unknown = spec?.strategy?.blueGreen;
    if (typeof strategy !== "object" || strategy === null) return [];
    const blueGreen = strategy as Partial<BlueGreenStrategy>;
    return [
      ...promotionFindings(manifest, blueGreen),
      ...serviceFindings(world, manifest, blueGreen),
      ...holdbackFindings(world, manifest),
    ];
  });

function promotionFindings(manifest: Manifest, strategy: Partial<BlueGreenStrategy>): readonly Finding[] {
  const findings: Finding[] = [];
  const { autoPromotionEnabled, autoPromotionSeconds = 0, previewReplicaCount, prePromotionAnalysis } = strategy;
  if (autoPromotionEnabled === false && autoPromotionSeconds > 0) {
    findings.push(
      findingAt(manifest, `${path}.autoPromotionSeconds`, {
        severity: "warning",
        rule: "ignored-auto-promotion",
        what: "it is ignored: with autoPromotionEnabled: false the release waits for a person, however long",
        found: `autoPromotionSeconds: ${autoPromotionSeconds}`,
        repair: "remove autoPromotionSeconds to wait for a person, or autoPromotionEnabled to go on by itself",
      }),
    );
  }
  if (previewReplicaCount === 0 && prePromotionAnalysis !== undefined) {
    findings.push(
      findingAt(manifest, `${path}.previewReplicaCount`, {
        severity: "error",
        rule: "empty-preview",
        what: "prePromotionAnalysis would look at a preview without Pods, and find nothing or pass what nobody tried",
        found: "previewReplicaCount: 0",
        expected: "at least 1",
        repair: "set previewReplicaCount: 1, or remove it for a preview of all Pods",
      }),
    );
  }
  return findings;
}

function serviceFindings(world: World, manifest: Manifest, strategy: Partial<BlueGreenStrategy>): readonly Finding[] {
  const { spec, metadata } = manifest.resource as Rollout;
  const labels = spec?.template?.metadata?.labels;
  return (["activeService", "previewService"] as const).flatMap((field) => {
    const name = strategy[field];
    if (typeof name !== "string" || name === "") return [];
    const found = world.find("Service", name, metadata.namespace);
    if (found === undefined) return [missingReference(world, manifest, `${path}.${field}`, "Service", name)];
    if (labels === undefined) return []; // of a workloadRef
    const selector = (found.resource as Partial<Service>).spec?.selector ?? {};
    const strange = Object.entries(selector).find(
      ([key, value]) => key !== "rollouts-pod-template-hash" && labels[key] !== value,
    );
    if (strange === undefined) return [];
    const [key, value] = strange;
    return [
      findingAt(found, "spec.selector", {
        severity: "error",
        rule: "strange-selector",
        what: `it selects Pods that aren't those of Rollout ${metadata.name}, which switches it: nobody would answer`,
        found: `${key}: ${value}`,
        expected: labels[key] === undefined ? `labels of the template: ${said(labels)}` : `${key}: ${labels[key]}`,
        repair: `select ${said(spec.selector?.matchLabels ?? labels)}`,
      }),
    ];
  });
}

/** Of policies that select it and that ask for what a switch can't do. */
function holdbackFindings(world: World, { resource: { metadata } }: Manifest): readonly Finding[] {
  return world.of("RollbackPolicy").flatMap((policy) => {
    const { spec, metadata: named } = policy.resource as Partial<RollbackPolicy>;
    const { weight = 5, seconds = 600 } = spec?.holdback ?? {};
    const isAsked = spec?.holdback !== undefined && weight !== 0 && seconds !== 0;
    const isSelected = spec?.selector === undefined || matchesSelector(spec.selector, metadata.labels ?? {});
    if (!isAsked || !isSelected || named?.namespace !== metadata.namespace) return [];
    return [
      findingAt(policy, "spec.holdback", {
        severity: "warning",
        rule: "ignored-holdback",
        what: `nothing is held back of Rollout ${metadata.name}: a Service's selector gives everybody one version. It is judged for as long as the Pods that it replaced stand`,
        found: `weight: ${weight}, seconds: ${seconds}`,
        repair: `set ${path}.scaleDownDelaySeconds: ${Math.min(seconds, 600)} on Rollout ${metadata.name}, and holdback: { weight: 0 } in a policy of its own`,
      }),
    ];
  });
}

const said = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
