import { type Client, hasReason, keyOf, type Resource } from "@sluice/api";
import { type Fault, type ResourceKey, type TaskWork, toFault, unreachable } from "@sluice/kernel";
import type { Cancellation } from "../../loop/index.ts";
import { applicationFieldManager } from "../names.ts";

/** One write of a wave. `text` names the resource in results. */
export type ApplyStep =
  | {
      readonly act: "apply";
      readonly text: string;
      readonly object: Resource;
      /** Replaces the whole object instead of merging into it. */
      readonly isReplace: boolean;
      readonly isValidated: boolean;
      /** Set where the object holds live values of others, or may come to: the write is refused when they have moved on. */
      readonly resourceVersion?: string;
    }
  | {
      readonly act: "prune";
      readonly text: string;
      readonly key: ResourceKey;
      readonly uid: string;
      readonly propagation: "Foreground" | "Background" | "Orphan";
    };

export interface ApplyWork extends TaskWork {
  readonly do: "applyManifests";
  /** Tried first without writing; if any of it is refused, nothing is written. */
  readonly dryRun: readonly ApplyStep[];
  readonly steps: readonly ApplyStep[];
  /** Made before anything else, where it is missing. */
  readonly namespace?: Resource;
}

export interface ApplyOutcome {
  readonly text: string;
  readonly is: "applied" | "pruned" | "refused" | "conflict" | "unavailable";
  readonly message: string;
  readonly resourceVersion?: string;
}

export interface ApplyResult {
  /** True: the dry run refused something, and nothing was written. */
  readonly isDryRunRefused: boolean;
  readonly outcomes: readonly ApplyOutcome[];
}

/** Handler for tasks `{do: "applyManifests"}`. Each write is safe to repeat; kinds one after another, resources of one kind together. */
export function applyManifestsHandler(client: Client, { parallel = 20 }: { readonly parallel?: number } = {}) {
  return async (work: TaskWork, cancellation: Cancellation): Promise<ApplyResult> => {
    const { dryRun, steps, namespace } = work as ApplyWork;
    const inTurn = (each: readonly ApplyStep[], isDryRun: boolean) =>
      together(each, parallel, cancellation, (step) => applyStep(client, step, isDryRun));
    const refused = (await inTurn(dryRun, true)).filter(({ is }) => is === "refused" || is === "unavailable");
    if (refused.length > 0) return { isDryRunRefused: true, outcomes: refused };
    if (namespace !== undefined && !cancellation.isCancelled) await ensureNamespace(client, namespace);
    const outcomes: ApplyOutcome[] = [];
    for (const group of byKind(steps)) {
      if (cancellation.isCancelled) break;
      outcomes.push(...(await inTurn(group, false)));
    }
    return { isDryRunRefused: false, outcomes };
  };
}

/** As Promise.all, so many at a time, until it is cancelled; kubectl's own parallelism is 20 in Argo CD. */
async function together<In, Out>(
  items: readonly In[],
  parallel: number,
  cancellation: Cancellation,
  work: (item: In) => Promise<Out>,
): Promise<Out[]> {
  const results: Out[] = [];
  let next = 0;
  const lane = async () => {
    for (let index = next++; index < items.length && !cancellation.isCancelled; index = next++)
      results[index] = await work(items[index] as In);
  };
  await Promise.all(Array.from({ length: Math.min(parallel, items.length) }, lane));
  return results;
}

function byKind(steps: readonly ApplyStep[]): ApplyStep[][] {
  const groups: ApplyStep[][] = [];
  let last: string | undefined;
  for (const step of steps) {
    const name = `${step.act} ${step.act === "apply" ? step.object.kind : step.key.kind}`;
    if (name === last) groups.at(-1)?.push(step);
    else groups.push([step]);
    last = name;
  }
  return groups;
}

async function ensureNamespace(client: Client, namespace: Resource): Promise<void> {
  const value = namespace;
  await client.patch(
    keyOf(namespace),
    { type: "apply", value, force: true },
    { fieldManager: applicationFieldManager },
  );
}

async function applyStep(client: Client, step: ApplyStep, isDryRun: boolean): Promise<ApplyOutcome> {
  try {
    switch (step.act) {
      case "apply":
        return await applyObject(client, step, isDryRun);
      case "prune":
        if (!isDryRun)
          await client.delete(step.key, { propagationPolicy: step.propagation, preconditions: { uid: step.uid } });
        return { text: step.text, is: "pruned", message: "pruned" };
      default:
        return unreachable(step);
    }
  } catch (thrown) {
    // Somebody put another object under this name: it isn't ours to prune.
    if (step.act === "prune" && hasReason(thrown, "Conflict"))
      return { text: step.text, is: "pruned", message: "pruned" };
    return { text: step.text, is: sorted(toFault(thrown)), message: toFault(thrown).message };
  }
}

const sorted = ({ kind }: Fault): ApplyOutcome["is"] =>
  kind === "conflict" ? "conflict" : kind === "unavailable" ? "unavailable" : "refused";

async function applyObject(
  client: Client,
  step: Extract<ApplyStep, { act: "apply" }>,
  isDryRun: boolean,
): Promise<ApplyOutcome> {
  const { text, object, isReplace, isValidated, resourceVersion } = step;
  const key = keyOf(object);
  const options = {
    fieldManager: applicationFieldManager,
    ...(isDryRun ? { dryRun: true } : {}),
    ...(isValidated ? {} : { fieldValidation: "Ignore" as const }),
  };
  const before = isReplace ? await client.get(key) : undefined;
  const written = isReplace
    ? await replace(client, object, before, options)
    : await client.patch(key, { type: "apply", value: versioned(object, resourceVersion), force: true }, options);
  const version = written.metadata.resourceVersion;
  return {
    text,
    is: "applied",
    message: `${object.kind.toLowerCase()}/${object.metadata.name} ${isReplace ? "replaced" : "serverside-applied"}`,
    ...(version === undefined || isDryRun ? {} : { resourceVersion: version }),
  };
}

const replace = (client: Client, object: Resource, before: Resource | undefined, options: object): Promise<Resource> =>
  before === undefined
    ? client.create(object, options)
    : client.update({ ...versioned(object, before.metadata.resourceVersion), status: before.status }, options);

const versioned = (object: Resource, resourceVersion: string | undefined): Resource =>
  resourceVersion === undefined ? object : { ...object, metadata: { ...object.metadata, resourceVersion } };
