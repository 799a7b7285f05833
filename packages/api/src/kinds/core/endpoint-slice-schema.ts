import { at, choice, described, flag, integer, list, object, text, textList, textMap } from "../../schema/build.ts";
import { objectMeta } from "../meta-schema.ts";
import { objectReference } from "./reference-schema.ts";

// Fields, numbers and descriptions of https://kubernetes.io/docs/reference/kubernetes-api/ (Apache-2.0).

const endpointConditions = object("EndpointConditions represents the current condition of an endpoint.", {
  ready: at(
    1,
    flag(
      "Ready indicates that this endpoint is ready to receive traffic, according to whatever system is managing the endpoint.",
    ),
  ),
  serving: at(
    2,
    flag(
      "Serving indicates that this endpoint is able to receive traffic, according to whatever system is managing the endpoint.",
    ),
  ),
  terminating: at(3, flag("Terminating indicates that this endpoint is terminating.")),
});

const forZone = object(
  "ForZone provides information about which zones should consume this endpoint.",
  {
    name: at(1, text("Name represents the name of the zone.")),
  },
  { required: ["name"] },
);

const endpointHints = object("EndpointHints provides hints describing how an endpoint should be consumed.", {
  forZones: at(
    1,
    list(
      "ForZones indicates the zone(s) this endpoint should be consumed by when using topology aware routing.",
      forZone,
    ),
  ),
});

const endpoint = object(
  "Endpoint represents a single logical 'backend' implementing a service.",
  {
    addresses: at(1, textList("Addresses of this endpoint.")),
    conditions: at(
      2,
      described("Conditions contains information about the current status of the endpoint.", endpointConditions),
    ),
    hostname: at(3, text("Hostname of this endpoint.")),
    targetRef: at(
      4,
      described("TargetRef is a reference to a Kubernetes object that represents this endpoint.", objectReference),
    ),
    deprecatedTopology: at(5, textMap("DeprecatedTopology contains topology information part of the v1beta1 API.")),
    nodeName: at(6, text("NodeName represents the name of the Node hosting this endpoint.")),
    zone: at(7, text("Zone is the name of the Zone this endpoint exists in.")),
    hints: at(
      8,
      described("Hints contains information associated with how an endpoint should be consumed.", endpointHints),
    ),
  },
  { required: ["addresses"] },
);

const endpointPort = object("EndpointPort represents a Port used by an EndpointSlice.", {
  name: at(1, text("Name represents the name of this port.", { default: "" })),
  protocol: at(
    2,
    choice("Protocol represents the IP protocol for this port.", ["TCP", "UDP", "SCTP"], { default: "TCP" }),
  ),
  port: at(3, integer("Port represents the port number of the endpoint.")),
  appProtocol: at(4, text("The application protocol for this port.")),
});

export const endpointSlice = object(
  "EndpointSlice represents a set of service endpoints.",
  {
    metadata: at(1, described("Standard object's metadata.", objectMeta)),
    addressType: at(
      4,
      choice("AddressType specifies the type of address carried by this EndpointSlice.", ["FQDN", "IPv4", "IPv6"]),
    ),
    endpoints: at(2, list("Endpoints is a list of unique endpoints in this slice.", endpoint)),
    ports: at(
      3,
      list("Ports specifies the list of network ports exposed by each endpoint in this slice.", endpointPort),
    ),
  },
  { required: ["addressType"] },
);
