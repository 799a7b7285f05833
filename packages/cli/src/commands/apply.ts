import type { Client, Resource } from "@sluice/api";
import { Fault, type FaultKind, isFault, sameJson, toFault } from "@sluice/kernel";
import type { LocatedResource } from "@sluice/sources";
import { connect } from "../connection.ts";
import { readManifests } from "../manifests.ts";
import { describeFailure } from "../terminal/failure.ts";
import type { CommandOptions } from "./options.ts";

export interface Applied {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly result: "created" | "configured" | "unchanged";
}

/** `sluice apply -f …`: server-side apply of every manifest; what is refused is named with its file and line. */
export async function apply(
  options: CommandOptions & { readonly filename: readonly string[]; readonly dryRun?: boolean },
) {
  const manifests = await readManifests(options.filename);
  const connection = await connect(options);
  const applied: Applied[] = [];
  const refusals: Refusal[] = [];
  try {
    for (const manifest of [...manifests].sort(byDependency)) {
      try {
        const one = await applyOne(
          connection.client,
          withNamespace(manifest.resource, connection.namespace),
          options.dryRun,
        );
        applied.push(one);
        if (!options.json)
          console.log(`${one.kind.toLowerCase()}/${one.name} ${one.result}${options.dryRun ? " (dry run)" : ""}`);
      } catch (thrown) {
        if (isFault(thrown) && thrown.kind === "unavailable") throw thrown;
        const message = `${manifest.file}:${manifest.line}: ${describeFailure(thrown)}${repairOf(thrown)}`;
        refusals.push({ kind: toFault(thrown).kind, message });
      }
    }
  } finally {
    await connection.close();
  }
  if (options.json) console.log(JSON.stringify({ applied, refused: refusals.map(({ message }) => message) }));
  if (refusals.length > 0) throw refusedAll(refusals);
}

interface Refusal {
  readonly kind: FaultKind;
  readonly message: string;
}

/** Of all that was refused. The manifests are at fault only where each of them is: the rest may be taken another time. */
export function refusedAll(refusals: readonly Refusal[]): Fault {
  const other = refusals.find(({ kind }) => kind !== "invalid");
  return new Fault(other?.kind ?? "invalid", refusals.map(({ message }) => message).join("\n"));
}

/** How to repair what Kubernetes' own text only states. */
function repairOf(thrown: unknown): string {
  const namespace = /^namespaces "(.+)" not found$/.exec(thrown instanceof Error ? thrown.message : "")?.[1];
  return namespace === undefined
    ? ""
    : `; create it: kubectl create namespace ${namespace}, or a manifest of kind Namespace`;
}

/** Creates or changes one object by server-side apply. */
export async function applyOne(client: Client, resource: Resource, dryRun = false): Promise<Applied> {
  const { kind, apiVersion, metadata } = resource;
  const key = {
    apiVersion,
    kind,
    name: metadata.name,
    ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
  };
  const before = await client.get(key);
  const after = await client.patch(
    key,
    { type: "apply", value: resource, force: true },
    { fieldManager: "sluice-cli", dryRun },
  );
  const result =
    before === undefined ? "created" : sameJson(content(before), content(after)) ? "unchanged" : "configured";
  return {
    kind,
    ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
    name: metadata.name,
    result,
  };
}

const content = (resource: Resource): unknown => {
  const { managedFields: _, resourceVersion: __, generation: ___, ...metadata } = resource.metadata;
  return { ...resource, metadata, status: undefined };
};

/** Namespaced kinds without a namespace go where `-n` says. Cluster-scoped ones are named here once. */
const clusterScoped = new Set([
  "Namespace",
  "Node",
  "CustomResourceDefinition",
  "ClusterAnalysisTemplate",
  "RouteTable",
]);

export const withNamespace = (resource: Resource, namespace: string): Resource =>
  clusterScoped.has(resource.kind) || resource.metadata.namespace !== undefined
    ? resource
    : { ...resource, metadata: { ...resource.metadata, namespace } };

const rank = ({ resource: { kind } }: LocatedResource): number =>
  kind === "Namespace" ? 0 : kind === "CustomResourceDefinition" ? 1 : 2;
const byDependency = (a: LocatedResource, b: LocatedResource): number => rank(a) - rank(b);
