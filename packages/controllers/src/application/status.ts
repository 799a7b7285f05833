import type {
  Application,
  ApplicationCondition,
  ApplicationStatus,
  OperationState,
  RevisionHistory,
  SyncStatusCode,
} from "@sluice/api";
import { formatInstant, type Instant, type PlannedEvent, sameJson } from "@sluice/kernel";
import { type Comparison, referenceOfStatus, resourceStatusOf, syncStatusOf } from "./comparison/compare.ts";
import { referenceText } from "./comparison/resource-reference.ts";
import { applicationHealth } from "./health/application-health.ts";
import { type Health, healthOf } from "./health/health.ts";
import type { Observed } from "./observe.ts";
import type { Targets } from "./targets.ts";

/** What the comparison came to. */
export type Comparing =
  | { readonly is: "fetching" }
  | { readonly is: "invalid"; readonly refusals: readonly string[] }
  | { readonly is: "failed"; readonly errors: readonly string[] }
  | {
      readonly is: "compared";
      readonly revision: string;
      readonly targets: Targets;
      readonly comparisons: readonly Comparison[];
    };

export interface StatusChange {
  readonly comparing: Comparing;
  readonly syncError?: string;
  readonly operationState?: OperationState;
  readonly history?: readonly RevisionHistory[];
}

/** The complete next status; `reconciledAt` moves only when something else does. */
export function nextStatus({ application, live }: Observed, change: StatusChange, now: Instant): ApplicationStatus {
  const before = application.status ?? {};
  const { comparing } = change;
  const compared = comparing.is === "fetching" ? {} : comparisonStatus(application, live.objects, comparing, now);
  const conditions =
    comparing.is === "fetching" ? before.conditions : conditionsOf(before.conditions ?? [], change, now);
  const next: ApplicationStatus = {
    ...before,
    ...compared,
    ...(change.operationState === undefined ? {} : { operationState: change.operationState }),
    ...(change.history === undefined || change.history.length === 0 ? {} : { history: change.history }),
    ...(conditions === undefined ? {} : { conditions }),
  };
  const cleaned = conditions?.length === 0 ? without(next, "conditions") : next;
  if (sameJson(cleaned, before)) return before;
  return comparing.is === "fetching" ? cleaned : { ...cleaned, reconciledAt: formatInstant(now) };
}

function without(status: ApplicationStatus, field: "conditions"): ApplicationStatus {
  const { [field]: _, ...rest } = status;
  return rest;
}

function comparisonStatus(
  { spec, status = {} }: Application,
  objects: ReadonlyMap<string, unknown>,
  comparing: Exclude<Comparing, { is: "fetching" }>,
  now: Instant,
): Partial<ApplicationStatus> {
  const { source, destination, ignoreDifferences } = spec;
  const comparedTo = {
    ...(source === undefined ? {} : { source }),
    destination,
    ...(ignoreDifferences === undefined ? {} : { ignoreDifferences }),
  };
  const sync = (code: SyncStatusCode, revision?: string) => ({
    status: code,
    comparedTo,
    ...(revision === undefined ? {} : { revision }),
  });
  if (comparing.is === "compared") {
    const { comparisons, revision, targets } = comparing;
    const images = imagesOf(targets);
    return {
      resources: comparisons.map(resourceStatusOf),
      sync: sync(syncStatusOf(comparisons), revision),
      health: healthStatus(status, applicationHealth(comparisons), now),
      sourceType: "Directory",
      summary: images.length === 0 ? {} : { images },
    };
  }
  // What was known stays known: it is what pruning and deletion go by.
  const resources = status.resources?.map((known) => {
    const live = objects.get(referenceText(referenceOfStatus(known))) as Parameters<typeof healthOf>[0] | undefined;
    const { health: _, ...rest } = known;
    const health: Health | undefined = live === undefined ? { status: "Missing" } : healthOf(live);
    return { ...rest, status: "Unknown" as const, ...(health === undefined ? {} : { health }) };
  });
  return {
    ...(resources === undefined ? {} : { resources }),
    sync: sync("Unknown"),
    health: healthStatus(status, { status: "Unknown" }, now),
  };
}

function healthStatus({ health }: ApplicationStatus, { status }: Health, now: Instant) {
  return health?.status === status ? health : { status, lastTransitionTime: formatInstant(now) };
}

function conditionsOf(before: readonly ApplicationCondition[], { comparing, syncError }: StatusChange, now: Instant) {
  const wanted: { type: string; message: string }[] = [];
  if (comparing.is === "invalid") wanted.push({ type: "InvalidSpecError", message: comparing.refusals.join("; ") });
  if (comparing.is === "failed") {
    const more = comparing.errors.length > 10 ? `; and ${comparing.errors.length - 10} more` : "";
    wanted.push({ type: "ComparisonError", message: comparing.errors.slice(0, 10).join("; ") + more });
  }
  if (comparing.is === "compared") {
    for (const message of comparing.targets.repeated) wanted.push({ type: "RepeatedResourceWarning", message });
    for (const { text, sharedWith } of comparing.comparisons) {
      if (sharedWith === undefined) continue;
      wanted.push({
        type: "SharedResourceWarning",
        message: `${text} is part of applications ${sharedWith} and this one`,
      });
    }
  }
  if (syncError !== undefined) wanted.push({ type: "SyncError", message: syncError });
  return wanted.map(({ type, message }) => {
    const known = before.find((condition) => condition.type === type && condition.message === message);
    return known ?? { type, message, lastTransitionTime: formatInstant(now) };
  });
}

const images = new WeakMap<Targets, readonly string[]>();

function imagesOf(targets: Targets): readonly string[] {
  const known = images.get(targets);
  if (known !== undefined) return known;
  const found = new Set<string>();
  for (const { resource } of targets.targets) {
    const spec = resource.spec as Readonly<Record<string, unknown>> | undefined;
    const template = (spec?.template ?? resource) as { readonly spec?: Readonly<Record<string, unknown>> };
    for (const list of [template.spec?.initContainers, template.spec?.containers]) {
      if (!Array.isArray(list)) continue;
      for (const container of list as { image?: unknown }[])
        if (typeof container?.image === "string") found.add(container.image);
    }
  }
  const sorted = [...found].sort();
  images.set(targets, sorted);
  return sorted;
}

/** What Argo CD says when an Application's status moves. */
export function statusEvents(before: ApplicationStatus | undefined, after: ApplicationStatus): readonly PlannedEvent[] {
  const events: PlannedEvent[] = [];
  const moved = (what: string, from: string | undefined, to: string | undefined) => {
    if (from === to || to === undefined) return;
    events.push({
      type: "Normal",
      reason: "ResourceUpdated",
      message: `Updated ${what} status: ${from ?? ""} -> ${to}`,
    });
  };
  moved("sync", before?.sync?.status, after.sync?.status);
  moved("health", before?.health?.status, after.health?.status);
  for (const condition of after.conditions ?? []) {
    if (!condition.type.endsWith("Error") || before?.conditions?.some(({ message }) => message === condition.message))
      continue;
    events.push({ type: "Warning", reason: condition.type, message: condition.message });
  }
  return events;
}
