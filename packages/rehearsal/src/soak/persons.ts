import {
  type BlueGreenDeployment,
  type Client,
  hasReason,
  type Pod,
  type Quarantine,
  type ReplicaSet,
  type Resource,
  type Rollout,
} from "@sluice/api";
import {
  abortPatch,
  pausePatch,
  promotePatch,
  type RequestedPatch,
  restartPatch,
  retryPatch,
  undoPatch,
} from "@sluice/controllers";
import { type Fault, formatInstant, type Instant } from "@sluice/kernel";
import { coloursKey } from "./manifests/beside.ts";
import { namespace, rolloutKey } from "./manifests/release.ts";
import type { Word } from "./story/story.ts";

/** What a person says, by the patches that the commands write. */
export async function say(client: Client, word: Exclude<Word, "crash" | "watchGap">, now: Instant): Promise<void> {
  const rollout = await client.get<Rollout>(rolloutKey);
  if (rollout === undefined) return;
  switch (word) {
    case "lift":
      return lift(client);
    case "evict":
      return evict(client);
    case "takeColoursBack":
      return takeColoursBack(client);
    default: {
      const { items } = await client.list<ReplicaSet>({ apiVersion: "apps/v1", kind: "ReplicaSet" }, {});
      const sets = items.filter(({ metadata }) => metadata.ownerReferences?.[0]?.kind === "Rollout");
      for (const { patch, subresource, target = rolloutKey } of unlessRefused(() => asked(word, rollout, sets, now))) {
        try {
          await client.patch<Resource>(target, patch, subresource === undefined ? {} : { subresource });
        } catch (thrown) {
          // Somebody was first: what was asked was meant for another place.
          if (hasReason(thrown, "Invalid") || hasReason(thrown, "Conflict")) return;
          throw thrown;
        }
      }
    }
  }
}

function asked(
  word: Exclude<Word, "crash" | "watchGap" | "lift" | "evict" | "takeColoursBack">,
  rollout: Rollout,
  sets: readonly ReplicaSet[],
  now: Instant,
): readonly RequestedPatch[] {
  switch (word) {
    case "promote":
      return promotePatch(rollout);
    case "promoteFull":
      return promotePatch(rollout, { full: true });
    case "abort":
      return abortPatch(rollout);
    case "callBad":
      return abortPatch(rollout, { bad: "it looks odd" });
    case "retry":
      return retryPatch(rollout);
    case "undo":
      return undoPatch(rollout, sets);
    case "restart":
      return restartPatch(rollout, formatInstant(now));
    case "pause":
      return pausePatch(rollout);
    case "resume":
      return [{ patch: { type: "merge", value: { spec: { paused: false } } } }];
  }
}

/** What a person is told there is nothing to do. */
function unlessRefused(ask: () => readonly RequestedPatch[]): readonly RequestedPatch[] {
  try {
    return ask();
  } catch (thrown) {
    if (!(thrown instanceof Error) || (thrown as Fault).kind !== "invalid") throw thrown;
    return [];
  }
}

async function lift(client: Client): Promise<void> {
  const kind = { apiVersion: "sluice.dev/v1alpha1", kind: "Quarantine" };
  const { items } = await client.list<Quarantine>(kind, {});
  const last = items.at(-1);
  if (last === undefined) return;
  const value = { spec: { liftedBy: "ada" } };
  await client.patch({ ...kind, namespace, name: last.metadata.name }, { type: "merge", value });
}

/** A Pod of the release goes, as when its node is drained. */
async function evict(client: Client): Promise<void> {
  const kind = { apiVersion: "v1", kind: "Pod" };
  const { items } = await client.list<Pod>(kind, {});
  const pod = items.filter(({ metadata }) => metadata.labels?.app === "web").at(-1);
  if (pod !== undefined) await client.delete({ ...kind, namespace, name: pod.metadata.name });
}

async function takeColoursBack(client: Client): Promise<void> {
  if ((await client.get<BlueGreenDeployment>(coloursKey)) === undefined) return;
  await client.patch(coloursKey, { type: "merge", value: { spec: { abort: true, by: "ada" } } });
}
