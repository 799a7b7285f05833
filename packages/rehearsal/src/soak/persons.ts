import {
  type AnalysisRun,
  type Application,
  type BlueGreenDeployment,
  type Client,
  type Experiment,
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
  syncPatch,
  terminatePatch,
  undoPatch,
} from "@sluice/controllers";
import { canonicalJson, type Fault, formatInstant, type Instant } from "@sluice/kernel";
import { coloursKey } from "./manifests/beside.ts";
import { namespace, rolloutKey } from "./manifests/release.ts";
import { application } from "./manifests/surroundings.ts";
import type { Saying } from "./story/story.ts";

/** What a person says, by the patches that the commands write; `onEvict` is told of a Pod just before it is taken. */
export async function say(client: Client, word: Saying, now: Instant, onEvict: (pod: Pod) => void): Promise<void> {
  const rollout = await client.get<Rollout>(rolloutKey);
  if (rollout === undefined) return;
  if (isElsewhere(word)) return elsewhere[word](client, onEvict);
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

/** What the release waits for a person about; undefined where it doesn't. */
export function questionOf({ status = {} }: Rollout): string | undefined {
  if (status.phase !== "Paused") return undefined;
  const reasons = status.pauseConditions?.map(({ reason }) => reason);
  const waiting = status.notRevertible?.asked?.podTemplateHash;
  return canonicalJson([status.currentPodHash, status.currentStepIndex, reasons, waiting]);
}

/** To one question, one after the other: what waits behind the first answer may be a version that is to be let in. */
export const answers = ["resume", "promote", "promote", "promoteFull", "abort"] as const;

function asked(
  word: Exclude<Saying, keyof typeof elsewhere>,
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

/** What a person is told there is nothing to do, or is not to be done. */
function unlessRefused<Patches>(ask: () => readonly Patches[]): readonly Patches[] {
  try {
    return ask();
  } catch (thrown) {
    if (!(thrown instanceof Error) || !["invalid", "forbidden"].includes((thrown as Fault).kind)) throw thrown;
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
async function evict(client: Client, onEvict: (pod: Pod) => void): Promise<void> {
  const kind = { apiVersion: "v1", kind: "Pod" };
  const { items } = await client.list<Pod>(kind, {});
  const pod = items.filter(({ metadata }) => metadata.labels?.app === "web").at(-1);
  if (pod === undefined) return;
  onEvict(pod);
  await client.delete({ ...kind, namespace, name: pod.metadata.name });
}

async function takeColoursBack(client: Client): Promise<void> {
  if ((await client.get<BlueGreenDeployment>(coloursKey)) === undefined) return;
  await client.patch(coloursKey, { type: "merge", value: { spec: { abort: true, by: "ada" } } });
}

/** The last one that is a person's own. */
async function endOwn(client: Client, kind: string): Promise<void> {
  const key = { apiVersion: "argoproj.io/v1alpha1", kind };
  const { items } = await client.list<Experiment | AnalysisRun>(key, {});
  const own = items.filter(({ metadata }) => metadata.ownerReferences === undefined).at(-1);
  if (own === undefined) return;
  const value = { spec: { terminate: true } };
  await client.patch({ ...key, namespace, name: own.metadata.name }, { type: "merge", value });
}

async function sync(client: Client): Promise<void> {
  const known = await client.get<Application>(application);
  if (known === undefined) return;
  for (const patch of unlessRefused(() => [syncPatch(known, { by: "ada" })])) await client.patch(application, patch);
}

async function endSync(client: Client): Promise<void> {
  const known = await client.get<Application>(application);
  if (known?.status?.operationState?.phase !== "Running") return;
  await client.patch(application, terminatePatch(), { subresource: "status" });
}

/** By hand, past git. */
async function drift(client: Client): Promise<void> {
  await client.patch(rolloutKey, { type: "merge", value: { spec: { replicas: 7 } } });
}

async function deploy(client: Client): Promise<void> {
  const rollout = await client.get<Rollout>(rolloutKey);
  const containers = rollout?.spec.template?.spec.containers.map((one) => ({ ...one, image: "web:v0-well" }));
  const value = { spec: { template: { spec: { containers } } } };
  if (containers !== undefined) await client.patch(rolloutKey, { type: "merge", value });
}

/** What isn't about the release itself. */
const elsewhere = {
  lift,
  evict,
  takeColoursBack,
  sync,
  endSync,
  drift,
  deploy,
  endExperiment: (client: Client) => endOwn(client, "Experiment"),
  endRun: (client: Client) => endOwn(client, "AnalysisRun"),
} satisfies Partial<Record<Saying, (client: Client, onEvict: (pod: Pod) => void) => Promise<void>>>;

const isElsewhere = (word: Saying): word is keyof typeof elsewhere => Object.hasOwn(elsewhere, word);
