import {
  at,
  choice,
  described,
  flag,
  integer,
  keyed,
  list,
  long,
  mapOf,
  object,
  quantity,
  text,
  textList,
  textMap,
} from "../../schema/build.ts";
import { objectMeta } from "../meta-schema.ts";
import { containerSchema, ephemeralContainer, resourceRequirements } from "./container-schema.ts";
import { localObjectReference } from "./reference-schema.ts";
import { affinity, toleration, topologySpreadConstraint } from "./scheduling-schema.ts";
import { podSecurityContext } from "./security-schema.ts";
import { volumeSchema } from "./volume-schema.ts";

// Fields, numbers and descriptions of https://kubernetes.io/docs/reference/kubernetes-api/ (Apache-2.0).

const hostAlias = object(
  "HostAlias holds the mapping between IP and hostnames that will be injected as an entry in the pod's hosts file.",
  {
    ip: at(1, text("IP address of the host file entry.")),
    hostnames: at(2, textList("Hostnames for the above IP address.")),
  },
  { required: ["ip"] },
);

const podDNSConfigOption = object("PodDNSConfigOption defines DNS resolver options of a pod.", {
  name: at(1, text("Name is this DNS resolver option's name.")),
  value: at(2, text("Value is this DNS resolver option's value.")),
});

const podDNSConfig = object(
  "PodDNSConfig defines the DNS parameters of a pod in addition to those generated from DNSPolicy.",
  {
    nameservers: at(1, textList("A list of DNS name server IP addresses.")),
    searches: at(2, textList("A list of DNS search domains for host-name lookup.")),
    options: at(3, list("A list of DNS resolver options.", podDNSConfigOption)),
  },
);

const podReadinessGate = object(
  "PodReadinessGate contains the reference to a pod condition.",
  {
    conditionType: at(1, text("ConditionType refers to a condition in the pod's condition list with matching type.")),
  },
  { required: ["conditionType"] },
);

const podOS = object(
  "PodOS defines the OS parameters of a pod.",
  {
    name: at(1, text("Name is the name of the operating system.")),
  },
  { required: ["name"] },
);

const podSchedulingGate = object(
  "PodSchedulingGate is associated to a Pod to guard its scheduling.",
  {
    name: at(1, text("Name of the scheduling gate.")),
  },
  { required: ["name"] },
);

const podResourceClaim = object(
  "PodResourceClaim references exactly one ResourceClaim, either directly or by naming a ResourceClaimTemplate which is then turned into a …",
  {
    name: at(1, text("Name uniquely identifies this resource claim inside the pod.")),
    resourceClaimName: at(
      3,
      text("ResourceClaimName is the name of a ResourceClaim object in the same namespace as this pod."),
    ),
    resourceClaimTemplateName: at(
      4,
      text(
        "ResourceClaimTemplateName is the name of a ResourceClaimTemplate object in the same namespace as this pod.",
      ),
    ),
  },
  { required: ["name"] },
);

export const podSpec = object(
  "PodSpec is a description of a pod.",
  {
    volumes: at(
      1,
      keyed("List of volumes that can be mounted by containers belonging to the pod.", ["name"], volumeSchema, {
        "x-kubernetes-patch-strategy": "merge,retainKeys",
      }),
    ),
    initContainers: at(20, keyed("List of initialization containers belonging to the pod.", ["name"], containerSchema)),
    resources: at(40, described("What the Pod as a whole may use.", resourceRequirements)),
    hostnameOverride: at(41, text("The host name as the Pod sees it, whatever its name.")),
    containers: at(2, keyed("List of containers belonging to the pod.", ["name"], containerSchema, { minItems: 1 })),
    ephemeralContainers: at(34, keyed("List of ephemeral containers run in this pod.", ["name"], ephemeralContainer)),
    restartPolicy: at(
      3,
      choice("Restart policy for all containers within the pod.", ["Always", "Never", "OnFailure"], {
        default: "Always",
      }),
    ),
    terminationGracePeriodSeconds: at(
      4,
      long("Optional duration in seconds the pod needs to terminate gracefully.", { default: 30, minimum: 0 }),
    ),
    activeDeadlineSeconds: at(
      5,
      long(
        "Optional duration in seconds the pod may be active on the node relative to StartTime before the system will actively try to mark it failed …",
        { minimum: 1, maximum: 2147483647 },
      ),
    ),
    dnsPolicy: at(
      6,
      choice("Set DNS policy for the pod.", ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"], {
        default: "ClusterFirst",
      }),
    ),
    nodeSelector: at(
      7,
      textMap("NodeSelector is a selector which must be true for the pod to fit on a node.", {
        "x-kubernetes-map-type": "atomic",
      }),
    ),
    serviceAccountName: at(8, text("ServiceAccountName is the name of the ServiceAccount to use to run this pod.")),
    serviceAccount: at(9, text("DeprecatedServiceAccount is a deprecated alias for ServiceAccountName.")),
    automountServiceAccountToken: at(
      21,
      flag("AutomountServiceAccountToken indicates whether a service account token should be automatically mounted."),
    ),
    nodeName: at(10, text("NodeName indicates in which node this pod is scheduled.")),
    hostNetwork: at(11, flag("Host networking requested for this pod.")),
    hostPID: at(12, flag("Use the host's pid namespace.")),
    hostIPC: at(13, flag("Use the host's ipc namespace.")),
    shareProcessNamespace: at(27, flag("Share a single process namespace between all of the containers in a pod.")),
    securityContext: at(14, {
      ...podSecurityContext,
      description: "SecurityContext holds pod-level security attributes and common container settings.",
      default: {},
    }),
    imagePullSecrets: at(
      15,
      keyed(
        "ImagePullSecrets is an optional list of references to secrets in the same namespace to use for pulling any of the images used by this …",
        ["name"],
        localObjectReference,
        { "x-sluice-doubles": "allowed" },
      ),
    ),
    hostname: at(
      16,
      text(
        "Specifies the hostname of the Pod If not specified, the pod's hostname will be set to a system-defined value.",
      ),
    ),
    subdomain: at(
      17,
      text(
        "If specified, the fully qualified Pod hostname will be '<hostname>.<subdomain>.<pod namespace>.svc.<cluster domain>'.",
      ),
    ),
    affinity: at(18, described("If specified, the pod's scheduling constraints.", affinity)),
    schedulerName: at(
      19,
      text("If specified, the pod will be dispatched by specified scheduler.", { default: "default-scheduler" }),
    ),
    tolerations: at(22, list("If specified, the pod's tolerations.", toleration)),
    hostAliases: at(
      23,
      keyed(
        "HostAliases is an optional list of hosts and IPs that will be injected into the pod's hosts file if specified.",
        ["ip"],
        hostAlias,
        { "x-sluice-doubles": "allowed" },
      ),
    ),
    priorityClassName: at(24, text("If specified, indicates the pod's priority.")),
    priority: at(25, integer("The priority value.")),
    dnsConfig: at(26, described("Specifies the DNS parameters of a pod.", podDNSConfig)),
    readinessGates: at(
      28,
      list("If specified, all readiness gates will be evaluated for pod readiness.", podReadinessGate),
    ),
    runtimeClassName: at(
      29,
      text(
        "RuntimeClassName refers to a RuntimeClass object in the node.k8s.io group, which should be used to run this pod.",
      ),
    ),
    enableServiceLinks: at(
      30,
      flag(
        "EnableServiceLinks indicates whether information about services should be injected into pod's environment variables, matching the syntax of …",
      ),
    ),
    preemptionPolicy: at(
      31,
      choice("PreemptionPolicy is the Policy for preempting pods with lower priority.", [
        "Never",
        "PreemptLowerPriority",
      ]),
    ),
    overhead: at(
      32,
      mapOf(
        "Overhead represents the resource overhead associated with running a pod for a given RuntimeClass.",
        quantity(""),
      ),
    ),
    topologySpreadConstraints: at(
      33,
      keyed(
        "TopologySpreadConstraints describes how a group of pods ought to spread across topology domains.",
        ["topologyKey", "whenUnsatisfiable"],
        topologySpreadConstraint,
      ),
    ),
    setHostnameAsFQDN: at(
      35,
      flag("If true the pod's hostname will be configured as the pod's FQDN, rather than the leaf name (the default)."),
    ),
    os: at(36, described("Specifies the OS of the containers in the pod.", podOS)),
    hostUsers: at(37, flag("Use the host's user namespace.")),
    schedulingGates: at(
      38,
      keyed(
        "SchedulingGates is an opaque list of values that if specified will block scheduling the pod.",
        ["name"],
        podSchedulingGate,
      ),
    ),
    resourceClaims: at(
      39,
      keyed(
        "ResourceClaims defines which ResourceClaims must be allocated and reserved before the Pod is allowed to start.",
        ["name"],
        podResourceClaim,
        { "x-kubernetes-patch-strategy": "merge,retainKeys" },
      ),
    ),
  },
  { required: ["containers"] },
);

export const podTemplateSpec = object(
  "PodTemplateSpec describes the data a pod should have when created from a template.",
  {
    metadata: at(1, described("Standard object's metadata.", objectMeta)),
    spec: at(2, described("Specification of the desired behavior of the pod.", podSpec)),
  },
  // Kubernetes says so only by refusing a spec without containers.
  { required: ["spec"] },
);
