import { controllerOf, type ReplicaSet, type Resource, type Rollout } from "@sluice/api";
import { readReleaseChanges, standingWords, type Word } from "@sluice/api/release";
import {
  abortPatch,
  pausePatch,
  promotePatch,
  type RequestedPatch,
  restartPatch,
  retryPatch,
  setImagePatch,
  undoPatch,
} from "@sluice/controllers";
import { Fault } from "@sluice/kernel";
import { type Connection, connect } from "../connection.ts";
import { checkMeant, leaveWord, refusalWith } from "../release/person.ts";
import { pictureAsJson } from "../release/picture-json.ts";
import { getRollout, takePicture } from "../release/release-picture.ts";
import { renderChanges } from "../release/render-changes.ts";
import { progressWord, weightWord } from "../release/render-progress.ts";
import { renderRelease } from "../release/render-release.ts";
import { readTraffic } from "../release/traffic.ts";
import { watchRelease } from "../release/watch-release.ts";
import { columnsOf } from "../terminal/flow.ts";
import { paintState } from "../terminal/style.ts";
import { renderTable } from "../terminal/table.ts";
import type { CommandOptions } from "./options.ts";

const kind = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout" } as const;

/** What a person asks of a rollout; each becomes patches of the resource, the same as the kubectl plugin's. */
export type RolloutRequest = readonly RequestedPatch[];

interface GetOptions extends CommandOptions {
  readonly watch?: boolean;
  readonly pods?: boolean;
}

/** `sluice rollout get NAME [--watch]`. */
export async function getRelease(name: string, options: GetOptions): Promise<void> {
  const connection = await connect(options);
  const { client, namespace } = connection;
  const traffic = readTraffic(connection);
  const surroundings = () => ({ columns: columnsOf(), now: Date.now(), everyPod: options.pods === true });
  try {
    if (options.watch) {
      return await watchRelease(connection, name, traffic, { isJson: options.json === true, surroundings });
    }
    const picture = await takePicture(client, namespace, name);
    if (options.json) return console.log(pictureAsJson(picture));
    await traffic.refresh(namespace);
    console.log(renderRelease(picture, traffic.describe, surroundings()));
  } finally {
    await connection.close();
  }
}

/** `sluice rollout diff NAME`. */
export async function diffRelease(name: string, options: CommandOptions): Promise<void> {
  const { client, namespace, close } = await connect(options);
  try {
    const changes = await readReleaseChanges(client, await getRollout(client, namespace, name));
    if (options.json) console.log(JSON.stringify(changes ?? null));
    else console.log(changes === undefined ? `rollout ${name} has no version yet` : renderChanges(changes));
  } finally {
    await close();
  }
}

/** `sluice rollout list`. */
export async function listRollouts(options: CommandOptions & { readonly allNamespaces?: boolean }): Promise<void> {
  const { client, namespace, close } = await connect(options);
  try {
    const { items } = await client.list<Rollout>(
      kind,
      options.allNamespaces || options.namespace === undefined ? {} : { namespace },
    );
    if (options.json) return console.log(JSON.stringify(items));
    if (items.length === 0) return console.log("no rollouts");
    const now = Date.now();
    const rows = items.map((rollout) => [
      rollout.metadata.namespace ?? "",
      rollout.metadata.name,
      rollout.spec.strategy.blueGreen === undefined ? "canary" : "blue-green",
      paintState(rollout.status?.phase ?? "Unknown"),
      progressWord(rollout, now),
      weightWord(rollout),
      `${rollout.status?.availableReplicas ?? 0}/${rollout.spec.replicas ?? 1}`,
      standingWords(rollout) ?? "",
    ]);
    const headers = ["NAMESPACE", "NAME", "STRATEGY", "STATUS", "STEP", "WEIGHT", "AVAILABLE", "MESSAGE"];
    console.log(renderTable(headers, rows));
  } finally {
    await close();
  }
}

/** Does what was asked and says what happens next; `ask` throws a Fault where it makes no sense now. */
export async function changeRollout(
  name: string,
  options: CommandOptions,
  ask: (rollout: Rollout, replicaSets: readonly ReplicaSet[], workload: Resource | undefined) => RolloutRequest,
  { done, word, step }: { readonly done: string; readonly word: Word; readonly step?: number | undefined },
): Promise<void> {
  const { client, namespace, close } = await connect(options);
  try {
    const rollout = await getRollout(client, namespace, name);
    const { items } = await client.list<ReplicaSet>({ apiVersion: "apps/v1", kind: "ReplicaSet" }, { namespace });
    const mine = items.filter((replicaSet) => controllerOf(replicaSet)?.uid === rollout.metadata.uid);
    const workload = await workloadOf(client, rollout);
    const requests = ask(rollout, mine, workload);
    if (word === "promoted") await checkMeant(client, rollout, step);
    for (const { patch, subresource, target = { ...kind, namespace, name } } of requests) {
      const options = { fieldManager: "sluice-cli", ...(subresource === undefined ? {} : { subresource }) };
      await client.patch(target, patch, options).catch(async (thrown: unknown) => {
        throw await refusalWith(client, rollout, thrown);
      });
    }
    if (requests.length > 0) await leaveWord(client, rollout, word);
    if (options.json) console.log(JSON.stringify({ rollout: name, namespace, done }));
    else console.log(`rollout ${name} ${done}`);
  } finally {
    await close();
  }
}

/** What holds the template of a Rollout with a workloadRef. */
async function workloadOf(client: Connection["client"], { metadata, spec }: Rollout): Promise<Resource | undefined> {
  const { kind: workload = "Deployment", name = "" } = spec.workloadRef ?? {};
  if (spec.workloadRef === undefined) return undefined;
  const apiVersion = workload === "PodTemplate" ? "v1" : "apps/v1";
  return client.get({ apiVersion, kind: workload, namespace: metadata.namespace ?? "default", name });
}

interface PromoteOptions extends CommandOptions {
  readonly full?: boolean;
  readonly skipCurrentStep?: boolean;
  readonly skipAllSteps?: boolean;
  readonly step?: string;
}

export function promote(name: string, options: PromoteOptions): Promise<void> {
  const { full = false, skipCurrentStep, skipAllSteps } = options;
  if ([full, skipCurrentStep, skipAllSteps].filter(Boolean).length > 1) {
    throw new Fault("invalid", "give one of --full, --skip-current-step, --skip-all-steps");
  }
  const skip = skipAllSteps ? "all" : skipCurrentStep ? "current" : undefined;
  const done = full ? "fully promoted" : skip === undefined ? "promoted" : "skips and goes on";
  const step = parseWhole(options.step, "--step");
  return changeRollout(name, options, (rollout) => promotePatch(rollout, { full, skip }), {
    done,
    word: "promoted",
    step,
  });
}

export const abort = (name: string, options: CommandOptions & { readonly bad?: boolean | string }) =>
  changeRollout(
    name,
    options,
    (rollout) =>
      abortPatch(
        rollout,
        options.bad === undefined || options.bad === false
          ? {}
          : { bad: options.bad === true ? "a person said so" : options.bad },
      ),
    {
      done: options.bad
        ? "aborted and marked bad: it is quarantined, and git is put right"
        : "aborted: its traffic is taken back; retry begins it again",
      word: "aborted",
    },
  );

export const retry = (name: string, options: CommandOptions) =>
  changeRollout(name, options, (rollout) => retryPatch(rollout), { done: "begins again", word: "retried" });

export const undo = (
  name: string,
  options: CommandOptions & { readonly toRevision?: string; readonly pastNotRevertible?: boolean },
) =>
  changeRollout(
    name,
    options,
    (rollout, replicaSets) =>
      undoPatch(rollout, replicaSets, parseWhole(options.toRevision, "--to-revision"), {
        isPastLasting: options.pastNotRevertible === true,
      }),
    { done: "goes back", word: "undid" },
  );

export const pauseRollout = (name: string, options: CommandOptions) =>
  changeRollout(name, options, (rollout) => pausePatch(rollout), {
    done: "paused; sluice rollout promote goes on",
    word: "paused",
  });

export const restart = (name: string, options: CommandOptions) =>
  changeRollout(name, options, (rollout) => restartPatch(rollout, new Date().toISOString().replace(/\.\d+Z$/, "Z")), {
    done: "restarts its pods",
    word: "restarted",
  });

export const setImage = (name: string, container: string, image: string, options: CommandOptions) =>
  changeRollout(
    name,
    options,
    (rollout, _replicaSets, workload) => setImagePatch(rollout, container, image, workload),
    { done: `takes ${image} for ${container}`, word: "released" },
  );

function parseWhole(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0) throw new Fault("invalid", `${option} ${text}: a whole number`);
  return number;
}
