import type { BlueGreenStatus, CanaryStatus, RolloutStatus } from "@sluice/api";
import type { Instant, PlannedEvent } from "@sluice/kernel";
import type { Effect } from "../loop/index.ts";

/** Fields to change; undefined takes a field away. */
export type Changes = { readonly [Field in keyof RolloutStatus]?: RolloutStatus[Field] | undefined };

type CanaryChanges = { readonly [Field in keyof CanaryStatus]?: CanaryStatus[Field] | undefined };

type BlueGreenChanges = { readonly [Field in keyof BlueGreenStatus]?: BlueGreenStatus[Field] | undefined };

function defined(record: object): object {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(record)) if (value !== undefined) kept[name] = value;
  return kept;
}

export const statusOf = (changes: Changes): RolloutStatus => defined(changes);
export const canaryStatusOf = (changes: CanaryChanges): CanaryStatus => defined(changes);
export const blueGreenStatusOf = (changes: BlueGreenChanges): BlueGreenStatus => defined(changes);

/** What keeps an aborted or held version out of traffic; safe to repeat. */
export interface TakenBack {
  /** Before everything else. */
  readonly traffic: readonly Effect[];
  readonly scaling: readonly Effect[];
  readonly events: readonly PlannedEvent[];
  readonly wakes: readonly Instant[];
  /** Where traffic then is. */
  readonly changes: Changes;
}
