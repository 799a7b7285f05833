import type { Application, ApplicationSource, OperationState, Resource, Rollout } from "@sluice/api";
import { canonicalJson, type Reader, sameJson, shortHash, type TaskState } from "@sluice/kernel";
import { managedByAnnotation, rolloutKind } from "../marks/index.ts";
import { isRoutedBy } from "./claimed-routes.ts";
import { type Comparison, compareAll, knownReferences, type LiveState } from "./comparison/compare.ts";
import { type Claims, noClaims, selectsUnasked } from "./comparison/overlay.ts";
import { instanceName, keyOfReference, referenceText, trackedBy } from "./comparison/resource-reference.ts";
import { fetchWork, type RenderedSource } from "./manifests.ts";
import { annotations } from "./names.ts";
import { specRefusals } from "./spec-refusals.ts";
import { isSteered } from "./steered.ts";
import type { ApplyResult } from "./sync/apply-manifests.ts";
import { groupTaskIds } from "./sync/attempt.ts";
import type { SyncProgress } from "./sync/group-work.ts";
import { isAwaitingRetry, isRunning, progressOf, sourceOfOperation } from "./sync/operation.ts";
import { type KindLookup, type Target, type Targets, targetsOf } from "./targets.ts";

/** A `fetchManifests` task and what came of it. */
export interface ObservedSource {
  readonly id: string;
  readonly work: ReturnType<typeof fetchWork>;
  readonly state: TaskState<RenderedSource>;
  /** What is known while a newer fetch runs is the one before. */
  readonly rendered: RenderedSource | undefined;
  readonly targets: Targets | undefined;
}

export interface ObservedOperation {
  readonly state: OperationState;
  readonly source: ObservedSource | undefined;
  readonly comparisons: readonly Comparison[];
  readonly progress: SyncProgress | undefined;
  readonly current: TaskState<ApplyResult>;
  readonly previous: TaskState<ApplyResult>;
}

export interface Observed {
  readonly application: Application;
  readonly refusals: readonly string[];
  readonly source: ObservedSource | undefined;
  readonly comparisons: readonly Comparison[];
  readonly live: LiveState;
  readonly operation: ObservedOperation | undefined;
  readonly isNamespaceThere: boolean | undefined;
  /** Live objects that this Application tracks; read only while it is being deleted. */
  readonly tracked: readonly Resource[];
}

const absent = { is: "absent" } as const;

/** Reads what Applications need: each resource by its own key, so that a change wakes exactly the ones it is about. */
export class ApplicationObserver {
  readonly #kinds: KindLookup;
  /** The last good render of each Application, for the time that a newer one takes. */
  readonly #remembered = new Map<string, { readonly id: string; readonly rendered: RenderedSource }>();
  readonly #targets = new WeakMap<RenderedSource["resources"], Map<string, Targets>>();

  constructor(kinds: KindLookup) {
    this.#kinds = kinds;
  }

  async observe(application: Application, read: Reader): Promise<Observed> {
    const refusals = specRefusals(application);
    const objects = new Map<string, Resource | undefined>();
    const claims = new Map<string, Claims>();
    const live: LiveState = { objects, claims };
    if (application.metadata.deletionTimestamp !== undefined) {
      this.#remembered.delete(application.metadata.uid ?? "");
      await this.#readKnown(application, objects, read);
      const tracked = trackedOf(application, objects);
      return {
        application,
        refusals,
        source: undefined,
        comparisons: [],
        live,
        operation: undefined,
        isNamespaceThere: undefined,
        tracked,
      };
    }
    const { source: wanted } = application.spec;
    const source =
      refusals.length > 0 || wanted === undefined ? undefined : this.#source(application, wanted, undefined, read);
    const state = application.status?.operationState;
    const isSyncing = isRunning(state) && !isAwaitingRetry(state) && refusals.length === 0;
    const operationSource = isSyncing ? this.#operationSource(application, state, source, read) : undefined;
    await this.#readKnown(application, objects, read);
    const targets = [
      ...(source?.targets?.targets ?? []),
      ...(operationSource === source ? [] : (operationSource?.targets?.targets ?? [])),
    ];
    for (const { text, reference } of targets) {
      if (!objects.has(text)) objects.set(text, await read.get<Resource>(keyOfReference(reference)));
    }
    for (const target of targets) {
      const claim = await claimsOn(target, objects, targets, read);
      if (claim !== noClaims) claims.set(target.text, claim);
    }
    const comparisons = compareAll(application, source?.targets?.targets ?? [], live);
    return {
      application,
      refusals,
      source,
      comparisons: source?.targets === undefined ? [] : comparisons,
      live,
      operation: isRunning(state)
        ? observeOperation(application, state, operationSource, source, comparisons, live, read)
        : undefined,
      isNamespaceThere: isSyncing ? await isNamespaceThere(application, read) : undefined,
      tracked: [],
    };
  }

  #source(
    application: Application,
    source: ApplicationSource,
    revision: string | undefined,
    read: Reader,
  ): ObservedSource {
    const isHard = application.metadata.annotations?.[annotations.refresh] === "hard";
    const work = fetchWork(source, revision, isHard);
    const { uid = "" } = application.metadata;
    const id = sourceTaskId(application, source, revision);
    const state = read.task<RenderedSource>(id);
    const isMain = revision === undefined;
    if (isMain && state.is === "done") this.#remembered.set(uid, { id, rendered: state.result });
    if (isMain && state.is === "refused") this.#remembered.delete(uid);
    const remembered = this.#remembered.get(uid);
    const rendered =
      state.is === "done" ? state.result : isMain && remembered?.id === id ? remembered.rendered : undefined;
    return {
      id,
      work,
      state,
      rendered,
      targets: rendered === undefined ? undefined : this.#targetsOf(application, rendered),
    };
  }

  #operationSource(application: Application, state: OperationState, source: ObservedSource | undefined, read: Reader) {
    const wanted = sourceOfOperation(application, state.operation);
    if (wanted === undefined) return undefined;
    const revision = pinnedRevision(state);
    const isSame = sameJson(wanted, application.spec.source);
    if (isSame && source !== undefined && (revision === undefined || source.rendered?.revision === revision))
      return source;
    return this.#source(application, wanted, revision ?? wanted.targetRevision ?? "HEAD", read);
  }

  #targetsOf(application: Application, rendered: RenderedSource): Targets {
    const key = `${instanceName(application)} ${application.spec.destination.namespace ?? ""}`;
    const known = this.#targets.get(rendered.resources)?.get(key);
    if (known?.targets.every(({ resource, definition }) => this.#kinds(resource) === definition)) return known;
    const targets = targetsOf(application, rendered, this.#kinds);
    // What isn't right yet may become so when a CustomResourceDefinition arrives.
    if (targets.errors.length > 0 || targets.targets.some(({ isKindNew }) => isKindNew)) return targets;
    const byApplication = this.#targets.get(rendered.resources) ?? new Map<string, Targets>();
    byApplication.set(key, targets);
    this.#targets.set(rendered.resources, byApplication);
    return targets;
  }

  async #readKnown(application: Application, objects: Map<string, Resource | undefined>, read: Reader): Promise<void> {
    for (const reference of knownReferences(application)) {
      objects.set(referenceText(reference), await read.get<Resource>(keyOfReference(reference)));
    }
  }
}

export function sourceTaskId(application: Application, source: ApplicationSource, revision?: string): string {
  const { do: _, ...inputs } = fetchWork(source, revision);
  return `application/${application.metadata.uid}/manifests/${shortHash(canonicalJson(inputs))}${revision === undefined ? "" : "/pinned"}`;
}

/** The commit an operation is about, once it is known. */
export const pinnedRevision = ({ syncResult, operation }: OperationState): string | undefined =>
  syncResult?.revision || operation.sync?.revision || undefined;

function observeOperation(
  application: Application,
  state: OperationState,
  source: ObservedSource | undefined,
  main: ObservedSource | undefined,
  mainComparisons: readonly Comparison[],
  live: LiveState,
  read: Reader,
): ObservedOperation {
  const none = { state, source, comparisons: [], progress: undefined, current: absent, previous: absent };
  if (source?.targets === undefined || source.targets.errors.length > 0) return none;
  const comparisons = source === main ? mainComparisons : compareAll(application, source.targets.targets, live);
  const progress = progressOf(application, state, comparisons);
  const states = groupTaskIds(application, state).map((id) => read.task<ApplyResult>(id));
  const previous = states.slice(0, -1).findLast(({ is }) => is !== "absent") ?? absent;
  return { state, source, comparisons, progress, current: states.at(-1) ?? absent, previous };
}

async function isNamespaceThere({ spec }: Application, read: Reader): Promise<boolean | undefined> {
  const { namespace } = spec.destination;
  if (namespace === undefined || namespace === "") return undefined;
  return (await read.get<Resource>({ apiVersion: "v1", kind: "Namespace", name: namespace })) !== undefined;
}

function trackedOf(application: Application, objects: ReadonlyMap<string, Resource | undefined>): readonly Resource[] {
  const instance = instanceName(application);
  return [...objects.values()].filter(
    (object) =>
      object !== undefined && trackedBy(object, object.metadata.annotations?.[annotations.trackingId]) === instance,
  ) as Resource[];
}

const autoscalerKind = { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler" } as const;

async function claimsOn(
  { resource, text }: Target,
  objects: ReadonlyMap<string, Resource | undefined>,
  targets: readonly Target[],
  read: Reader,
): Promise<Claims> {
  const live = objects.get(text);
  if (live === undefined) return noClaims;
  const { namespace } = resource.metadata;
  const where = namespace === undefined ? {} : { namespace };
  if (resource.kind === "VirtualService" || resource.kind === "DestinationRule") {
    const own = targets.filter(
      ({ resource: other }) => other.kind === "Rollout" && isRoutedBy(other as Rollout, resource),
    );
    // Its Rollout usually stands beside it in git; only else is the namespace searched.
    const rollouts =
      own.length > 0
        ? own.map((target) => objects.get(target.text)).filter((found) => found !== undefined)
        : await read.list<Rollout>(rolloutKind, where);
    return rollouts.length === 0 ? noClaims : { rollouts: rollouts as readonly Rollout[], isAutoscaled: false };
  }
  if (selectsUnasked(resource, live)) {
    const isOurs = live.metadata.annotations?.[managedByAnnotation] !== undefined;
    // Whoever leads its users says so on it: only else is the namespace searched.
    const isUnsteered = !isOurs && !isSteered(live, await read.list<Rollout>(rolloutKind, where));
    return isUnsteered ? { ...noClaims, isUnsteered } : noClaims;
  }
  const replicas = (object: Resource) => (object.spec as { readonly replicas?: number } | undefined)?.replicas;
  const wanted = replicas(resource);
  if (wanted === undefined || replicas(live) === wanted) return noClaims;
  const autoscalers = await read.list<Resource>(autoscalerKind, where);
  const isAutoscaled = autoscalers.some(({ spec }) => {
    const { kind, name } =
      (spec as { scaleTargetRef?: { kind?: string; name?: string } } | undefined)?.scaleTargetRef ?? {};
    return kind === resource.kind && name === resource.metadata.name;
  });
  return isAutoscaled ? { rollouts: [], isAutoscaled } : noClaims;
}
