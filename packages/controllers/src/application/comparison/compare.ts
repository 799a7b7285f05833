import type { Application, Resource, ResourceStatus, SyncStatusCode } from "@sluice/api";
import { type Health, healthOf, isHealthIgnored } from "../health/health.ts";
import { annotations } from "../names.ts";
import type { Target } from "../targets.ts";
import { diffResource, type FieldChange } from "./diff.ts";
import { type IgnoreRules, ignoredPointers, withLiveValues } from "./ignore-differences.ts";
import { type Claims, noClaims, overlayClaims } from "./overlay.ts";
import { instanceName, type ResourceReference, referenceText, trackedBy } from "./resource-reference.ts";

/** One resource: what git asks for (absent: nothing any more) against what is there (absent: missing). */
export interface Comparison {
  readonly reference: ResourceReference;
  readonly text: string;
  readonly target: Target | undefined;
  readonly live: Resource | undefined;
  readonly status: SyncStatusCode;
  readonly health: Health | undefined;
  readonly requiresPruning: boolean;
  /** Another Application that already tracks the live object. */
  readonly sharedWith: string | undefined;
}

/** What a comparison of one Application needs to know besides its targets. */
export interface LiveState {
  /** By {@link referenceText}. */
  readonly objects: ReadonlyMap<string, Resource | undefined>;
  readonly claims: ReadonlyMap<string, Claims>;
}

/** Targets first, in their order, then what is tracked and no longer asked for. */
export function compareAll(
  application: Application,
  targets: readonly Target[],
  { objects, claims }: LiveState,
): readonly Comparison[] {
  const instance = instanceName(application);
  const rules = application.spec.ignoreDifferences ?? [];
  const comparisons = targets.map((target) =>
    compareTarget(target, objects.get(target.text), claims.get(target.text) ?? noClaims, rules, instance),
  );
  const wanted = new Set(targets.map(({ text }) => text));
  for (const reference of knownReferences(application)) {
    const text = referenceText(reference);
    const live = objects.get(text);
    if (wanted.has(text) || live === undefined) continue;
    if (trackedBy(live, live.metadata.annotations?.[annotations.trackingId]) !== instance) continue;
    comparisons.push({
      reference,
      text,
      target: undefined,
      live,
      status: "OutOfSync",
      health: healthOf(live),
      requiresPruning: true,
      sharedWith: undefined,
    });
  }
  return comparisons;
}

/**
 * What it has as far as its status says, and what its last sync made: that wasn't there yet where git asked for it no more
 * before it came.
 */
export function knownReferences({ status }: Application): readonly ResourceReference[] {
  const made = (status?.operationState?.syncResult?.resources ?? []).filter(({ hookType }) => hookType === undefined);
  const references = [...(status?.resources ?? []), ...made].map(referenceOfStatus);
  return [...new Map(references.map((reference) => [referenceText(reference), reference])).values()];
}

export const referenceOfStatus = (known: Partial<ResourceReference>): ResourceReference => ({
  group: known.group ?? "",
  version: known.version ?? "v1",
  kind: known.kind ?? "",
  namespace: known.namespace ?? "",
  name: known.name ?? "",
});

interface Memo {
  readonly live: Resource | undefined;
  readonly claims: Claims;
  readonly rules: IgnoreRules;
  readonly comparison: Comparison;
}

// A pure function of its arguments, remembered by the identity of frozen objects: what didn't change costs nothing.
const memos = new WeakMap<Target, Memo>();

function compareTarget(
  target: Target,
  live: Resource | undefined,
  claims: Claims,
  rules: IgnoreRules,
  instance: string,
): Comparison {
  const memo = memos.get(target);
  if (memo !== undefined && memo.live === live && memo.rules === rules && sameClaims(memo.claims, claims))
    return memo.comparison;
  const { reference, text, definition } = target;
  const owner = live === undefined ? undefined : trackedBy(live, live.metadata.annotations?.[annotations.trackingId]);
  const isSynced =
    live !== undefined && diffResource(comparable(target, live, claims, rules), live, definition).length === 0;
  const comparison: Comparison = {
    reference,
    text,
    target,
    live,
    status: isSynced ? "Synced" : "OutOfSync",
    health: live === undefined ? { status: "Missing" } : healthOf(live),
    requiresPruning: false,
    sharedWith: owner === undefined || owner === instance ? undefined : owner,
  };
  memos.set(target, { live, claims, rules, comparison });
  return comparison;
}

const sameClaims = (a: Claims, b: Claims): boolean =>
  a === b ||
  (a.isAutoscaled === b.isAutoscaled &&
    a.isUnsteered === b.isUnsteered &&
    a.rollouts.length === b.rollouts.length &&
    a.rollouts.every((rollout, index) => rollout === b.rollouts[index]));

/** The desired object as it is compared: what others claim and what is ignored stands as it is live. */
function comparable(target: Target, live: Resource | undefined, claims: Claims, rules: IgnoreRules): Resource {
  return withLiveValues(overlayClaims(target.resource, live, claims), live, ignoredPointers(target.resource, rules));
}

/** The desired object as it is applied: ignored differences are overwritten unless they are to be respected. */
export function applicable(
  target: Target,
  live: Resource | undefined,
  claims: Claims,
  rules: IgnoreRules,
  isRespectful: boolean,
): Resource {
  const overlaid = overlayClaims(target.resource, live, claims);
  return isRespectful ? withLiveValues(overlaid, live, ignoredPointers(target.resource, rules)) : overlaid;
}

/** For `sluice app diff`: what a sync would change, resource by resource. Secrets are masked. */
export function changesOf(
  application: Application,
  comparison: Comparison,
  claims: Claims = noClaims,
): readonly FieldChange[] {
  const { target, live } = comparison;
  if (target === undefined) return [{ path: "", live: "(would be pruned)" }];
  const rules = application.spec.ignoreDifferences ?? [];
  return diffResource(comparable(target, live, claims, rules), live, target.definition);
}

export function syncStatusOf(comparisons: readonly Comparison[]): SyncStatusCode {
  return comparisons.some(({ status, live }) => status === "OutOfSync" && !isExtraneousIgnored(live))
    ? "OutOfSync"
    : "Synced";
}

/** `IgnoreExtraneous` affects only the Application's status. */
const isExtraneousIgnored = (live: Resource | undefined): boolean =>
  (live?.metadata.annotations?.[annotations.compareOptions] ?? "").split(",").includes("IgnoreExtraneous");

export function resourceStatusOf({
  reference,
  target,
  live,
  status,
  health,
  requiresPruning,
}: Comparison): ResourceStatus {
  const { group, version, kind, namespace, name } = reference;
  const wave = target?.wave ?? 0;
  const isCounted = health !== undefined && !(live !== undefined && isHealthIgnored(live));
  return {
    ...(group === "" ? {} : { group }),
    version,
    kind,
    ...(namespace === "" ? {} : { namespace }),
    name,
    status,
    ...(isCounted ? { health: { status: health.status, ...(health.message ? { message: health.message } : {}) } } : {}),
    ...(requiresPruning ? { requiresPruning } : {}),
    ...(wave === 0 ? {} : { syncWave: wave }),
  };
}
