import type { ContainerPort, Endpoint, EndpointPort, Pod, Service, ServicePort } from "@sluice/api";
import { isReady } from "./pods.ts";

/** Where a containerPort really listens on this machine, as the agent says. */
const portsAnnotation = "sluice.dev/ports";

export interface PodEndpoint {
  readonly endpoint: Endpoint;
  readonly ports: readonly EndpointPort[];
}

/** One Pod behind a Service; undefined where it can't be reached yet. */
export function endpointOf(service: Service, pod: Pod): PodEndpoint | undefined {
  const { phase, podIP } = pod.status ?? {};
  if (phase === "Succeeded" || phase === "Failed" || podIP === undefined || podIP === "") return undefined;
  const mapped = mappedPorts(pod, podIP);
  const reached = (service.spec.ports ?? []).map((port) => [port, addressOf(port, pod, podIP, mapped)] as const);
  const hosts = new Set(reached.flatMap(([, address]) => (address === undefined ? [] : [address.host])));
  const isTerminating = pod.metadata.deletionTimestamp !== undefined;
  // A port that nobody opened yet is no endpoint, whatever the Pod's readiness says.
  const isServing = isReady(pod) && reached.some(([, address]) => address?.isOpen === true);
  const isAlwaysReady = service.spec.publishNotReadyAddresses === true;
  const { name, namespace, uid } = pod.metadata;
  return {
    endpoint: {
      addresses: [[...hosts][0] ?? podIP],
      conditions: {
        ready: isAlwaysReady || (isServing && !isTerminating),
        serving: isServing,
        terminating: isTerminating,
      },
      nodeName: pod.spec.nodeName ?? "local",
      targetRef: {
        kind: "Pod",
        name,
        ...(namespace === undefined ? {} : { namespace }),
        ...(uid === undefined ? {} : { uid }),
      },
    },
    ports: reached.flatMap(([port, address]) => (address === undefined ? [] : [endpointPort(port, address.port)])),
  };
}

const endpointPort = ({ name, protocol, appProtocol }: ServicePort, port: number): EndpointPort => ({
  name: name ?? "",
  protocol: protocol ?? "TCP",
  port,
  ...(appProtocol === undefined ? {} : { appProtocol }),
});

interface Reached {
  readonly host: string;
  readonly port: number;
  readonly isOpen: boolean;
}

function addressOf(
  { targetPort, port, protocol = "TCP" }: ServicePort,
  pod: Pod,
  podIP: string,
  mapped: ReadonlyMap<number, Reached> | undefined,
): Reached | undefined {
  const target = targetPort === undefined || targetPort === 0 || targetPort === "" ? port : targetPort;
  const number = typeof target === "number" ? target : namedPort(pod, target, protocol);
  if (number === undefined) return undefined;
  const isDeclared = declared(pod).some(({ containerPort }) => containerPort === number);
  // Without the annotation another node runs the Pod; a port that isn't declared can't be mapped. Both are taken as said.
  const isTakenAsSaid = mapped === undefined || !isDeclared;
  return mapped?.get(number) ?? { host: podIP, port: number, isOpen: isTakenAsSaid };
}

const namedPort = (pod: Pod, wanted: string, protocol: string): number | undefined =>
  declared(pod).find((port) => port.name === wanted && (port.protocol ?? "TCP") === protocol)?.containerPort;

const declared = ({ spec }: Pod): readonly ContainerPort[] =>
  [
    ...(spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always"),
    ...spec.containers,
  ].flatMap(({ ports }) => ports ?? []);

/** Undefined where the annotation is absent, or isn't the agent's. */
function mappedPorts(pod: Pod, podIP: string): ReadonlyMap<number, Reached> | undefined {
  const text = pod.metadata.annotations?.[portsAnnotation];
  if (text === undefined) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof parsed !== "object" || parsed === null) return undefined;
  const found = new Map<number, Reached>();
  for (const [containerPort, said] of Object.entries(parsed)) {
    const address = parseAddress(said, podIP);
    if (address !== undefined) found.set(Number(containerPort), { ...address, isOpen: true });
  }
  return found;
}

/** `20001` is on the Pod's IP; `"127.0.0.1:20001"` and `"[::1]:20001"` name their host. */
function parseAddress(said: unknown, podIP: string): { readonly host: string; readonly port: number } | undefined {
  if (typeof said === "number") return { host: podIP, port: said };
  const match = typeof said === "string" ? /^\[?([^\]]+)\]?:(\d+)$/.exec(said) : null;
  return match === null ? undefined : { host: match[1] as string, port: Number(match[2]) };
}
