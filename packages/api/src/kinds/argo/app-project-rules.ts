import type { Violation } from "@sluice/kernel";
import { show } from "../../schema/show.ts";
import { notSupported } from "../rules.ts";
import type { AppProject, GroupKind } from "./app-project.ts";

const thisCluster = new Set(["*", "https://kubernetes.default.svc", "in-cluster", undefined, ""]);

/** A project that restricts nothing is honoured; one that does would be ignored in silence, so it is refused. */
export function checkAppProject({ spec }: AppProject): readonly Violation[] {
  const violations: Violation[] = [];
  const refuse = (path: string, found: unknown, what: string, use: string): void => {
    violations.push(notSupported(path, show(found), what, use));
  };
  for (const [index, repository] of (spec.sourceRepos ?? []).entries()) {
    if (repository !== "*")
      refuse(`spec.sourceRepos[${index}]`, repository, "projects for some repositories only", '"*"');
  }
  for (const [index, { server, name, namespace }] of (spec.destinations ?? []).entries()) {
    const path = `spec.destinations[${index}]`;
    if (!thisCluster.has(server)) refuse(`${path}.server`, server, "other clusters", "https://kubernetes.default.svc");
    if (!thisCluster.has(name)) refuse(`${path}.name`, name, "other clusters", "in-cluster");
    if (namespace !== undefined && namespace !== "*") {
      refuse(`${path}.namespace`, namespace, "projects for some namespaces only", '"*"');
    }
  }
  for (const field of ["clusterResourceWhitelist", "namespaceResourceWhitelist"] as const) {
    for (const [index, entry] of (spec[field] ?? []).entries()) {
      if (!isEverything(entry))
        refuse(`spec.${field}[${index}]`, entry, "projects for some kinds only", 'group: "*", kind: "*"');
    }
  }
  for (const field of ["clusterResourceBlacklist", "namespaceResourceBlacklist"] as const) {
    if ((spec[field] ?? []).length > 0)
      refuse(`spec.${field}`, spec[field], "projects without some kinds", "no such list");
  }
  return violations;
}

const isEverything = ({ group, kind }: GroupKind): boolean => group === "*" && kind === "*";
