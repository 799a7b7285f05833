import type { Fault } from "./fault.ts";
import type { Instant } from "./units.ts";

/** Names one resource. `namespace` is absent for cluster-scoped kinds. */
export interface ResourceKey {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

/** Names a kind, e.g. `{ apiVersion: "apps/v1", kind: "Deployment" }`. */
export interface KindKey {
  readonly apiVersion: string;
  readonly kind: string;
}

/** Slow or outside work, known by an id derived from a uid and a purpose. */
export type TaskState<Result> =
  | { readonly is: "absent" }
  | { readonly is: "running"; readonly startedAt: Instant }
  | { readonly is: "done"; readonly result: Result; readonly startedAt: Instant; readonly finishedAt: Instant }
  | { readonly is: "refused"; readonly fault: Fault; readonly startedAt: Instant; readonly finishedAt: Instant };

export interface ListFilter {
  readonly namespace?: string;
  /** Labels that must all be there with these values. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Only children whose controlling ownerReference has this uid. */
  readonly ownerUid?: string;
  /** Only what speaks of this workload in its `spec.workload`. */
  readonly workload?: { readonly kind: string; readonly name: string };
  /** Only policies (RollbackPolicy, EvidencePolicy) that select these labels; one without a selector selects all. */
  readonly selects?: Readonly<Record<string, string>>;
  /** Nothing but names, labels and annotations is read: a change of anything else wakes nobody. */
  readonly reads?: "metadata";
}

/** The only reads of a reconciler. What is read is what wakes it: exactly that key, list or task. */
export interface Reader {
  get<R>(key: ResourceKey): Promise<R | undefined>;
  /** Sorted by namespace, then name. */
  list<R>(kind: KindKey, filter?: ListFilter): Promise<readonly R[]>;
  task<Result>(id: string): TaskState<Result>;
}

/** Becomes a Kubernetes Event on the planned resource. */
export interface PlannedEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

export interface Plan<Action, Status> {
  /** Applied in order, before `status` is written; each safe to repeat. */
  readonly actions: readonly Action[];
  /** What is kept of a decision. Begun after the actions, in one breath with `status`: a store can commit both at once. */
  readonly records?: readonly Action[];
  /** The complete next status; absent means unchanged. */
  readonly status?: Status;
  /** Why, even when idle. */
  readonly because: string;
  /** Look again at this instant, whatever else happens. */
  readonly wakeAt?: Instant;
  /** Written once the status is, while the loop looks again; a repeat of one already written is not written again. */
  readonly events?: readonly PlannedEvent[];
}

export interface Reconciler<Resource extends { readonly status?: unknown }, Observed, Action> {
  readonly kind: KindKey;
  /** The only reads, all through `read`: the loop records what was read and wakes on exactly that. */
  observe(resource: Resource, read: Reader): Promise<Observed>;
  /** Pure. With time frozen, repeating the loop must settle. */
  plan(observed: Observed, now: Instant): Plan<Action, NonNullable<Resource["status"]>>;
  /** The only writes but status: one store write, or a task started or cancelled. Safe to repeat. */
  apply(resource: Resource, action: Action): Promise<void>;
  /**
   * Pure. What was observed and, now, that an action was refused as invalid or forbidden, or that the API failed at it: the
   * plan is made again with it. Undefined where the refusal says nothing of the resource: then the action is tried again, later.
   */
  withRefusal?(observed: Observed, action: Action, refusal: Fault): Observed | undefined;
}

/** Starts and cancels outside work. Starting an id that runs or is done does nothing. */
export interface Tasks {
  start(id: string, work: TaskWork): void;
  /** Stops and forgets: the id is absent afterwards. */
  cancel(id: string): void;
  state<Result>(id: string): TaskState<Result>;
}

/** What to do, as data: a handler for each `do` is handed in where the program is composed. */
export interface TaskWork {
  readonly do: string;
  /** Never logged. */
  readonly [input: string]: unknown;
}
