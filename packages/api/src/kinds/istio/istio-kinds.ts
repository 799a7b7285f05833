import type { KindDefinition } from "../../contract/kind-definition.ts";
import { ageColumn, column, fieldColumn, nameColumn } from "../columns.ts";
import { resource } from "../meta-schema.ts";
import { doubled, doubles } from "../rules.ts";
import type { DestinationRule } from "./destination-rule.ts";
import { anyStatus, destinationRuleSpec, gatewaySpec, virtualServiceSpec } from "./istio-schema.ts";
import type { VirtualService } from "./virtual-service.ts";
import { checkVirtualService } from "./virtual-service-rules.ts";

const istio = {
  group: "networking.istio.io",
  versions: ["v1", "v1beta1", "v1alpha3"],
  namespaced: true,
  categories: ["istio-io", "networking-istio-io"],
} as const;

export const virtualServiceKind: KindDefinition = {
  ...istio,
  kind: "VirtualService",
  plural: "virtualservices",
  singular: "virtualservice",
  shortNames: ["vs"],
  schema: resource("How requests to hosts are routed.", { spec: virtualServiceSpec, status: anyStatus }, ["spec"]),
  status: true,
  columns: [
    nameColumn,
    column<VirtualService>("Gateways", ({ spec }) =>
      spec.gateways === undefined ? "" : JSON.stringify(spec.gateways),
    ),
    column<VirtualService>("Hosts", ({ spec }) => (spec.hosts === undefined ? "" : JSON.stringify(spec.hosts))),
    ageColumn,
  ],
  validate: (object) => checkVirtualService(object as VirtualService),
};

export const destinationRuleKind: KindDefinition = {
  ...istio,
  kind: "DestinationRule",
  plural: "destinationrules",
  singular: "destinationrule",
  shortNames: ["dr"],
  schema: resource("The versions of a Service.", { spec: destinationRuleSpec, status: anyStatus }, ["spec"]),
  status: true,
  columns: [nameColumn, fieldColumn("Host", "spec.host"), ageColumn],
  validate: (object) =>
    doubles(((object as DestinationRule).spec.subsets ?? []).map(({ name }) => name)).map(({ index, name }) =>
      doubled(`spec.subsets[${index}].name`, name, "the rule's subsets"),
    ),
};

export const gatewayKind: KindDefinition = {
  ...istio,
  kind: "Gateway",
  plural: "gateways",
  singular: "gateway",
  shortNames: ["gw"],
  schema: resource("Accepted and not needed.", { spec: gatewaySpec, status: anyStatus }, ["spec"]),
  status: true,
  columns: [nameColumn, ageColumn],
};
