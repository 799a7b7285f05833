import { fnv32a, utf8 } from "@sluice/kernel";

/** Where a program on this machine reaches one port of a Service. */
export interface ServiceAddress {
  readonly host: string;
  readonly port: number;
}

export interface ServiceAddressInput {
  readonly namespace: string;
  readonly name: string;
  /** Absent where the system has no addresses to give, as macOS. */
  readonly clusterIP?: string | undefined;
}

const privilegedPorts = 1024;
const localPorts = { first: 30_000, count: 10_000 };

/**
 * The ClusterIP and the port where this process can bind them; else a port of 127.0.0.1 that follows from the names
 * alone, so that it is the same after a restart and for everybody who asks.
 */
export function serviceAddress(
  { namespace, name, clusterIP }: ServiceAddressInput,
  port: number,
  { bindsPrivilegedPorts }: { readonly bindsPrivilegedPorts: boolean },
): ServiceAddress {
  const isOurs = clusterIP?.startsWith("127.") === true;
  if (isOurs && (bindsPrivilegedPorts || port >= privilegedPorts)) return { host: clusterIP, port };
  const hash = fnv32a(utf8(`${namespace}/${name}:${port}`));
  return { host: "127.0.0.1", port: localPorts.first + (hash % localPorts.count) };
}
