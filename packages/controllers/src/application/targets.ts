import { type Application, type KindDefinition, type Resource, splitApiVersion } from "@sluice/api";
import type { KindKey } from "@sluice/kernel";
import { base64 } from "../version/index.ts";
import {
  instanceName,
  type ResourceReference,
  referenceOf,
  referenceText,
  trackingId,
} from "./comparison/resource-reference.ts";
import type { RenderedSource } from "./manifests.ts";
import { annotations } from "./names.ts";
import { waveOf } from "./sync/order.ts";
import { type ResourceSyncOptions, resourceSyncOptions } from "./sync/sync-options.ts";

/** What git asks for, made ready to be compared and applied. */
export interface Target {
  readonly file: string;
  readonly line: number;
  readonly reference: ResourceReference;
  readonly text: string;
  readonly resource: Resource;
  readonly definition: KindDefinition | undefined;
  readonly wave: number;
  readonly options: ResourceSyncOptions;
  /** The kind comes with a CustomResourceDefinition of this same sync. */
  readonly isKindNew: boolean;
}

export interface Targets {
  readonly targets: readonly Target[];
  /** Why nothing of it may be applied, each with file and line. */
  readonly errors: readonly string[];
  /** The same resource twice: the last one counts. */
  readonly repeated: readonly string[];
}

/** Looks up a kind; undefined where it isn't served. */
export type KindLookup = (kind: KindKey) => KindDefinition | undefined;

/** Pure, and costly only when the digest changes: see {@link TargetCache}. */
export function targetsOf(application: Application, source: RenderedSource, kinds: KindLookup): Targets {
  const errors = source.faults.map(
    ({ file, line, message }) => `${file}${line === undefined ? "" : `:${line}`}: ${message}`,
  );
  const repeated: string[] = [];
  const targets = new Map<string, Target>();
  const newKinds = kindsDefinedBy(source);
  const instance = instanceName(application);
  for (const { file, line, resource } of source.resources) {
    const place = `${file}:${line}`;
    const name = `${resource.kind} ${resource.metadata.name}`;
    const { group } = splitApiVersion(resource.apiVersion);
    const definition = kinds(resource);
    const coming = newKinds.get(`${group}/${resource.kind}`);
    if (definition === undefined && coming === undefined) {
      errors.push(`${place}: ${name}: the kind ${resource.kind} of ${resource.apiVersion} is not served here`);
      continue;
    }
    const refusal = hookRefusal(resource);
    if (refusal !== undefined) {
      errors.push(`${place}: ${name}: ${refusal}`);
      continue;
    }
    const { options, refusals } = resourceSyncOptions(resource);
    errors.push(
      ...refusals.map(
        ({ option, why }) => `${place}: ${name}: annotation ${annotations.syncOptions} ${option}: ${why}`,
      ),
    );
    const isNamespaced = definition?.namespaced ?? coming?.isNamespaced ?? true;
    const wanted = normalised(
      resource,
      isNamespaced ? application.spec.destination.namespace : undefined,
      isNamespaced,
    );
    const reference = referenceOf(wanted);
    const text = referenceText(reference);
    if (targets.has(text))
      repeated.push(`Resource ${text.replace(":", "/")} appeared 2 times among application resources.`);
    targets.set(text, {
      file,
      line,
      reference,
      text,
      resource: tracked(wanted, trackingId(instance, reference)),
      definition,
      wave: waveOf(wanted),
      options,
      isKindNew: definition === undefined,
    });
  }
  return { targets: [...targets.values()], errors, repeated };
}

function kindsDefinedBy(source: RenderedSource): ReadonlyMap<string, { readonly isNamespaced: boolean }> {
  const kinds = new Map<string, { readonly isNamespaced: boolean }>();
  for (const { resource } of source.resources) {
    if (resource.kind !== "CustomResourceDefinition") continue;
    const { group, names, scope } = (resource.spec ?? {}) as {
      group?: string;
      names?: { kind?: string };
      scope?: string;
    };
    if (names?.kind !== undefined) kinds.set(`${group}/${names.kind}`, { isNamespaced: scope !== "Cluster" });
  }
  return kinds;
}

function hookRefusal({ kind, metadata }: Resource): string | undefined {
  for (const name of [annotations.hook, annotations.helmHook]) {
    const hook = metadata.annotations?.[name];
    if (hook === undefined || hook === "crd-install") continue;
    const isOfApplication = kind === "Application" ? "; on an Application it has no meaning: remove it" : "";
    return `annotation ${name}: ${hook}: hooks are not supported yet${isOfApplication}`;
  }
  return undefined;
}

/** Without what only a server writes; Secrets' stringData in data, where it ends up. */
function normalised(resource: Resource, namespace: string | undefined, isNamespaced: boolean): Resource {
  const { metadata, status: _, ...rest } = resource;
  const { namespace: own, labels, annotations: notes, finalizers, ownerReferences, name } = metadata;
  const where = isNamespaced ? (own ?? namespace ?? "default") : undefined;
  const clean = {
    ...rest,
    metadata: {
      name,
      ...(where === undefined ? {} : { namespace: where }),
      ...(labels === undefined || labels === null ? {} : { labels }),
      ...(notes === undefined || notes === null ? {} : { annotations: notes }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ...(ownerReferences === undefined ? {} : { ownerReferences }),
    },
  } as Resource;
  return resource.kind === "Secret" && resource.apiVersion === "v1" ? withData(clean) : clean;
}

function withData(secret: Resource): Resource {
  const { stringData, data, ...rest } = secret as Resource & {
    readonly data?: Readonly<Record<string, string>>;
    readonly stringData?: Readonly<Record<string, unknown>>;
  };
  if (stringData === undefined || stringData === null) return secret;
  const encoded = Object.fromEntries(
    Object.entries(stringData).map(([key, value]) => [key, base64(String(value ?? ""))]),
  );
  return { ...rest, data: { ...data, ...encoded } } as Resource;
}

const tracked = (resource: Resource, id: string): Resource => ({
  ...resource,
  metadata: { ...resource.metadata, annotations: { ...resource.metadata.annotations, [annotations.trackingId]: id } },
});
