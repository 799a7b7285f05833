import type { Affinity, PodAffinity, PodAffinityTerm, PodSpec, PodTemplateSpec } from "@sluice/api";
import { podHashLabel } from "../../version/index.ts";

/** Nodes that the injected rule keeps apart. */
export const topologyKey = "kubernetes.io/hostname";

/** A ReplicaSet's template as it was written, to tell by its content which version it is. */
export function withoutInjectedAffinity(template: PodTemplateSpec | undefined): PodTemplateSpec | undefined {
  if (template?.spec.affinity === undefined) return template;
  const { affinity, ...spec } = template.spec;
  const written = withoutRule(affinity);
  return { ...template, spec: (written === undefined ? spec : { ...spec, affinity: written }) as PodSpec };
}

/** The same object back where nothing was added; what was added to nothing leaves nothing. */
export function withoutRule(affinity: Affinity | undefined): Affinity | undefined {
  const { podAntiAffinity, ...others } = affinity ?? {};
  if (podAntiAffinity === undefined) return affinity;
  const {
    requiredDuringSchedulingIgnoredDuringExecution: required = [],
    preferredDuringSchedulingIgnoredDuringExecution: preferred = [],
  } = podAntiAffinity;
  const keptRequired = required.filter((term) => !isInjected(term));
  const keptPreferred = preferred.filter(({ podAffinityTerm }) => !isInjected(podAffinityTerm));
  if (keptRequired.length === required.length && keptPreferred.length === preferred.length) return affinity;
  const kept: PodAffinity = {
    ...(keptRequired.length === 0 ? {} : { requiredDuringSchedulingIgnoredDuringExecution: keptRequired }),
    ...(keptPreferred.length === 0 ? {} : { preferredDuringSchedulingIgnoredDuringExecution: keptPreferred }),
  };
  if (Object.keys(kept).length > 0) return { ...others, podAntiAffinity: kept };
  return Object.keys(others).length === 0 ? undefined : others;
}

const isInjected = (term: PodAffinityTerm): boolean =>
  term.topologyKey === topologyKey &&
  term.labelSelector?.matchExpressions?.some(({ key, operator }) => key === podHashLabel && operator === "In") === true;
