import {
  ApiFault,
  builtInKinds,
  type Client,
  KindRegistry,
  type Resource,
  type Rollout,
  type Service,
  type VirtualService,
} from "@sluice/api";
import { describeViolation, Fault, isFault, seededRandom, VirtualClock } from "@sluice/kernel";
import { createStore } from "@sluice/store";
import { type Unanswerable, withoutForeignProviders } from "./foreign-providers.ts";
import { withoutForeignRouting } from "./foreign-routing.ts";
import { madeUp, type Surroundings } from "./surroundings.ts";

/** Where users come in: the VirtualService that carries the weights, or a Service that pools all pods. */
export type Entry =
  | { readonly is: "virtualService"; readonly name: string; readonly namespace: string }
  | { readonly is: "service"; readonly name: string; readonly namespace: string };

/** One Rollout with everything that it refers to, validated and with its defaults filled in. */
export interface Policy {
  readonly rollout: Rollout;
  readonly surroundings: readonly Resource[];
  readonly entry: Entry;
  /** What the files don't hold and was made up, in words. */
  readonly madeUp: readonly string[];
  /** Metrics of the original's that a store would refuse: they decide nothing here. */
  readonly unsupported: readonly Unanswerable[];
}

const rehearsed = new Set([
  "Rollout",
  "AnalysisTemplate",
  "ClusterAnalysisTemplate",
  "VirtualService",
  "DestinationRule",
  "Service",
  "ConfigMap",
  "Secret",
  "RollbackPolicy",
  "EvidencePolicy",
  "RingSet",
]);

export interface PolicyOptions {
  /** Where no RollbackPolicy selects the Rollout: by default one is made up, which holds a share back. */
  readonly holdsBackWithoutPolicy?: boolean;
  /** Of what names none. */
  readonly namespace?: string;
}

export interface ReadPolicies {
  readonly policies: readonly Policy[];
  /** Of the Rollouts that a store would refuse: why, each with its fields. */
  readonly refused: readonly Fault[];
}

/** Every Rollout of these manifests as a policy. Faults: invalid, with what the store would refuse. */
export async function policiesOf(
  manifests: readonly Resource[],
  options: PolicyOptions = {},
): Promise<readonly Policy[]> {
  const { policies, refused } = await readPolicies(manifests, options);
  if (refused[0] !== undefined) throw refused[0];
  return policies;
}

/** The Rollouts that can be rehearsed, and why the others can't. Faults: invalid where none can. */
export async function readPolicies(
  manifests: readonly Resource[],
  { holdsBackWithoutPolicy = true, namespace = "default" }: PolicyOptions = {},
): Promise<ReadPolicies> {
  const placed = manifests.filter(({ kind }) => rehearsed.has(kind)).map((object) => withNamespace(object, namespace));
  const rollouts = placed.filter((object): object is Rollout => object.kind === "Rollout");
  if (rollouts.length === 0) throw new Fault("invalid", "no Rollout in these manifests: there is nothing to rehearse");
  const policies: Policy[] = [];
  const refused: Fault[] = [];
  for (const rollout of rollouts) {
    const around = placed.filter(
      ({ kind, metadata }) =>
        kind !== "Rollout" && (metadata.namespace === undefined || metadata.namespace === rollout.metadata.namespace),
    );
    try {
      policies.push(await admitted(rollout, around, holdsBackWithoutPolicy));
    } catch (thrown) {
      if (!isFault(thrown) || thrown.kind !== "invalid") throw thrown;
      refused.push(thrown);
    }
  }
  if (policies.length > 0) return { policies, refused };
  throw refused.length === 1 ? refused[0] : new Fault("invalid", refused.map(({ message }) => message).join("\n"));
}

async function admitted(found: Rollout, around: readonly Resource[], holdsBack: boolean): Promise<Policy> {
  const { rollout, words } = withoutForeignRouting(found);
  const made: Surroundings = madeUp(rollout, around, holdsBack);
  const { client } = await createStore({
    kinds: new KindRegistry(builtInKinds()),
    clock: new VirtualClock(),
    random: seededRandom(1),
    namespaces: [rollout.metadata.namespace ?? "default"],
  });
  const surroundings: Resource[] = [];
  const unsupported: Unanswerable[] = [];
  for (const object of [...around, ...made.objects]) {
    const known = withoutForeignProviders(object);
    unsupported.push(...known.unsupported);
    surroundings.push(await create(client, known.object));
  }
  const created = await create(client, rollout);
  return {
    rollout: created as Rollout,
    surroundings,
    entry: entryOf(created as Rollout, surroundings),
    madeUp: [...words, ...made.words],
    unsupported,
  };
}

/** Defaults as the store fills them in, without what it adds of its own. */
async function create(client: Client, object: Resource): Promise<Resource> {
  const { namespace, name } = object.metadata;
  try {
    const { metadata, ...rest } = await client.create(object);
    const { labels, annotations } = metadata;
    return {
      ...rest,
      status: undefined,
      metadata: {
        name: metadata.name,
        ...(namespace === undefined ? {} : { namespace }),
        ...(labels === undefined ? {} : { labels }),
        ...(annotations === undefined ? {} : { annotations }),
      },
    } as Resource;
  } catch (thrown) {
    if (!(thrown instanceof ApiFault)) throw thrown;
    const place = `${object.kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
    const { violations } = thrown;
    const fields = violations.map((violation) => `\n  ${describeViolation(violation)}`).join("");
    const repair = violations.length === 0 ? "" : "\n  sluice lint explains it, and repairs what it can with --fix";
    const message = violations.length === 0 ? thrown.message : `it would be refused:${fields}${repair}`;
    throw new Fault("invalid", `${place}: ${message}`, { cause: thrown, violations });
  }
}

function withNamespace(object: Resource, namespace: string): Resource {
  if (object.kind === "ClusterAnalysisTemplate" || object.metadata.namespace !== undefined) return object;
  return { ...object, metadata: { ...object.metadata, namespace } };
}

function entryOf(rollout: Rollout, surroundings: readonly Resource[]): Entry {
  const { canary, blueGreen } = rollout.spec.strategy;
  const namespace = rollout.metadata.namespace ?? "default";
  const named = canary?.trafficRouting?.istio?.virtualService?.name;
  if (named !== undefined) {
    const found = surroundings.find(
      (object): object is VirtualService =>
        object.kind === "VirtualService" && object.metadata.name === named.split(".")[0],
    );
    if (found !== undefined) return { is: "virtualService", name: found.metadata.name, namespace };
  }
  if (blueGreen !== undefined) return { is: "service", name: blueGreen.activeService, namespace };
  const own = [canary?.canaryService, canary?.stableService];
  const labels = rollout.spec.template?.metadata?.labels ?? {};
  const pooled = surroundings.find(
    (object): object is Service =>
      object.kind === "Service" &&
      !own.includes(object.metadata.name) &&
      Object.entries((object as Service).spec.selector ?? {}).every(([name, value]) => labels[name] === value),
  );
  return { is: "service", name: pooled?.metadata.name ?? rollout.metadata.name, namespace };
}
