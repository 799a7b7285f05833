import type { Client, Resource } from "@sluice/api";
import { withSteering } from "@sluice/controllers";
import { Fault, type FaultKind, sameJson, toFault } from "@sluice/kernel";
import type { LocatedResource } from "@sluice/sources";
import { connect } from "../connection.ts";
import { readManifests } from "../manifests.ts";
import { describeFailure, PartlyDone } from "../terminal/failure.ts";
import type { CommandOptions } from "./options.ts";

export interface Applied {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly result: "created" | "configured" | "unchanged";
}

/** What wasn't taken, where it stands, and why. */
interface Refused {
  readonly file: string;
  readonly line: number;
  readonly kind: string;
  readonly name: string;
  readonly reason: FaultKind;
  readonly message: string;
}

/** `sluice apply -f …`: server-side apply of every manifest; what is refused is named with its file and line. */
export async function apply(
  options: CommandOptions & { readonly filename: readonly string[]; readonly dryRun?: boolean },
) {
  const manifests = await readManifests(options.filename);
  const connection = await connect(options);
  try {
    const { namespace } = connection;
    const applied = await applyAll(
      connection.client,
      manifests,
      { namespace, dryRun: options.dryRun === true },
      (one) => {
        if (options.json) return;
        console.log(`${one.kind.toLowerCase()}/${one.name} ${one.result}${options.dryRun ? " (dry run)" : ""}`);
      },
    );
    if (options.json) console.log(JSON.stringify({ applied, refused: [] }));
  } finally {
    await connection.close();
  }
}

/**
 * Applies all that is taken, in the order in which things need each other.
 * Faults: PartlyDone where something was refused, or nobody answers any more. The manifests are at fault only where each
 * refusal is theirs: the rest may be taken another time.
 */
export async function applyAll(
  client: Client,
  manifests: readonly LocatedResource[],
  { namespace, dryRun }: { readonly namespace: string; readonly dryRun: boolean },
  tell: (one: Applied) => void,
): Promise<readonly Applied[]> {
  const applied: Applied[] = [];
  const refused: Refused[] = [];
  for (const { file, line, resource } of [...manifests].sort(byDependency)) {
    try {
      const one = await applyOne(client, withNamespace(resource, namespace), dryRun);
      applied.push(one);
      tell(one);
    } catch (thrown) {
      const fault = toFault(thrown);
      if (fault.kind === "unavailable") throw new PartlyDone(fault, { applied, refused });
      const message = `${describeFailure(thrown)}${repairOf(thrown)}`;
      refused.push({ file, line, kind: resource.kind, name: resource.metadata.name, reason: fault.kind, message });
    }
  }
  if (refused.length === 0) return applied;
  const reason = refused.find((one) => one.reason !== "invalid")?.reason ?? "invalid";
  const words = refused.map(({ file, line, message }) => `${file}:${line}: ${message}`).join("\n");
  throw new PartlyDone(new Fault(reason, words), { applied, refused });
}

/** How to repair what Kubernetes' own text only states. */
function repairOf(thrown: unknown): string {
  const namespace = /^namespaces "(.+)" not found$/.exec(thrown instanceof Error ? thrown.message : "")?.[1];
  return namespace === undefined
    ? ""
    : `; create it: kubectl create namespace ${namespace}, or a manifest of kind Namespace`;
}

/** Creates or changes one object by server-side apply; whom a Rollout leads where stays as it is. */
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
    { type: "apply", value: await withSteering(client, resource, before), force: true },
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
