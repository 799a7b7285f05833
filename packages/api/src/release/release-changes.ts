import type { Client } from "../contract/client.ts";
import { controllerOf } from "../contract/keys.ts";
import type { ReplicaSet } from "../kinds/apps/replica-set.ts";
import type { Rollout } from "../kinds/argo/rollout.ts";
import type { ConfigMap, Secret } from "../kinds/core/config.ts";
import type { PodTemplateSpec } from "../kinds/core/pod.ts";
import { type Change, configurationChanges, templateChanges } from "./changes.ts";
import { configurationReadBy, type ReadConfiguration } from "./configuration-copies.ts";

export interface ComparedVersion {
  readonly revision: number;
  readonly podTemplateHash: string;
}

/** What a release changes. Secrets are told apart, never told. */
export interface ReleaseChanges {
  readonly after: ComparedVersion;
  /** What is stable; of a release that is done the version before it. Absent: there was none. */
  readonly before?: ComparedVersion;
  readonly isUnderWay: boolean;
  readonly template: readonly Change[];
  readonly configuration: readonly {
    readonly kind: "ConfigMap" | "Secret";
    readonly name: string;
    readonly changes: readonly Change[];
  }[];
}

const hashLabel = "rollouts-pod-template-hash";
const hashOf = ({ metadata }: ReplicaSet): string => metadata.labels?.[hashLabel] ?? "";
const revisionOf = ({ metadata }: ReplicaSet): number =>
  Number(metadata.annotations?.["rollout.argoproj.io/revision"] ?? 0);

/** Undefined while the Rollout has no version yet. */
export async function readReleaseChanges(client: Client, rollout: Rollout): Promise<ReleaseChanges | undefined> {
  const { namespace = "default", uid } = rollout.metadata;
  const { items } = await client.list<ReplicaSet>({ apiVersion: "apps/v1", kind: "ReplicaSet" }, { namespace });
  const sets = items.filter((set) => controllerOf(set)?.uid === uid);
  const { currentPodHash, stableRS } = rollout.status ?? {};
  const after = sets.find((set) => hashOf(set) === currentPodHash);
  if (after === undefined) return undefined;
  const isUnderWay = stableRS !== currentPodHash;
  const before = isUnderWay ? sets.find((set) => hashOf(set) === stableRS) : earlier(sets, after);
  const [was, is] = [before === undefined ? [] : configurationReadBy(before), configurationReadBy(after)];
  const copies = new Map([...was, ...is].map(({ name, copy }) => [copy ?? name, name]));
  const read = (one: ReadConfiguration | undefined) =>
    one?.copy === undefined
      ? undefined
      : client.get<ConfigMap | Secret>({ apiVersion: "v1", kind: one.kind, namespace, name: one.copy });
  const others = before === undefined ? [] : [...was, ...is].filter((one) => !(isIn(was, one) && isIn(is, one)));
  const configuration = await Promise.all(
    [...new Map(others.map((one) => [`${one.kind}/${one.name}`, one])).values()].map(async ({ kind, name }) => {
      const isThis = (one: ReadConfiguration) => one.kind === kind && one.name === name;
      const [old, fresh] = await Promise.all([read(was.find(isThis)), read(is.find(isThis))]);
      return { kind, name, changes: configurationChanges(old, fresh) };
    }),
  );
  return {
    after: versionOf(after),
    ...(before === undefined ? {} : { before: versionOf(before) }),
    isUnderWay,
    template: templateChanges(writtenTemplate(before, rollout), writtenTemplate(after, rollout), (name) => {
      return copies.get(name) ?? name;
    }),
    configuration: configuration.filter(({ changes }) => changes.length > 0),
  };
}

const isIn = (list: readonly ReadConfiguration[], { kind, name, copy }: ReadConfiguration): boolean =>
  list.some((one) => one.kind === kind && one.name === name && one.copy === copy);

const versionOf = (set: ReplicaSet): ComparedVersion => ({
  revision: revisionOf(set),
  podTemplateHash: hashOf(set),
});

const earlier = (sets: readonly ReplicaSet[], { metadata }: ReplicaSet): ReplicaSet | undefined =>
  sets
    .filter((set) => set.metadata.uid !== metadata.uid && revisionOf(set) < revisionOf({ metadata } as ReplicaSet))
    .toSorted((a, b) => revisionOf(b) - revisionOf(a))[0];

/** Without the hash, and without what Pods wear only while they are canary, preview, stable or active. */
function writtenTemplate(set: ReplicaSet | undefined, { spec }: Rollout): PodTemplateSpec | undefined {
  const template = set?.spec.template;
  if (template === undefined) return undefined;
  const { canary, blueGreen } = spec.strategy;
  const worn = [
    canary?.canaryMetadata,
    canary?.stableMetadata,
    blueGreen?.previewMetadata,
    blueGreen?.activeMetadata,
  ].flatMap((metadata) => [...Object.entries(metadata?.labels ?? {}), ...Object.entries(metadata?.annotations ?? {})]);
  const without = (texts: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(
      Object.entries(texts).filter(
        ([key, value]) => key !== hashLabel && !worn.some(([name, text]) => name === key && text === value),
      ),
    );
  const { labels, annotations } = template.metadata ?? {};
  return { ...template, metadata: { labels: without(labels), annotations: without(annotations) } };
}
