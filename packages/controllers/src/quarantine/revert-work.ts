import type { Application } from "@sluice/api";
import type { ObservedQuarantine } from "./observed-quarantine.ts";

/** Everything the git work has to know, as data; `id` makes it safe to repeat. */
export function revertWork(
  { quarantine, others, goodDigest }: ObservedQuarantine,
  application: Application,
  mode: "branch" | "commit",
) {
  const { spec, metadata } = quarantine;
  const source = application.spec.source;
  return {
    do: "revertInGit",
    repoURL: source?.repoURL ?? "",
    revision: source?.targetRevision ?? "HEAD",
    path: source?.path ?? ".",
    directory: source?.directory ?? {},
    application: qualifiedName(application),
    workload: { ...spec.workload, namespace: spec.namespace },
    badDigest: spec.templateDigest,
    ...(spec.configuration === undefined ? {} : { configuration: spec.configuration }),
    otherBadDigests: others.map((other) => other.spec.templateDigest),
    ...(goodDigest === undefined ? {} : { goodDigest }),
    mode,
    reason: spec.reason,
    id: metadata.uid ?? metadata.name,
    quarantine: `${metadata.namespace ?? spec.namespace}/${metadata.name}`,
    at: metadata.creationTimestamp ?? "1970-01-01T00:00:00Z",
  } as const;
}

/** As in tracking ids: Applications outside `argocd` carry their namespace. */
const qualifiedName = ({ metadata }: Application): string =>
  (metadata.namespace ?? "argocd") === "argocd" ? metadata.name : `${metadata.namespace}_${metadata.name}`;
