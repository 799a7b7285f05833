import type { Container, ContainerPort, IntOrString, PodSpec } from "@sluice/api";
import type { Listener } from "./listeners.ts";

/** One containerPort and the port of this machine that stands for it. */
export interface MappedPort {
  readonly container: string;
  readonly name?: string;
  readonly containerPort: number;
  /** What PORT says. */
  readonly hostPort: number;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Every TCP port of the main containers and sidecars, once. */
export function declaredPorts(spec: PodSpec): { container: Container; port: ContainerPort }[] {
  const containers = [...(spec.initContainers ?? []).filter(isSidecar), ...spec.containers];
  return containers.flatMap((container) =>
    (container.ports ?? []).filter((port) => (port.protocol ?? "TCP") === "TCP").map((port) => ({ container, port })),
  );
}

const isSidecar = (container: Container): boolean => container.restartPolicy === "Always";

/** The number that a probe's or a Service's port stands for in this container. */
export function portNumber(container: Container, port: IntOrString): number | undefined {
  if (typeof port === "number") return port;
  if (/^\d+$/.test(port)) return Number(port);
  return container.ports?.find(({ name }) => name === port)?.containerPort;
}

/**
 * Where a containerPort can be reached now. A program that reads PORT listens on the mapped port; one that binds POD_IP,
 * or every address, on its own port. What listens on every address under a number that isn't ours alone counts only
 * when the Pod's own process does.
 */
export function findAddress(
  port: { readonly containerPort: number; readonly hostPort: number },
  podAddress: string,
  listeners: readonly Listener[],
  isOwn: (listener: Listener) => boolean,
): Address | undefined {
  const loopback = "127.0.0.1";
  const everywhere = (address: string) => address === "0.0.0.0" || address === "::";
  const candidates: { matches: (listener: Listener) => boolean; host: (listener: Listener) => string }[] = [
    { matches: ({ address, port: at }) => at === port.hostPort && address === podAddress, host: () => podAddress },
    { matches: ({ address, port: at }) => at === port.hostPort && everywhere(address), host: () => podAddress },
    { matches: ({ address, port: at }) => at === port.hostPort && address === loopback, host: () => loopback },
    { matches: ({ address, port: at }) => at === port.hostPort && address === "::1", host: () => "::1" },
    {
      matches: (listener) => listener.port === port.containerPort && listener.address === podAddress && isOwn(listener),
      host: () => podAddress,
    },
    {
      matches: (listener) => listener.port === port.containerPort && everywhere(listener.address) && isOwn(listener),
      host: () => podAddress,
    },
    {
      matches: (listener) => listener.port === port.containerPort && isOwn(listener),
      host: ({ address }) => address,
    },
  ];
  for (const { matches, host } of candidates) {
    const listener = listeners.find(matches);
    if (listener !== undefined) return { host: host(listener), port: listener.port };
  }
  return undefined;
}
