import {
  at,
  choice,
  described,
  flag,
  integer,
  intOrString,
  keyed,
  list,
  object,
  port,
  text,
  textList,
  textMap,
} from "../../schema/build.ts";
import { condition } from "../meta-schema.ts";

// Fields, numbers and descriptions of https://kubernetes.io/docs/reference/kubernetes-api/ (Apache-2.0).

const servicePort = object(
  "ServicePort contains information on service's port.",
  {
    name: at(1, text("The name of this port within the service.")),
    protocol: at(2, choice("The IP protocol for this port.", ["TCP", "UDP", "SCTP"], { default: "TCP" })),
    appProtocol: at(6, text("The application protocol for this port.")),
    port: at(3, port("The port that will be exposed by this service.")),
    targetPort: at(4, intOrString("Number or name of the port to access on the pods targeted by the service.")),
    nodePort: at(
      5,
      integer("The port on each node on which this service is exposed when type is NodePort or LoadBalancer.", {
        minimum: 0,
        maximum: 65535,
      }),
    ),
  },
  { required: ["port"] },
);

const clientIPConfig = object("ClientIPConfig represents the configurations of Client IP based session affinity.", {
  timeoutSeconds: at(
    1,
    integer("TimeoutSeconds specifies the seconds of ClientIP type session sticky time.", {
      minimum: 1,
      maximum: 86400,
    }),
  ),
});

const sessionAffinityConfig = object("SessionAffinityConfig represents the configurations of session affinity.", {
  clientIP: at(
    1,
    described("ClientIP contains the configurations of Client IP based session affinity.", clientIPConfig),
  ),
});

export const serviceSpec = object("ServiceSpec describes the attributes that a user creates on a service.", {
  ports: at(1, keyed("The list of ports that are exposed by this service.", ["port", "protocol"], servicePort)),
  selector: at(
    2,
    textMap("Route service traffic to pods with label keys and values matching this selector.", {
      "x-kubernetes-map-type": "atomic",
    }),
  ),
  clusterIP: at(3, text("ClusterIP is the IP address of the service and is usually assigned randomly.")),
  clusterIPs: at(
    18,
    textList("ClusterIPs is a list of IP addresses assigned to this service, and are usually assigned randomly."),
  ),
  type: at(
    4,
    choice("Type determines how the Service is exposed.", ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"], {
      default: "ClusterIP",
    }),
  ),
  externalIPs: at(
    5,
    textList(
      "ExternalIPs is a list of IP addresses for which nodes in the cluster will also accept traffic for this service.",
    ),
  ),
  sessionAffinity: at(7, choice("Supports 'ClientIP' and 'None'.", ["ClientIP", "None"], { default: "None" })),
  loadBalancerIP: at(8, text("Only applies to Service Type.")),
  loadBalancerSourceRanges: at(
    9,
    textList(
      "If specified and supported by the platform, this will restrict traffic through the cloud-provider load-balancer will be restricted to the …",
    ),
  ),
  externalName: at(
    10,
    text(
      "ExternalName is the external reference that discovery mechanisms will return as an alias for this service (e.g.",
    ),
  ),
  externalTrafficPolicy: at(
    11,
    choice(
      "ExternalTrafficPolicy describes how nodes distribute service traffic they receive on one of the Service's 'externally-facing' addresses …",
      ["Cluster", "Local"],
    ),
  ),
  healthCheckNodePort: at(
    12,
    integer("HealthCheckNodePort specifies the healthcheck nodePort for the service.", { minimum: 0, maximum: 65535 }),
  ),
  publishNotReadyAddresses: at(
    13,
    flag(
      "PublishNotReadyAddresses indicates that any agent which deals with endpoints for this Service should disregard any indications of …",
    ),
  ),
  sessionAffinityConfig: at(
    14,
    described("SessionAffinityConfig contains the configurations of session affinity.", sessionAffinityConfig),
  ),
  ipFamilies: at(19, textList("IPFamilies is a list of IP families (e.g.")),
  ipFamilyPolicy: at(17, text("IPFamilyPolicy represents the dual-stack-ness requested or required by this Service.")),
  allocateLoadBalancerNodePorts: at(
    20,
    flag(
      "AllocateLoadBalancerNodePorts defines if NodePorts will be automatically allocated for services with type LoadBalancer.",
    ),
  ),
  loadBalancerClass: at(
    21,
    text("LoadBalancerClass is the class of the load balancer implementation this Service belongs to."),
  ),
  internalTrafficPolicy: at(
    22,
    choice(
      "InternalTrafficPolicy describes how nodes distribute service traffic they receive on the ClusterIP.",
      ["Cluster", "Local"],
      { default: "Cluster" },
    ),
  ),
  trafficDistribution: at(
    23,
    text(
      "TrafficDistribution offers a way to express preferences for how traffic is distributed to Service endpoints.",
    ),
  ),
});

const portStatus = object(
  "PortStatus represents the error condition of a service port.",
  {
    port: at(1, integer("Port is the port number of the service port of which status is recorded here.")),
    protocol: at(
      2,
      text("Protocol is the protocol of the service port of which status is recorded here The supported values are."),
    ),
    error: at(
      3,
      text(
        "Error is to record the problem with the service port The format of the error shall comply with the following rules.",
      ),
    ),
  },
  { required: ["port", "protocol"] },
);

const loadBalancerIngress = object("LoadBalancerIngress represents the status of a load-balancer ingress point.", {
  ip: at(
    1,
    text("IP is set for load-balancer ingress points that are IP based (typically GCE or OpenStack load-balancers)."),
  ),
  hostname: at(
    2,
    text("Hostname is set for load-balancer ingress points that are DNS based (typically AWS load-balancers)."),
  ),
  ipMode: at(
    3,
    text(
      "IPMode specifies how the load-balancer IP behaves, and may only be specified when the ip field is specified.",
    ),
  ),
  ports: at(
    4,
    list(
      "Ports is a list of records of service ports If used, every port defined in the service should have an entry in it.",
      portStatus,
    ),
  ),
});

const loadBalancerStatus = object("LoadBalancerStatus represents the status of a load-balancer.", {
  ingress: at(1, list("Ingress is a list containing ingress points for the load-balancer.", loadBalancerIngress)),
});

export const serviceStatus = object("ServiceStatus represents the current status of a service.", {
  loadBalancer: at(
    1,
    described("LoadBalancer contains the current status of the load-balancer, if one is present.", loadBalancerStatus),
  ),
  conditions: at(2, keyed("Current service state.", ["type"], condition, { "x-sluice-doubles": "allowed" })),
});
