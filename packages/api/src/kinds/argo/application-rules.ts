import type { Violation } from "@sluice/kernel";
import { show } from "../../schema/show.ts";
import { didYouMean } from "../../schema/suggest.ts";
import { invalid, missing, notSupported } from "../rules.ts";
import type { Application, ApplicationSource } from "./application.ts";

const thisCluster = "https://kubernetes.default.svc";

/** Options of https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/ and the values that are honoured. */
const syncOptions: Readonly<Record<string, readonly string[]>> = {
  CreateNamespace: ["true", "false"],
  PruneLast: ["true", "false"],
  PrunePropagationPolicy: ["foreground", "background", "orphan"],
  RespectIgnoreDifferences: ["true", "false"],
  Validate: ["true", "false"],
  ServerSideApply: ["true", "false"],
  ApplyOutOfSyncOnly: ["true", "false"],
  Prune: ["true", "false"],
  Delete: ["true", "false"],
};
/** Known to Argo CD, not honoured yet. */
const laterOptions = new Set([
  "Replace",
  "Force",
  "FailOnSharedResource",
  "SkipDryRunOnMissingResource",
  "SkipDryRun",
  "ServerSideDiff",
  "IncludeMutationWebhook",
  "ClientSideApplyMigration",
  "DisableClientSideApplyMigration",
]);

export function checkApplication({ spec }: Application): readonly Violation[] {
  const violations: Violation[] = [];
  if (spec.source === undefined) {
    if ((spec.sources ?? []).length === 0 && spec.sourceHydrator === undefined) {
      violations.push(missing("spec.source", "a git repository: repoURL and path"));
    }
  } else {
    violations.push(...checkSource(spec.source, "spec.source"));
  }
  const { server, name } = spec.destination;
  if (server !== undefined && server !== "" && name !== undefined && name !== "") {
    violations.push(invalid({ path: "spec.destination", found: "server and name", expected: "one of them" }));
  } else if (server !== undefined && server !== "" && server !== thisCluster) {
    violations.push(notSupported("spec.destination.server", show(server), "other clusters", thisCluster));
  } else if (name !== undefined && name !== "" && name !== "in-cluster") {
    violations.push(notSupported("spec.destination.name", show(name), "other clusters", "in-cluster"));
  } else if (!server && !name) {
    violations.push(missing("spec.destination.server", thisCluster));
  }
  for (const [index, option] of (spec.syncPolicy?.syncOptions ?? []).entries()) {
    violations.push(...checkSyncOption(option, `spec.syncPolicy.syncOptions[${index}]`));
  }
  for (const [index, { jsonPointers }] of (spec.ignoreDifferences ?? []).entries()) {
    for (const [at, pointer] of (jsonPointers ?? []).entries()) {
      if (pointer.startsWith("/")) continue;
      violations.push(
        invalid({
          path: `spec.ignoreDifferences[${index}].jsonPointers[${at}]`,
          found: show(pointer),
          expected: "a JSON pointer such as /spec/replicas",
        }),
      );
    }
  }
  return violations;
}

function checkSource(source: ApplicationSource, path: string): readonly Violation[] {
  const violations: Violation[] = [];
  if (source.path === undefined && source.chart === undefined) {
    violations.push(missing(`${path}.path`, "the folder of the manifests; . for the whole repository"));
  } else if (source.path !== undefined && (source.path.startsWith("/") || source.path.split("/").includes(".."))) {
    violations.push(
      invalid({
        path: `${path}.path`,
        found: show(source.path),
        expected: "a folder in the repository: relative, without '..'",
      }),
    );
  }
  const { targetRevision } = source;
  if (targetRevision?.startsWith("-")) {
    violations.push(
      invalid({
        path: `${path}.targetRevision`,
        found: show(targetRevision),
        expected: "a branch, tag, commit or HEAD",
      }),
    );
  } else if (targetRevision !== undefined && /[*^~<>=\s|]/.test(targetRevision)) {
    violations.push(
      notSupported(
        `${path}.targetRevision`,
        show(targetRevision),
        "ranges of versions",
        "a branch, tag, commit or HEAD",
      ),
    );
  }
  if (/^-|^ext::|\n/.test(source.repoURL)) {
    violations.push(
      invalid({ path: `${path}.repoURL`, found: show(source.repoURL), expected: "a file, http(s) or ssh repository" }),
    );
  }
  return violations;
}

function checkSyncOption(option: string, path: string): readonly Violation[] {
  const [name = "", value] = option.split("=");
  const values = Object.hasOwn(syncOptions, name) ? syncOptions[name] : undefined;
  if (values === undefined) {
    if (laterOptions.has(name)) {
      if (value === "false") return [];
      return [notSupported(path, show(option), `the sync option ${name}`, Object.keys(syncOptions).join(", "))];
    }
    const meant = didYouMean(name, Object.keys(syncOptions));
    return [
      {
        path,
        found: show(option),
        expected: `one of ${Object.keys(syncOptions).join(", ")}, each with =`,
        ...(meant === undefined ? {} : { repair: `did you mean ${show(meant)}?` }),
        reason: "FieldValueNotSupported",
      },
    ];
  }
  if (value !== undefined && values.includes(value)) return [];
  return [invalid({ path, found: show(option), expected: values.map((known) => `${name}=${known}`).join(" or ") })];
}
