import {
  type Client,
  type DeleteOptions,
  hasReason,
  keyOf,
  type Patch,
  type Resource,
  type Subresource,
} from "@sluice/api";
import { Fault, type ResourceKey, type Tasks, type TaskWork, unreachable } from "@sluice/kernel";

/** One write to the API. */
export type StoreAction =
  | {
      readonly do: "create";
      readonly object: Resource;
      /** What it tells of, and is to be there before: it isn't created where that would be refused by now. */
      readonly about?: UpdateAction;
    }
  | UpdateAction
  | {
      readonly do: "patch";
      readonly key: ResourceKey;
      readonly patch: Patch;
      readonly subresource?: Subresource;
      /** Read anew just before: a conflict where this very object is gone, or on its way out. */
      readonly onlyWhile?: Resource;
    }
  | { readonly do: "delete"; readonly key: ResourceKey; readonly options?: DeleteOptions };

/** Refused as a conflict when `metadata.resourceVersion` is stale: the loop then looks again. */
export interface UpdateAction {
  readonly do: "update";
  readonly object: Resource;
  readonly subresource?: Subresource;
  /** As for a patch, of each of these. */
  readonly onlyWhile?: readonly Resource[];
}

/** Slow or outside work, begun or ended. */
export type TaskAction =
  | { readonly do: "startTask"; readonly id: string; readonly work: TaskWork }
  | { readonly do: "cancelTask"; readonly id: string };

export type Effect = StoreAction | TaskAction;

/** Where a reconciler's effects go. */
export interface Effects {
  readonly client: Client;
  readonly tasks: Tasks;
  /** Stands in managedFields and as the source of Events. */
  readonly fieldManager: string;
}

/**
 * Carries out one effect. Safe to repeat: creating what is there and deleting what is gone count as done,
 * since names are functions of the owner and the slot.
 */
export async function applyEffect(effect: Effect, { client, tasks, fieldManager }: Effects): Promise<void> {
  switch (effect.do) {
    case "create":
      if (effect.about !== undefined) await trial(effect.about, { client, fieldManager });
      try {
        await client.create(effect.object, { fieldManager });
      } catch (thrown) {
        if (!hasReason(thrown, "AlreadyExists")) throw thrown;
      }
      return;
    case "update":
      return update(effect, { client, fieldManager });
    case "patch":
      if (effect.onlyWhile !== undefined) await mustBeThere(effect.onlyWhile, client);
      await client.patch(effect.key, effect.patch, writeOptions(fieldManager, effect.subresource));
      return;
    case "delete":
      await client.delete(effect.key, effect.options);
      return;
    case "startTask":
      tasks.start(effect.id, effect.work);
      return;
    case "cancelTask":
      tasks.cancel(effect.id);
      return;
    default:
      return unreachable(effect);
  }
}

interface Updating extends Pick<Effects, "client" | "fieldManager"> {
  readonly dryRun?: boolean;
}

async function update(
  { object, subresource, onlyWhile = [] }: UpdateAction,
  { client, fieldManager, dryRun }: Updating,
) {
  for (const needed of onlyWhile) await mustBeThere(needed, client);
  const options = writeOptions(fieldManager, subresource);
  await client.update(object, dryRun === true ? { ...options, dryRun } : options);
}

/** A cluster's webhook may not let itself be tried: then only the change itself tells what it says. */
async function trial(action: UpdateAction, effects: Pick<Effects, "client" | "fieldManager">): Promise<void> {
  try {
    await update(action, { ...effects, dryRun: true });
  } catch (thrown) {
    const isUntried = hasReason(thrown, "BadRequest") && (thrown as Error).message.includes("does not support dry run");
    if (!isUntried) throw thrown;
  }
}

async function mustBeThere(object: Resource, client: Client): Promise<void> {
  const found = await client.get(keyOf(object));
  const isThere = found?.metadata.uid === object.metadata.uid && found?.metadata.deletionTimestamp === undefined;
  if (!isThere) throw new Fault("conflict", `${object.kind} ${object.metadata.name} is gone, or on its way out`);
}

const writeOptions = (fieldManager: string, subresource: Subresource | undefined) =>
  subresource === undefined ? { fieldManager } : { fieldManager, subresource };
