import type { ConfigMap, Container, EnvVarSource, Pod, Secret, Service } from "@sluice/api";
import type { MappedPort } from "../network/port-map.ts";
import { type Capacity, fieldText, type PodPlace, resourceText } from "./downward.ts";
import { expand } from "./expand.ts";

/** What a Pod may refer to, as far as it is known. */
export interface Surroundings {
  configMap(namespace: string, name: string): ConfigMap | undefined;
  secret(namespace: string, name: string): Secret | undefined;
  services(namespace: string): readonly Service[];
  /** Where programs reach a port of a Service; undefined where it has no address on this machine. */
  serviceAddress(service: Service, port: number): { readonly host: string; readonly port: number } | undefined;
}

export interface EnvironmentInput {
  readonly pod: Pod;
  readonly container: Container;
  readonly place: PodPlace;
  readonly capacity: Capacity;
  readonly ports: readonly MappedPort[];
  readonly surroundings: Surroundings;
  /** `NAME=value` from the image. */
  readonly imageEnvironment: readonly string[];
  /** Ours: SLUICE_POD_ROOT, HOME, TMPDIR, HOSTNAME. A Pod may set them otherwise. */
  readonly base: Readonly<Record<string, string>>;
}

export type EnvironmentResult =
  | { readonly is: "complete"; readonly variables: Readonly<Record<string, string>> }
  /** For status as CreateContainerConfigError. Never holds a value. */
  | { readonly is: "incomplete"; readonly message: string };

/**
 * The whole environment of a container: image, then Services, then ours, then envFrom, then env.
 * https://kubernetes.io/docs/tasks/inject-data-application/define-environment-variable-container/
 */
export function buildEnvironment(input: EnvironmentInput): EnvironmentResult {
  const { pod, container, ports, surroundings } = input;
  const namespace = pod.metadata.namespace ?? "default";
  const variables = new Map<string, string>();
  const set = (entries: Iterable<readonly [string, string]>) => {
    for (const [name, value] of entries) variables.set(name, value);
  };
  set(imageVariables(input.imageEnvironment));
  if (pod.spec.enableServiceLinks !== false) set(serviceVariables(surroundings, namespace));
  set(Object.entries(input.base));
  set(portVariables(container, ports, input.place.podIP));
  for (const source of container.envFrom ?? []) {
    const found = fromSource(source, namespace, surroundings);
    if (typeof found === "string") return { is: "incomplete", message: found };
    set(found.map(([name, value]) => [`${source.prefix ?? ""}${name}`, value]));
  }
  for (const { name, value, valueFrom } of container.env ?? []) {
    if (valueFrom === undefined) {
      variables.set(
        name,
        expand(value ?? "", (other) => variables.get(other)),
      );
      continue;
    }
    const found = fromReference(valueFrom, input, namespace);
    if (found.is === "incomplete") return found;
    if (found.is === "value") variables.set(name, found.value);
  }
  restorePort(variables, container, ports);
  return { is: "complete", variables: Object.fromEntries(variables) };
}

function* imageVariables(entries: readonly string[]): Generator<[string, string]> {
  for (const entry of entries) {
    const equals = entry.indexOf("=");
    if (equals > 0) yield [entry.slice(0, equals), entry.slice(equals + 1)];
  }
}

const asName = (text: string): string => text.toUpperCase().replace(/[^A-Z0-9]/g, "_");

function* serviceVariables(surroundings: Surroundings, namespace: string): Generator<[string, string]> {
  for (const service of surroundings.services(namespace)) {
    const prefix = asName(service.metadata.name);
    for (const [index, { name, port }] of (service.spec.ports ?? []).entries()) {
      const address = surroundings.serviceAddress(service, port);
      if (address === undefined) continue;
      if (index === 0) {
        yield [`${prefix}_SERVICE_HOST`, address.host];
        yield [`${prefix}_SERVICE_PORT`, String(address.port)];
      }
      if (name !== undefined) yield [`${prefix}_SERVICE_PORT_${asName(name)}`, String(address.port)];
    }
  }
}

function* portVariables(
  container: Container,
  ports: readonly MappedPort[],
  podIP: string,
): Generator<[string, string]> {
  yield ["POD_IP", podIP];
  for (const { name, containerPort, hostPort } of ports) {
    yield [`PORT_${containerPort}`, String(hostPort)];
    if (name !== undefined) yield [`PORT_${asName(name)}`, String(hostPort)];
  }
  const first = ports.find((port) => port.container === container.name);
  if (first !== undefined) yield ["PORT", String(first.hostPort)];
}

/** A manifest for containers often sets PORT to its containerPort: that means "the port I declare", which is mapped. */
function restorePort(variables: Map<string, string>, container: Container, ports: readonly MappedPort[]): void {
  const given = variables.get("PORT");
  const declared = ports.find((port) => port.container === container.name && String(port.containerPort) === given);
  if (declared !== undefined) variables.set("PORT", String(declared.hostPort));
}

type Entries = readonly (readonly [string, string])[];

function fromSource(
  source: NonNullable<Container["envFrom"]>[number],
  namespace: string,
  surroundings: Surroundings,
): Entries | string {
  const { configMapRef, secretRef } = source;
  if (configMapRef !== undefined) {
    const configMap = surroundings.configMap(namespace, configMapRef.name);
    if (configMap !== undefined) return Object.entries(configMap.data ?? {});
    return configMapRef.optional === true ? [] : `configmap "${configMapRef.name}" not found`;
  }
  if (secretRef !== undefined) {
    const secret = surroundings.secret(namespace, secretRef.name);
    if (secret !== undefined) return Object.entries(secret.data ?? {}).map(([key, value]) => [key, decode(value)]);
    return secretRef.optional === true ? [] : `secret "${secretRef.name}" not found`;
  }
  return [];
}

type Found =
  | { readonly is: "value"; readonly value: string }
  | { readonly is: "absent" }
  | { readonly is: "incomplete"; readonly message: string };

const value = (text: string): Found => ({ is: "value", value: text });
const incomplete = (message: string): Found => ({ is: "incomplete", message });

function fromReference(source: EnvVarSource, input: EnvironmentInput, namespace: string): Found {
  const { pod, container, place, capacity, surroundings } = input;
  if (source.fieldRef !== undefined) {
    const text = fieldText(pod, place, source.fieldRef);
    return text === undefined ? incomplete(`unsupported fieldPath: ${source.fieldRef.fieldPath}`) : value(text);
  }
  if (source.resourceFieldRef !== undefined) {
    const { containerName } = source.resourceFieldRef;
    const of = containerName === undefined ? container : allContainers(pod).find(({ name }) => name === containerName);
    const text = resourceText(of, source.resourceFieldRef, capacity);
    return text === undefined ? incomplete(`unsupported resource: ${source.resourceFieldRef.resource}`) : value(text);
  }
  if (source.configMapKeyRef !== undefined) {
    const { name, key, optional } = source.configMapKeyRef;
    const configMap = surroundings.configMap(namespace, name);
    const text = configMap?.data?.[key];
    if (text !== undefined) return value(text);
    if (optional === true) return { is: "absent" };
    if (configMap === undefined) return incomplete(`configmap "${name}" not found`);
    return incomplete(`couldn't find key ${key} in ConfigMap ${namespace}/${name}`);
  }
  if (source.secretKeyRef !== undefined) {
    const { name, key, optional } = source.secretKeyRef;
    const secret = surroundings.secret(namespace, name);
    const text = secret?.data?.[key];
    if (text !== undefined) return value(decode(text));
    if (optional === true) return { is: "absent" };
    if (secret === undefined) return incomplete(`secret "${name}" not found`);
    return incomplete(`couldn't find key ${key} in Secret ${namespace}/${name}`);
  }
  return incomplete("valueFrom names no source");
}

const decode = (base64: string): string => Buffer.from(base64, "base64").toString("utf8");

export const allContainers = ({ spec }: Pod): readonly Container[] => [
  ...(spec.initContainers ?? []),
  ...spec.containers,
];
