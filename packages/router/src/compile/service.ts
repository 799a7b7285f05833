import type { DestinationRule, Endpoint, EndpointSlice, Pod, Service, ServicePort } from "@sluice/api";
import type { EndpointEntry, ServiceEntry, ServicePortEntry } from "../table.ts";
import { type LabelledEndpoint, oneSide } from "./one-side.ts";
import { type Report, type RouteProblem, reportTo } from "./problem.ts";

export interface ServiceInputs {
  readonly service: Service;
  readonly slices: readonly EndpointSlice[];
  /** By name, of the Service's namespace. */
  readonly pods: ReadonlyMap<string, Pod>;
  /** Those for this host, oldest first. */
  readonly rules: readonly DestinationRule[];
}

type Labels = Readonly<Record<string, string>>;

const noLabels: Labels = {};

/** One Service with its endpoints and subsets, as the table holds it. */
export function compileService(inputs: ServiceInputs, problems: RouteProblem[]): ServiceEntry {
  const { service } = inputs;
  const report = reportTo(problems, service);
  if (service.spec.type === "ExternalName") {
    report("spec.type", "ExternalName", "ClusterIP, NodePort or LoadBalancer", "the router reaches Pods only");
  }
  if (service.spec.type === "NodePort" || service.spec.type === "LoadBalancer") {
    report(
      "spec.type",
      service.spec.type,
      "ClusterIP",
      "it is reached through the router; no port of its own is opened",
    );
  }
  if (service.spec.sessionAffinity === "ClientIP") {
    const repair = "annotate a VirtualService with sluice.dev/sticky-cookie";
    report("spec.sessionAffinity", "ClientIP", "None", repair);
  }
  const ports = (service.spec.ports ?? []).filter((port, index) => isRoutable(port, index, report));
  const endpoints = endpointsOf(inputs, ports);
  const subsets = subsetsOf(inputs, endpoints, problems);
  const { clusterIP } = service.spec;
  return {
    namespace: service.metadata.namespace ?? "default",
    name: service.metadata.name,
    ...(clusterIP === undefined || clusterIP === "" || clusterIP === "None" ? {} : { clusterIP }),
    ports: ports.map(
      (port): ServicePortEntry => ({
        ...(port.name === undefined ? {} : { name: port.name }),
        number: port.port,
        protocol: protocolOf(port),
      }),
    ),
    endpoints: endpoints.map(({ entry }) => entry),
    ...(subsets === undefined ? {} : { subsets }),
  };
}

function isRoutable(port: ServicePort, index: number, report: Report): boolean {
  if (port.protocol === undefined || port.protocol === "TCP") return true;
  report(`spec.ports[${index}].protocol`, port.protocol, "TCP");
  return false;
}

/** https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/ */
function protocolOf(port: ServicePort): ServicePortEntry["protocol"] {
  const said = port.appProtocol ?? port.name?.split("-", 1)[0] ?? "";
  const protocol = said.toLowerCase();
  if (protocol === "http") return "http";
  const others = ["tcp", "tls", "https", "http2", "grpc", "mongo", "mysql", "redis", "kubernetes.io/h2c"];
  return others.includes(protocol) ? "tcp" : "detect";
}

function endpointsOf(inputs: ServiceInputs, ports: readonly ServicePort[]): readonly LabelledEndpoint[] {
  const found = new Map<string, LabelledEndpoint>();
  for (const slice of inputs.slices) {
    for (const endpoint of slice.endpoints ?? []) {
      const address = endpoint.addresses[0];
      if (address === undefined) continue;
      const pod = endpoint.targetRef?.kind === "Pod" ? inputs.pods.get(endpoint.targetRef.name ?? "") : undefined;
      const labels = pod === undefined ? undefined : (pod.metadata.labels ?? noLabels);
      const numbers = ports.map((port) => portOf(port, slice, pod));
      const entry: EndpointEntry = {
        uid: endpoint.targetRef?.uid ?? pod?.metadata.uid ?? `${address}:${numbers.join(":")}`,
        ...(endpoint.targetRef?.name === undefined ? {} : { pod: endpoint.targetRef.name }),
        address,
        ports: numbers,
        ...stateOf(endpoint),
        ...versionOf(labels ?? noLabels),
      };
      const known = found.get(entry.uid);
      // A Pod moving between slices stands in both for a moment, and one with a port in each of two belongs to both.
      found.set(entry.uid, known === undefined ? { entry, labels } : { entry: merge(known.entry, entry), labels });
    }
  }
  const all = [...found.values()].sort((a, b) => (a.entry.uid < b.entry.uid ? -1 : 1));
  return oneSide(inputs.service, all);
}

const merge = (a: EndpointEntry, b: EndpointEntry): EndpointEntry => ({
  ...(a.state === undefined ? a : b),
  ports: a.ports.map((port, index) => port || (b.ports[index] ?? 0)),
});

function portOf(port: ServicePort, slice: EndpointSlice, pod: Pod | undefined): number {
  const match = (slice.ports ?? []).find((candidate) => (candidate.name ?? "") === (port.name ?? ""));
  const number = match?.port ?? 0;
  return mappedPorts(pod)[String(number)] ?? number;
}

const noPorts: Readonly<Record<string, number>> = {};

/** Where the agent put a Pod's container ports on this machine. */
function mappedPorts(pod: Pod | undefined): Readonly<Record<string, number>> {
  const text = pod?.metadata.annotations?.["sluice.dev/ports"];
  if (text === undefined) return noPorts;
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, number>) : noPorts;
  } catch {
    return noPorts; // the annotation is the agent's own; a person's edit of it must not stop the table
  }
}

function stateOf(endpoint: Endpoint): { state?: "notReady" | "terminating" } {
  const { ready, serving, terminating } = endpoint.conditions ?? {};
  if (terminating === true) return { state: serving === true ? "terminating" : "notReady" };
  return ready === false ? { state: "notReady" } : {};
}

function versionOf(labels: Labels): { version?: string; hash?: string } {
  const version = labels.version ?? labels["app.kubernetes.io/version"];
  const hash = labels["rollouts-pod-template-hash"] ?? labels["pod-template-hash"];
  return { ...(version === undefined ? {} : { version }), ...(hash === undefined ? {} : { hash }) };
}

function subsetsOf(
  inputs: ServiceInputs,
  endpoints: readonly LabelledEndpoint[],
  problems: RouteProblem[],
): Record<string, number[]> | undefined {
  const subsets: Record<string, number[]> = {};
  let any = false;
  for (const rule of inputs.rules) {
    const report = reportTo(problems, rule);
    for (const [index, subset] of (rule.spec.subsets ?? []).entries()) {
      if (Object.hasOwn(subsets, subset.name)) {
        const repair = "rename it or remove it: the older one is used";
        report(`spec.subsets[${index}].name`, subset.name, "a name no other rule for this host has", repair);
        continue;
      }
      any = true;
      const wanted = Object.entries(subset.labels ?? noLabels);
      subsets[subset.name] = endpoints.flatMap(({ labels }, place) =>
        wanted.every(([name, value]) => labels?.[name] === value) ? [place] : [],
      );
    }
  }
  return any ? subsets : undefined;
}
