import type {
  ConfigMap,
  Container,
  EnvFromSource,
  EnvVar,
  PodTemplateSpec,
  Resource,
  Secret,
  Volume,
} from "@sluice/api";
import { snapshotName } from "@sluice/api/release";
import { canonicalJson } from "@sluice/kernel";
import { base64 } from "./base64.ts";
import { sha256 } from "./sha256.ts";

type ConfigurationKind = "ConfigMap" | "Secret";

/** A ConfigMap or Secret that Pods read. */
export interface ConfigurationReference {
  readonly kind: ConfigurationKind;
  readonly name: string;
  /** Everywhere: Pods start without it. */
  readonly isOptional: boolean;
}

/** Digests of content by `Kind/name`. */
export type ConfigurationDigests = Readonly<Record<string, string>>;

export const referenceId = ({ kind, name }: Pick<ConfigurationReference, "kind" | "name">): string => `${kind}/${name}`;

/** Each ConfigMap and Secret of a template once, by name: environment, volumes, projected volumes. */
export function configurationOf(template: PodTemplateSpec | undefined): readonly ConfigurationReference[] {
  if (template === undefined) return [];
  const known = references.get(template) ?? referencesIn(template);
  references.set(template, known);
  return known;
}

/** Asked for at every look, of the same unchanging template. */
const references = new WeakMap<PodTemplateSpec, readonly ConfigurationReference[]>();

function referencesIn(template: PodTemplateSpec): readonly ConfigurationReference[] {
  const found = new Map<string, ConfigurationReference>();
  renamed(template, (kind, name, isOptional) => {
    const id = referenceId({ kind, name });
    const known = found.get(id);
    found.set(id, { kind, name, isOptional: isOptional && known?.isOptional !== false });
    return name;
  });
  return [...found.values()].toSorted((a, b) => (referenceId(a) < referenceId(b) ? -1 : 1));
}

/** The same content has the same digest as it stands in git, and as a store holds it. Short: part of a name. */
export function contentDigest(object: Resource): string {
  const { kind } = object;
  const { data = {}, binaryData = {} } = object as ConfigMap;
  const { stringData = {}, type = "Opaque" } = object as Secret;
  const written = Object.entries(stringData).map(([key, value]) => [key, base64(value)] as const);
  const content =
    kind === "Secret" ? { kind, type, data: { ...data, ...Object.fromEntries(written) } } : { kind, data, binaryData };
  return sha256(canonicalJson(content)).slice(0, 10);
}

/** The template with each name that has a digest led to the copy of that content. */
export const pinned = (
  template: PodTemplateSpec | undefined,
  digests: ConfigurationDigests,
): PodTemplateSpec | undefined =>
  Object.keys(digests).length === 0
    ? template
    : renamed(template, (kind, name) => {
        const digest = digests[referenceId({ kind, name })];
        return digest === undefined ? name : snapshotName(name, digest);
      });

/** The same the other way round: each name of a copy led back to what it is a copy of. */
export function named(
  template: PodTemplateSpec | undefined,
  digests: ConfigurationDigests,
): PodTemplateSpec | undefined {
  const originals = new Map<string, string>(
    Object.entries(digests).map(([id, digest]) => {
      const [kind = "", name = ""] = id.split("/");
      return [`${kind}/${snapshotName(name, digest)}`, name] as const;
    }),
  );
  return originals.size === 0
    ? template
    : renamed(template, (kind, name) => originals.get(referenceId({ kind, name })) ?? name);
}

type Rename = (kind: ConfigurationKind, name: string, isOptional: boolean) => string;

function renamed(template: PodTemplateSpec | undefined, rename: Rename): PodTemplateSpec | undefined {
  if (template?.spec === undefined) return template;
  const { containers, initContainers, volumes } = template.spec;
  return {
    ...template,
    spec: {
      ...template.spec,
      containers: (containers ?? []).map((container) => inContainer(container, rename)),
      ...(initContainers === undefined
        ? {}
        : { initContainers: initContainers.map((container) => inContainer(container, rename)) }),
      ...(volumes === undefined ? {} : { volumes: volumes.map((volume) => inVolume(volume, rename)) }),
    },
  };
}

interface Named {
  readonly name?: string;
  readonly optional?: boolean;
}

const inReference = <Reference extends Named>(
  kind: ConfigurationKind,
  reference: Reference,
  rename: Rename,
): Reference =>
  reference.name === undefined || reference.name === ""
    ? reference
    : { ...reference, name: rename(kind, reference.name, reference.optional === true) };

function inContainer(container: Container, rename: Rename): Container {
  const { env, envFrom } = container;
  return {
    ...container,
    ...(env === undefined ? {} : { env: env.map((variable) => inVariable(variable, rename)) }),
    ...(envFrom === undefined ? {} : { envFrom: envFrom.map((source) => inSource(source, rename)) }),
  };
}

function inVariable(variable: EnvVar, rename: Rename): EnvVar {
  const { configMapKeyRef, secretKeyRef } = variable.valueFrom ?? {};
  if (configMapKeyRef === undefined && secretKeyRef === undefined) return variable;
  return {
    ...variable,
    valueFrom: {
      ...variable.valueFrom,
      ...(configMapKeyRef === undefined ? {} : { configMapKeyRef: inReference("ConfigMap", configMapKeyRef, rename) }),
      ...(secretKeyRef === undefined ? {} : { secretKeyRef: inReference("Secret", secretKeyRef, rename) }),
    },
  };
}

function inSource(source: EnvFromSource, rename: Rename): EnvFromSource {
  const { configMapRef, secretRef } = source;
  return {
    ...source,
    ...(configMapRef === undefined ? {} : { configMapRef: inReference("ConfigMap", configMapRef, rename) }),
    ...(secretRef === undefined ? {} : { secretRef: inReference("Secret", secretRef, rename) }),
  };
}

function inVolume(volume: Volume, rename: Rename): Volume {
  const { configMap, secret, projected } = volume;
  if (configMap !== undefined) return { ...volume, configMap: inReference("ConfigMap", configMap, rename) };
  if (secret?.secretName !== undefined) {
    const secretName = rename("Secret", secret.secretName, secret.optional === true);
    return { ...volume, secret: { ...secret, secretName } };
  }
  if (projected?.sources === undefined) return volume;
  const sources = projected.sources.map((source) => ({
    ...source,
    ...(source.configMap === undefined ? {} : { configMap: inReference("ConfigMap", source.configMap, rename) }),
    ...(source.secret === undefined ? {} : { secret: inReference("Secret", source.secret, rename) }),
  }));
  return { ...volume, projected: { ...projected, sources } };
}
