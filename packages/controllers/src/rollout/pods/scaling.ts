import type { ReplicaSet } from "@sluice/api";
import { type Instant, type PlannedEvent, parseInstant } from "@sluice/kernel";
import type { Effect } from "../../loop/index.ts";
import { deadlineOf, type View, wantedOf } from "../view.ts";
import { newReplicaSet, scaled, scalingEvent } from "./replica-sets.ts";

export interface ScalePlan {
  readonly actions: readonly Effect[];
  readonly events: readonly PlannedEvent[];
  readonly wakes: readonly Instant[];
}

export interface Wish {
  readonly replicas: number;
  /** Null: no deadline any more. Undefined: as it is. */
  readonly deadline?: string | null;
}

/** Gathers what each ReplicaSet should have into writes, Events, and when the next deadline is over. */
export class Scaling {
  readonly #view: View;
  readonly #now: Instant;
  readonly #actions: Effect[] = [];
  readonly #events: PlannedEvent[] = [];
  readonly #wakes: Instant[] = [];

  constructor(view: View, now: Instant) {
    this.#view = view;
    this.#now = now;
  }

  wish(set: ReplicaSet, { replicas, deadline }: Wish): void {
    const next = deadline === undefined ? deadlineOf(set) : (deadline ?? undefined);
    const at = next === undefined || replicas === 0 ? undefined : parseInstant(next);
    if (at !== undefined && at > this.#now) this.#wakes.push(at);
    const change = scaled(set, replicas, deadline, this.#view.rollout);
    if (change === undefined) return;
    this.#actions.push(change);
    if (replicas !== wantedOf(set)) this.#events.push(scalingEvent(set, replicas));
  }

  /** The ReplicaSet of the version that begins. */
  create(replicas: number): void {
    const { rollout, hash, revision } = this.#view;
    this.#actions.push(newReplicaSet(this.#view, replicas));
    this.#events.push({
      type: "Normal",
      reason: "NewReplicaSetCreated",
      message: `Created ReplicaSet ${rollout.metadata.name}-${hash} (revision ${revision})`,
    });
  }

  plan(): ScalePlan {
    return { actions: this.#actions, events: this.#events, wakes: this.#wakes };
  }
}
