import {
  ApiFault,
  builtInKinds,
  type Client,
  type DestinationRule,
  KindRegistry,
  type Resource,
  type Rollout,
  type Service,
  type VirtualService,
} from "@sluice/api";
import { describeViolation, Fault, isFault, seededRandom, type Violation, VirtualClock } from "@sluice/kernel";
import { createStore } from "@sluice/store";
import { type Unanswerable, withoutForeignProviders } from "./foreign-providers.ts";
import { withoutForeignRouting } from "./foreign-routing.ts";
import { type Releasable, readBeside, releasable } from "./releasable.ts";
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
  /** What stands more than once, each with what became of it. */
  readonly doubled: readonly string[];
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
  const all = manifests
    .filter((object) => (rehearsed.has(object.kind) || readBeside.has(object.kind)) && !isEncrypted(object))
    .map((object) => withNamespace(asWritten(object), namespace));
  const { kept, doubled } = lastOfEach(all.filter(({ kind }) => rehearsed.has(kind)));
  const rollouts = kept.filter((object): object is Rollout => object.kind === "Rollout");
  if (rollouts.length === 0) throw new Fault("invalid", "no Rollout in these manifests: there is nothing to rehearse");
  const policies: Policy[] = [];
  const refused: Fault[] = [];
  for (const rollout of rollouts) {
    const around = kept.filter(
      ({ kind, metadata }) =>
        kind !== "Rollout" && (metadata.namespace === undefined || metadata.namespace === rollout.metadata.namespace),
    );
    try {
      policies.push(await admitted(releasable(rollout, all), around, holdsBackWithoutPolicy));
    } catch (thrown) {
      if (!isFault(thrown) || thrown.kind !== "invalid") throw thrown;
      refused.push(thrown);
    }
  }
  if (policies.length > 0) return { policies, refused, doubled };
  throw refused.length === 1 ? refused[0] : new Fault("invalid", refused.map(({ message }) => message).join("\n"));
}

/** By SOPS, as Secrets in git often are: no store would take it as it is, and its values aren't needed here. */
const isEncrypted = (object: Resource): boolean => object.kind === "Secret" && Object.hasOwn(object, "sops");

/** As applying them one after the other leaves them. */
function lastOfEach(objects: readonly Resource[]) {
  const byKey = new Map<string, Resource>();
  const doubled = new Set<string>();
  for (const object of objects) {
    const { namespace = "", name } = object.metadata;
    const key = `${object.kind} ${namespace === "" ? "" : `${namespace}/`}${name}`;
    if (byKey.delete(key)) doubled.add(`${key} stands more than once: the last one counts`);
    byKey.set(key, object);
  }
  return { kept: [...byKey.values()], doubled: [...doubled] };
}

async function admitted(found: Releasable, around: readonly Resource[], holdsBack: boolean): Promise<Policy> {
  const { rollout, words } = withoutForeignRouting(found.rollout);
  const { client } = await createStore({
    kinds: new KindRegistry(builtInKinds()),
    clock: new VirtualClock(),
    random: seededRandom(1),
    namespaces: [rollout.metadata.namespace ?? "default"],
  });
  // First: what is wrong with it isn't told of what is made up for it.
  const created = (await create(client, rollout)) as Rollout;
  refuseServingNobody(created);
  const made: Surroundings = madeUp(rollout, around, holdsBack);
  const surroundings: Resource[] = [];
  const unsupported: Unanswerable[] = [];
  for (const object of [...around, ...made.objects]) {
    const known = withoutForeignProviders(object);
    unsupported.push(...known.unsupported);
    surroundings.push(await create(client, known.object));
  }
  refuseSubsetsOfOneVersion(created, surroundings);
  return {
    rollout: created,
    surroundings,
    entry: entryOf(created, surroundings),
    madeUp: [...words, ...found.words, ...made.words],
    unsupported,
  };
}

function refuseServingNobody({ metadata, spec }: Rollout): void {
  if (spec.replicas !== 0) return;
  throw refusal(metadata, {
    path: "spec.replicas",
    found: "0",
    expected: "at least 1: without a Pod nobody is served, well or badly",
    repair: "write as many as serve your users, or add the HorizontalPodAutoscaler and leave replicas out",
  });
}

/** The Rollout's own Services select one version each: a subset of the other has no Pod there, and its share fails. */
function refuseSubsetsOfOneVersion({ metadata, spec }: Rollout, surroundings: readonly Resource[]): void {
  const { canaryService, stableService, trafficRouting } = spec.strategy.canary ?? {};
  const named = trafficRouting?.istio?.destinationRule?.name;
  const rule = surroundings.find(
    (object): object is DestinationRule => object.kind === "DestinationRule" && object.metadata.name === named,
  );
  const host = rule?.spec.host.split(".")[0];
  if (host === undefined || (host !== canaryService && host !== stableService)) return;
  throw refusal(metadata, {
    path: "spec.strategy.canary.trafficRouting.istio.destinationRule",
    found: `${named}, whose host is ${host === canaryService ? "canaryService" : "stableService"} ${host}`,
    expected: "the host of a Service that selects the Pods of both versions",
    repair: `write a third Service into host and the VirtualService, or leave canaryService and stableService out`,
  });
}

const refusal = ({ namespace, name }: Resource["metadata"], violation: Violation): Fault =>
  new Fault(
    "invalid",
    `Rollout ${namespace === undefined ? "" : `${namespace}/`}${name}: it can't be rehearsed:\n  ${describeViolation(violation)}`,
    { violations: [violation] },
  );

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

/** What was read from a cluster holds what only the cluster writes. */
function asWritten(object: Resource): Resource {
  const { status: _, ...rest } = object;
  const { name, namespace, labels, annotations } = object.metadata;
  const own = { namespace, labels, annotations };
  const metadata = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  return { ...rest, metadata: { name, ...metadata } } as Resource;
}

function withNamespace(object: Resource, namespace: string): Resource {
  if (object.kind === "ClusterAnalysisTemplate" || object.metadata.namespace !== undefined) return object;
  return { ...object, metadata: { ...object.metadata, namespace } };
}

function entryOf(rollout: Rollout, surroundings: readonly Resource[]): Entry {
  const { canary, blueGreen } = rollout.spec.strategy;
  const namespace = rollout.metadata.namespace ?? "default";
  const { virtualService, virtualServices = [] } = canary?.trafficRouting?.istio ?? {};
  // Of several that carry the same shares any one tells them.
  const named = (virtualService ?? virtualServices[0])?.name;
  if (named !== undefined) {
    const found = surroundings.find(
      (object): object is VirtualService =>
        object.kind === "VirtualService" && object.metadata.name === named.split(".")[0],
    );
    if (found !== undefined) return { is: "virtualService", name: found.metadata.name, namespace };
  }
  if (blueGreen !== undefined) return { is: "service", name: blueGreen.activeService, namespace };
  const { pingService, pongService } = canary?.pingPong ?? {};
  const own = [canary?.canaryService, canary?.stableService, pingService, pongService];
  const labels = rollout.spec.template?.metadata?.labels ?? {};
  const pooled = surroundings.find(
    (object): object is Service =>
      object.kind === "Service" &&
      !own.includes(object.metadata.name) &&
      Object.entries((object as Service).spec.selector ?? {}).every(([name, value]) => labels[name] === value),
  );
  return { is: "service", name: pooled?.metadata.name ?? rollout.metadata.name, namespace };
}
