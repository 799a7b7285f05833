import { userInfo } from "node:os";
import type { Client, Event, Rollout } from "@sluice/api";
import { type LastWord, lastWord, meanwhileText, type Word, wordEvent } from "@sluice/api/release";
import { Fault, instant, isFault } from "@sluice/kernel";
import { getRollout } from "./release-picture.ts";

const eventKind = { apiVersion: "v1", kind: "Event" } as const;

/** Who sits here, as the machine knows them. */
export function whoAsks(): string {
  try {
    return process.env.SUDO_USER ?? userInfo().username;
  } catch {
    return "somebody";
  }
}

/** Leaves word for others; that it fails hinders nobody. */
export async function leaveWord(client: Client, rollout: Rollout, word: Word): Promise<void> {
  const at = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  await client.create(wordEvent(rollout, { word, by: whoAsks(), component: "sluice-cli", at })).catch(() => undefined);
}

/** A Fault that tells what happened meanwhile, where that is why something was refused; else the refusal itself. */
export async function refusalWith(client: Client, before: Rollout, thrown: unknown): Promise<unknown> {
  if (!isFault(thrown) || (thrown.kind !== "invalid" && thrown.kind !== "conflict")) return thrown;
  const { namespace = "default", name } = before.metadata;
  const after = await getRollout(client, namespace, name);
  const isAsSeen = JSON.stringify(placeOf(before)) === JSON.stringify(placeOf(after));
  return isAsSeen ? thrown : new Fault("conflict", await meanwhile(client, before, after), { cause: thrown });
}

const placeOf = ({ status = {}, spec }: Rollout) => [
  status.currentPodHash,
  status.currentStepIndex,
  status.stableRS,
  status.abort,
  status.pauseConditions,
  spec.paused,
];

const meanwhile = async (client: Client, before: Rollout, after: Rollout): Promise<string> =>
  meanwhileText(before, after, await eventsOf(client, after), instant(Date.now()));

const glanceMillis = 10_000;

/** Refuses where somebody else promoted just now: whoever asks meant the pause before. `step`: the one meant, from 1. */
export async function checkMeant(client: Client, rollout: Rollout, step: number | undefined): Promise<void> {
  const { status = {}, metadata, spec } = rollout;
  const steps = spec.strategy.canary?.steps?.length ?? 0;
  if (step !== undefined) {
    if (steps === 0) throw new Fault("invalid", `rollout ${metadata.name} has no steps: leave --step out`);
    if (step !== (status.currentStepIndex ?? 0) + 1) {
      throw new Fault("conflict", `it isn't at step ${step}: ${await meanwhile(client, rollout, rollout)}`);
    }
    return;
  }
  const word = await wordOfOthers(client, rollout);
  if (word === undefined || Date.now() - word.at > glanceMillis) return;
  const again =
    steps === 0 ? "Ask again to go on from there" : `To go on from there: --step ${(status.currentStepIndex ?? 0) + 1}`;
  throw new Fault("conflict", `${await meanwhile(client, rollout, rollout)} ${again}`);
}

async function wordOfOthers(client: Client, rollout: Rollout): Promise<LastWord | undefined> {
  const word = lastWord(rollout, await eventsOf(client, rollout));
  return word?.by === whoAsks() ? undefined : word;
}

async function eventsOf(
  client: Client,
  { metadata: { namespace = "default", name } }: Rollout,
): Promise<readonly Event[]> {
  const { items } = await client.list<Event>(eventKind, { namespace, fieldSelector: `involvedObject.name=${name}` });
  return items;
}
