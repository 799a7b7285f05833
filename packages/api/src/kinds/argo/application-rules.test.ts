import { expect, test } from "vitest";
import { type Refusal, saidOf } from "../../testing/refuses.ts";

const refusals: readonly Refusal[] = [
  ["Application", { "spec.source.helm": { valueFiles: ["a"] } }, "spec.source.helm", "not supported yet: helm"],
  ["Application", { "spec.source.kustomize": { images: ["a"] } }, "spec.source.kustomize", "not supported yet"],
  [
    "Application",
    { "spec.source.directory": { jsonnet: { libs: ["a"] } } },
    "spec.source.directory.jsonnet",
    "not supported yet",
  ],
  ["Application", { "spec.source.path": "../other" }, "spec.source.path", "without '..'"],
  ["Application", { "spec.source.path": undefined }, "spec.source.path", "the folder"],
  ["Application", { "spec.source.targetRevision": "1.*" }, "spec.source.targetRevision", "ranges of versions"],
  ["Application", { "spec.source.targetRevision": "--upload-pack=x" }, "spec.source.targetRevision", "branch, tag"],
  ["Application", { "spec.sources": [{ repoURL: "a" }] }, "spec.sources", "not supported yet: several sources"],
  ["Application", { "spec.destination.server": "https://other" }, "spec.destination.server", "other clusters"],
  ["Application", { "spec.destination.name": "in-cluster" }, "spec.destination", "one of them"],
  [
    "Application",
    { "spec.syncPolicy": { syncOptions: ["CreateNamspace=true"] } },
    "spec.syncPolicy.syncOptions[0]",
    'did you mean "CreateNamespace"',
  ],
  [
    "Application",
    { "spec.syncPolicy": { syncOptions: ["Replace=true"] } },
    "spec.syncPolicy.syncOptions[0]",
    "not supported yet",
  ],
  [
    "Application",
    { "spec.syncPolicy": { retry: { backoff: { duration: "5" } } } },
    "spec.syncPolicy.retry.backoff.duration",
    "a duration",
  ],
  [
    "Application",
    { "spec.ignoreDifferences": [{ kind: "Deployment", jsonPointers: ["spec.replicas"] }] },
    "spec.ignoreDifferences[0].jsonPointers[0]",
    "JSON pointer",
  ],
  ["AppProject", { "spec.sourceRepos": ["https://example.com/a.git"] }, "spec.sourceRepos[0]", "not supported yet"],
  ["AppProject", { "spec.destinations.0.namespace": "shop" }, "spec.destinations[0].namespace", "some namespaces only"],
  ["AppProject", { "spec.syncWindows": [{ kind: "allow" }] }, "spec.syncWindows", "not supported yet: syncWindows"],
  [
    "AppProject",
    { "spec.namespaceResourceBlacklist": [{ group: "", kind: "Pod" }] },
    "spec.namespaceResourceBlacklist",
    "no such list",
  ],
];

test.each(refusals)("%s %j", (kind, changes, path, words) => {
  expect(saidOf(kind, changes, path)).toContain(words);
});
