import type { PodTemplateSpec, ReplicaSet, Rollout } from "@sluice/api";
import { podHashLabel } from "../../version/index.ts";
import { withoutInjectedAffinity } from "../affinity/injected.ts";
import { notedMetadata } from "./noted.ts";

/** A ReplicaSet's template as it was written: without the hash, and without what its Pods wear for the time being. */
export function writtenTemplate(set: ReplicaSet, rollout: Rollout): PodTemplateSpec | undefined {
  const template = withoutInjectedAffinity(set.spec.template);
  if (template === undefined) return undefined;
  const { canaryMetadata, stableMetadata } = rollout.spec.strategy.canary ?? {};
  const { previewMetadata, activeMetadata } = rollout.spec.strategy.blueGreen ?? {};
  const worn = [canaryMetadata, stableMetadata, previewMetadata, activeMetadata, notedMetadata(set)];
  const written = rollout.spec.template?.metadata;
  const { [podHashLabel]: _, ...hashless } = template.metadata?.labels ?? {};
  const labels = without(
    hashless,
    worn.map((metadata) => metadata?.labels),
    written?.labels,
  );
  const { annotations: texts, ...metadata } = template.metadata ?? {};
  const kept = without(
    texts ?? {},
    worn.map((each) => each?.annotations),
    written?.annotations,
  );
  const hasTexts = Object.keys(kept).length > 0 || (texts !== undefined && Object.keys(texts).length === 0);
  return { ...template, metadata: { ...metadata, labels, ...(hasTexts ? { annotations: kept } : {}) } };
}

type Texts = Readonly<Record<string, string>>;

const without = (has: Texts, worn: readonly (Texts | undefined)[], written: Texts = {}): Texts =>
  Object.fromEntries(
    Object.entries(has).filter(
      ([key, value]) => written[key] === value || !worn.some((texts) => texts?.[key] === value),
    ),
  );
