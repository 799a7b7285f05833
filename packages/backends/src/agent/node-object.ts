import { readFileSync } from "node:fs";
import { arch, cpus, hostname, platform, release, totalmem } from "node:os";
import { type Client, hasReason, type Node, type Resource } from "@sluice/api";
import { type Clock, formatInstant, millis, sameJson, seconds } from "@sluice/kernel";
import type { Limiter } from "./process/cgroup.ts";
import { bootId } from "./process/identity.ts";
import type { AgentLog } from "./worker/tools.ts";

export interface NodeOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly name: string;
  readonly limiter: Limiter;
  readonly hasManyAddresses: boolean;
  readonly version: string;
  readonly log: AgentLog;
  readonly isStopped: () => boolean;
}

/** Makes this machine known as a Node, and keeps trying until that was heard. */
export async function registerNode(options: NodeOptions): Promise<void> {
  const { client, clock, name, log, isStopped } = options;
  const key = { apiVersion: "v1", kind: "Node", name };
  for (let attempt = 0; !isStopped(); attempt++) {
    try {
      const known = (await client.get<Node>(key)) ?? (await create(client, name));
      const status = nodeStatus(options, known);
      if (!sameJson(known.status, status)) {
        const operations = [{ op: "add", path: "/status", value: status }];
        await client.patch(key, { type: "json", operations }, { subresource: "status", fieldManager: "sluice-agent" });
      }
      return;
    } catch (thrown) {
      if (hasReason(thrown, "NotFound") && attempt > 3) {
        log("warn", "the API serves no Nodes; this one stays unregistered");
        return;
      }
      await new Promise<void>((resolve) => clock.after(millis(Math.min(seconds(5), 100 * 2 ** attempt)), resolve));
    }
  }
}

const create = (client: Client, name: string): Promise<Node> =>
  client.create({
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      labels: {
        "kubernetes.io/hostname": hostname(),
        "kubernetes.io/os": platform(),
        "kubernetes.io/arch": architecture(),
      },
    },
  } as Resource) as Promise<Node>;

/** By Go's names, which people's selectors and images use. */
const architecture = (): string => {
  switch (arch()) {
    case "x64":
      return "amd64";
    case "ia32":
      return "386";
    default:
      return arch();
  }
};

function nodeStatus(
  { clock, limiter, hasManyAddresses, version }: NodeOptions,
  known: Node,
): NonNullable<Node["status"]> {
  const since = (type: string, status: string) => {
    const before = known.status?.conditions?.find((condition) => condition.type === type);
    const kept = before?.status === status ? before.lastTransitionTime : undefined;
    return kept ?? formatInstant(clock.now());
  };
  const condition = (type: string, isTrue: boolean, reason: string, message: string) => {
    const status = isTrue ? ("True" as const) : ("False" as const);
    return { type, status, reason, message, lastTransitionTime: since(type, status) };
  };
  const amounts = { cpu: String(cpus().length), memory: `${Math.floor(totalmem() / 1024)}Ki`, pods: "1000" };
  return {
    capacity: amounts,
    allocatable: amounts,
    addresses: [
      { type: "InternalIP", address: "127.0.0.1" },
      { type: "Hostname", address: hostname() },
    ],
    conditions: [
      condition("Ready", true, "AgentReady", "the node agent runs Pods as processes"),
      condition(
        "ResourceLimits",
        limiter.mechanism !== "none",
        limiter.mechanism === "none" ? "NotEnforced" : "Enforced",
        `${limiter.mechanism}: ${limiter.because}`,
      ),
      condition(
        "PodAddresses",
        hasManyAddresses,
        hasManyAddresses ? "LoopbackRange" : "OneAddress",
        hasManyAddresses
          ? "each Pod has a loopback address of its own"
          : "this system binds 127.0.0.1 only: programs must read PORT",
      ),
    ],
    nodeInfo: {
      machineID: machineId(),
      systemUUID: machineId(),
      bootID: bootId(),
      kernelVersion: release(),
      osImage: platform(),
      containerRuntimeVersion: `sluice://${version}`,
      kubeletVersion: `v${version}`,
      kubeProxyVersion: `v${version}`,
      operatingSystem: platform(),
      architecture: architecture(),
    },
  };
}

function machineId(): string {
  try {
    return readFileSync("/etc/machine-id", "utf8").trim();
  } catch {
    return hostname();
  }
}
