import type { Violation } from "@sluice/kernel";
import type { KindDefinition } from "../../contract/kind-definition.ts";
import { at } from "../../schema/build.ts";
import { formatProblem } from "../../schema/formats.ts";
import { show } from "../../schema/show.ts";
import { ageColumn, ageOf, column, joined, nameColumn, wideColumn } from "../columns.ts";
import { resource, whole } from "../meta-schema.ts";
import { immutable, invalid } from "../rules.ts";
import type { EndpointSlice } from "./endpoint-slice.ts";
import { endpointSlice } from "./endpoint-slice-schema.ts";
import type { Event } from "./event.ts";
import { event } from "./event-schema.ts";
import type { Lease } from "./lease.ts";
import { leaseSpec } from "./lease-schema.ts";
import type { Namespace } from "./namespace.ts";
import { namespaceSpec, namespaceStatus } from "./namespace-schema.ts";
import type { Node } from "./node.ts";
import { nodeSpec, nodeStatus } from "./node-schema.ts";
import type { ServiceAccount } from "./service-account.ts";
import { serviceAccount } from "./service-account-schema.ts";

export const namespaceKind: KindDefinition = {
  group: "",
  versions: ["v1"],
  kind: "Namespace",
  plural: "namespaces",
  singular: "namespace",
  shortNames: ["ns"],
  namespaced: false,
  schema: resource("A space of names.", { spec: at(2, namespaceSpec), status: at(3, namespaceStatus) }),
  status: true,
  selectableFields: ["status.phase"],
  strategicMerge: true,
  columns: [nameColumn, column<Namespace>("Status", ({ status }) => status?.phase ?? "Active"), ageColumn],
};

export const eventKind: KindDefinition = {
  group: "",
  versions: ["v1"],
  kind: "Event",
  plural: "events",
  singular: "event",
  shortNames: ["ev"],
  namespaced: true,
  schema: whole(event),
  selectableFields: [
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "source",
    "type",
  ],
  strategicMerge: true,
  columns: [
    column<Event>("Last Seen", ({ lastTimestamp, series, eventTime }, now) =>
      ageOf(series?.lastObservedTime ?? lastTimestamp ?? eventTime, now),
    ),
    column<Event>("Type", ({ type }) => type),
    column<Event>("Reason", ({ reason }) => reason),
    column<Event>("Object", ({ involvedObject: { kind, name } }) => `${kind?.toLowerCase()}/${name}`),
    wideColumn<Event>("Subobject", ({ involvedObject }) => involvedObject.fieldPath ?? ""),
    wideColumn<Event>("Source", ({ source, reportingComponent }) => source?.component ?? reportingComponent ?? ""),
    column<Event>("Message", ({ message }) => message?.trim()),
    wideColumn<Event>("First Seen", ({ firstTimestamp, eventTime }, now) => ageOf(firstTimestamp ?? eventTime, now)),
    wideColumn<Event>("Count", ({ series, count }) => series?.count ?? count ?? 1),
    wideColumn<Event>("Name", ({ metadata }) => metadata.name),
  ],
};

export const serviceAccountKind: KindDefinition = {
  group: "",
  versions: ["v1"],
  kind: "ServiceAccount",
  plural: "serviceaccounts",
  singular: "serviceaccount",
  shortNames: ["sa"],
  namespaced: true,
  schema: whole(serviceAccount),
  strategicMerge: true,
  columns: [nameColumn, column<ServiceAccount>("Secrets", ({ secrets }) => secrets?.length ?? 0), ageColumn],
};

export const nodeKind: KindDefinition = {
  group: "",
  versions: ["v1"],
  kind: "Node",
  plural: "nodes",
  singular: "node",
  shortNames: ["no"],
  namespaced: false,
  schema: resource("This machine.", { spec: at(2, nodeSpec), status: at(3, nodeStatus) }),
  status: true,
  selectableFields: ["spec.unschedulable"],
  strategicMerge: true,
  columns: [
    nameColumn,
    column<Node>("Status", ({ spec, status }) => {
      const ready = status?.conditions?.find(({ type }) => type === "Ready");
      const word = ready === undefined ? "Unknown" : ready.status === "True" ? "Ready" : "NotReady";
      return spec?.unschedulable === true ? `${word},SchedulingDisabled` : word;
    }),
    column<Node>("Roles", ({ metadata }) =>
      joined(
        Object.keys(metadata.labels ?? {})
          .filter((label) => label.startsWith("node-role.kubernetes.io/"))
          .map((label) => label.slice("node-role.kubernetes.io/".length)),
      ),
    ),
    ageColumn,
    column<Node>("Version", ({ status }) => status?.nodeInfo?.kubeletVersion),
    wideColumn<Node>("Internal-IP", (node) => addressOf(node, "InternalIP")),
    wideColumn<Node>("External-IP", (node) => addressOf(node, "ExternalIP")),
    wideColumn<Node>("OS-Image", ({ status }) => status?.nodeInfo?.osImage ?? "<unknown>"),
    wideColumn<Node>("Kernel-Version", ({ status }) => status?.nodeInfo?.kernelVersion ?? "<unknown>"),
    wideColumn<Node>("Container-Runtime", ({ status }) => status?.nodeInfo?.containerRuntimeVersion ?? "<unknown>"),
  ],
};

const addressOf = ({ status }: Node, wanted: string): string =>
  status?.addresses?.find(({ type }) => type === wanted)?.address ?? "<none>";

export const endpointSliceKind: KindDefinition = {
  group: "discovery.k8s.io",
  versions: ["v1"],
  kind: "EndpointSlice",
  plural: "endpointslices",
  singular: "endpointslice",
  namespaced: true,
  schema: whole(endpointSlice),
  strategicMerge: true,
  columns: [
    nameColumn,
    column<EndpointSlice>("AddressType", ({ addressType }) => addressType),
    column<EndpointSlice>("Ports", ({ ports }) =>
      ports === undefined || ports.length === 0 ? "<unset>" : ports.map(({ port }) => port ?? "*").join(","),
    ),
    column<EndpointSlice>("Endpoints", ({ endpoints }) =>
      endpoints === undefined || endpoints.length === 0
        ? "<unset>"
        : endpoints.flatMap(({ addresses }) => addresses).join(","),
    ),
    ageColumn,
  ],
  applyDefaults: (object) => {
    const slice = object as EndpointSlice;
    return slice.endpoints === undefined ? ({ ...slice, endpoints: [] } as EndpointSlice) : slice;
  },
  validate: (object, old) => {
    const slice = object as EndpointSlice;
    return [
      ...(old === undefined ? [] : immutable("addressType", slice.addressType, (old as EndpointSlice).addressType)),
      ...(slice.endpoints ?? []).flatMap((endpoint, index) =>
        checkAddresses(slice.addressType, endpoint.addresses, index),
      ),
    ];
  },
};

function checkAddresses(type: string, addresses: readonly string[], index: number): readonly Violation[] {
  const format = type === "IPv4" ? "ipv4" : type === "IPv6" ? "ipv6" : "hostname";
  return addresses.flatMap((address, at) => {
    const expected = formatProblem(format, address);
    return expected === undefined
      ? []
      : [invalid({ path: `endpoints[${index}].addresses[${at}]`, found: show(address), expected })];
  });
}

export const leaseKind: KindDefinition = {
  group: "coordination.k8s.io",
  versions: ["v1"],
  kind: "Lease",
  plural: "leases",
  singular: "lease",
  namespaced: true,
  schema: resource("Who holds something, and until when.", { spec: at(2, leaseSpec) }),
  strategicMerge: true,
  columns: [nameColumn, column<Lease>("Holder", ({ spec }) => spec?.holderIdentity), ageColumn],
};
