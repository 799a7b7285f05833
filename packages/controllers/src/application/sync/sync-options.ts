import type { Resource } from "@sluice/api";
import { annotations } from "../names.ts";

/** What `syncPolicy.syncOptions` and the resource's own annotation ask for. */
export interface SyncOptions {
  readonly createNamespace: boolean;
  readonly prunePropagation: "Foreground" | "Background" | "Orphan";
  readonly pruneLast: boolean;
  readonly respectIgnoreDifferences: boolean;
  readonly applyOutOfSyncOnly: boolean;
  readonly replace: boolean;
  /** Unknown fields: refused (true), or dropped as kubectl's --validate=false does. */
  readonly validate: boolean;
  readonly failOnSharedResource: boolean;
}

/** Options of one resource, which beat the Application's. */
export interface ResourceSyncOptions {
  readonly prune?: "false" | "confirm";
  readonly isDeletable: boolean;
  readonly replace?: boolean;
  readonly validate?: boolean;
  readonly pruneLast?: boolean;
}

export interface Refusal {
  readonly option: string;
  readonly why: string;
}

const known: Readonly<Record<string, readonly string[]>> = {
  CreateNamespace: ["true", "false"],
  PrunePropagationPolicy: ["foreground", "background", "orphan"],
  PruneLast: ["true", "false"],
  RespectIgnoreDifferences: ["true", "false"],
  ApplyOutOfSyncOnly: ["true", "false"],
  Replace: ["true", "false"],
  Validate: ["true", "false"],
  FailOnSharedResource: ["true", "false"],
  // Every apply here is a server-side one; there is no other to turn it off for.
  ServerSideApply: ["true"],
  SkipDryRunOnMissingResource: ["true", "false"],
  Prune: ["true", "false", "confirm"],
  Delete: ["true", "false"],
};

const ofResourcesOnly = new Set(["Prune", "Delete"]);

/** Options that can't be honoured are named; nothing is passed over in silence. */
export function parseSyncOptions(list: readonly string[]): {
  readonly options: SyncOptions;
  readonly refusals: readonly Refusal[];
} {
  const { values, refusals } = read(list, false);
  const is = (name: string) => values.get(name) === "true";
  const policy = values.get("PrunePropagationPolicy") ?? "foreground";
  return {
    options: {
      createNamespace: is("CreateNamespace"),
      prunePropagation: policy === "orphan" ? "Orphan" : policy === "background" ? "Background" : "Foreground",
      pruneLast: is("PruneLast"),
      respectIgnoreDifferences: is("RespectIgnoreDifferences"),
      applyOutOfSyncOnly: is("ApplyOutOfSyncOnly"),
      replace: is("Replace"),
      validate: values.get("Validate") !== "false",
      failOnSharedResource: is("FailOnSharedResource"),
    },
    refusals,
  };
}

export function resourceSyncOptions(resource: Resource): {
  readonly options: ResourceSyncOptions;
  readonly refusals: readonly Refusal[];
} {
  const text = resource.metadata.annotations?.[annotations.syncOptions];
  if (text === undefined) return plain;
  const { values, refusals } = read(
    text.split(",").map((option) => option.trim()),
    true,
  );
  const flag = (name: string) => (values.has(name) ? values.get(name) === "true" : undefined);
  const prune = values.get("Prune");
  const [replace, validate, pruneLast] = [flag("Replace"), flag("Validate"), flag("PruneLast")];
  return {
    options: {
      ...(prune === "false" || prune === "confirm" ? { prune } : {}),
      isDeletable: values.get("Delete") !== "false",
      ...(replace === undefined ? {} : { replace }),
      ...(validate === undefined ? {} : { validate }),
      ...(pruneLast === undefined ? {} : { pruneLast }),
    },
    refusals,
  };
}

const plain = { options: { isDeletable: true }, refusals: [] } as const;

function read(list: readonly string[], isResource: boolean) {
  const values = new Map<string, string>();
  const refusals: Refusal[] = [];
  for (const option of list) {
    if (option === "") continue;
    const [name = "", value = ""] = option.split("=");
    const allowed = Object.hasOwn(known, name) ? known[name] : undefined;
    if (allowed === undefined || (ofResourcesOnly.has(name) && !isResource)) {
      refusals.push({ option, why: `not supported yet: found ${name}, expected ${names(isResource)}` });
    } else if (!allowed.includes(value)) {
      refusals.push({ option, why: `found ${value === "" ? "no value" : value}, expected ${allowed.join(" or ")}` });
    } else values.set(name, value);
  }
  return { values, refusals };
}

const names = (isResource: boolean): string =>
  Object.keys(known)
    .filter((name) => isResource || !ofResourcesOnly.has(name))
    .join(", ");
