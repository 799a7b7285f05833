import type { Violation } from "@sluice/kernel";
import type { KindDefinition } from "../../contract/kind-definition.ts";
import { at } from "../../schema/build.ts";
import { checkLabels } from "../../schema/metadata.ts";
import { dnsLabel, ianaServiceName } from "../../schema/names.ts";
import { show } from "../../schema/show.ts";
import { ageColumn, column, joined, nameColumn, wideColumn } from "../columns.ts";
import { resource } from "../meta-schema.ts";
import { doubled, doubles, immutable, invalid, missing, named, notSupported } from "../rules.ts";
import type { Service, ServiceSpec } from "./service.ts";
import { serviceSpec, serviceStatus } from "./service-schema.ts";

export const serviceKind: KindDefinition = {
  group: "",
  versions: ["v1"],
  kind: "Service",
  plural: "services",
  singular: "service",
  shortNames: ["svc"],
  categories: ["all"],
  namespaced: true,
  schema: resource("A name for pods that serve the same.", { spec: at(2, serviceSpec), status: at(3, serviceStatus) }, [
    "spec",
  ]),
  status: true,
  selectableFields: ["spec.clusterIP", "spec.type"],
  strategicMerge: true,
  columns: [
    nameColumn,
    column<Service>("Type", ({ spec }) => spec.type),
    column<Service>("Cluster-IP", ({ spec }) => spec.clusterIP || "<none>"),
    column<Service>("External-IP", ({ spec, status }) =>
      spec.type === "LoadBalancer"
        ? joined(status?.loadBalancer?.ingress?.map(({ ip, hostname }) => hostname ?? ip ?? ""))
        : joined(spec.externalIPs),
    ),
    column<Service>("Port(s)", ({ spec }) =>
      joined(
        spec.ports?.map(({ port, nodePort, protocol }) =>
          nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`,
        ),
      ),
    ),
    ageColumn,
    wideColumn<Service>("Selector", ({ spec }) =>
      joined(Object.entries(spec.selector ?? {}).map(([key, value]) => `${key}=${value}`)),
    ),
  ],
  applyDefaults: (object) => {
    const service = object as Service;
    const ports = service.spec?.ports;
    if (!Array.isArray(ports)) return service;
    return {
      ...service,
      spec: { ...service.spec, ports: ports.map((port) => ({ ...port, targetPort: port.targetPort ?? port.port })) },
    };
  },
  validate: (object, old) => [
    ...checkService((object as Service).spec),
    ...(old === undefined ? [] : checkClusterIp((object as Service).spec, (old as Service).spec)),
  ],
};

/** Ways in from outside the machine. */
const fromOutside = [
  "externalIPs",
  "externalName",
  "healthCheckNodePort",
  "loadBalancerClass",
  "loadBalancerIP",
  "loadBalancerSourceRanges",
] as const satisfies readonly (keyof ServiceSpec)[];
const throughRouter = "ClusterIP: the router serves every Service as NAME.NAMESPACE.localhost";

function checkService(spec: ServiceSpec): readonly Violation[] {
  const violations: Violation[] = [];
  if (spec.type !== undefined && spec.type !== "ClusterIP" && spec.type !== "LoadBalancer") {
    violations.push(notSupported("spec.type", show(spec.type), `${spec.type} services`, throughRouter));
  }
  if (spec.sessionAffinity === "ClientIP") {
    violations.push(
      notSupported(
        "spec.sessionAffinity",
        '"ClientIP"',
        "affinity by client address",
        "the annotation sluice.dev/sticky-cookie on a VirtualService",
      ),
    );
  }
  for (const field of fromOutside) {
    const value = spec[field];
    if (value === undefined || value === "" || value === 0 || (Array.isArray(value) && value.length === 0)) continue;
    violations.push(notSupported(`spec.${field}`, show(value), field, throughRouter));
  }
  checkLabels(spec.selector, "spec.selector", violations);
  const ports = spec.ports ?? [];
  if (ports.length === 0 && spec.clusterIP !== "None") violations.push(missing("spec.ports", "at least one port"));
  for (const [index, { name, targetPort, protocol, nodePort }] of ports.entries()) {
    const path = `spec.ports[${index}]`;
    if (nodePort !== undefined && nodePort !== 0) {
      violations.push(notSupported(`${path}.nodePort`, String(nodePort), "node ports", throughRouter));
    }
    if (name !== undefined && name !== "") violations.push(...named(dnsLabel, `${path}.name`, name));
    else if (ports.length > 1) violations.push(missing(`${path}.name`, "a name, since there are several ports"));
    if (typeof targetPort === "number" && (targetPort < 1 || targetPort > 65_535)) {
      violations.push(invalid({ path: `${path}.targetPort`, found: String(targetPort), expected: "1 to 65535" }));
    } else if (typeof targetPort === "string") {
      violations.push(...named(ianaServiceName, `${path}.targetPort`, targetPort));
    }
    if (protocol === "UDP" || protocol === "SCTP") {
      violations.push(notSupported(`${path}.protocol`, show(protocol), `${protocol} services`, "TCP"));
    }
  }
  for (const { index, name } of doubles(ports.map(({ name }) => name || undefined))) {
    violations.push(doubled(`spec.ports[${index}].name`, name, "the Service's ports"));
  }
  for (const { index, name } of doubles(ports.map(({ port, protocol }) => `${port}/${protocol ?? "TCP"}`))) {
    violations.push(doubled(`spec.ports[${index}].port`, name, "the Service's ports"));
  }
  return violations;
}

/** An address, once given, stays. Leaving it out of an update keeps it. */
const checkClusterIp = (spec: ServiceSpec, old: ServiceSpec): readonly Violation[] =>
  !old.clusterIP || spec.clusterIP === undefined || spec.clusterIP === ""
    ? []
    : immutable("spec.clusterIP", spec.clusterIP, old.clusterIP);
