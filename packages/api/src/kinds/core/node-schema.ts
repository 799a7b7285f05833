import {
  anyObject,
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
  time,
} from "../../schema/build.ts";

// Fields, numbers and descriptions of https://kubernetes.io/docs/reference/kubernetes-api/ (Apache-2.0).

const taint = object(
  "The node this Taint is attached to has the 'effect' on any pod that does not tolerate the Taint.",
  {
    key: at(1, text("Required.")),
    value: at(2, text("The taint value corresponding to the taint key.")),
    effect: at(3, choice("Required.", ["NoExecute", "NoSchedule", "PreferNoSchedule"])),
    timeAdded: at(4, time("TimeAdded represents the time at which the taint was added.")),
  },
  { required: ["key", "effect"] },
);

export const nodeSpec = object("NodeSpec describes the attributes that a node is created with.", {
  podCIDR: at(1, text("PodCIDR represents the pod IP range assigned to the node.")),
  podCIDRs: at(7, textList("PodCIDRs represents the IP ranges assigned to the node for usage by Pods on that node.")),
  providerID: at(3, text("ID of the node assigned by the cloud provider in the format.")),
  unschedulable: at(4, flag("Unschedulable controls node schedulability of new pods.")),
  taints: at(5, list("If specified, the node's taints.", taint)),
  configSource: at(6, anyObject("Deprecated.")),
  externalID: at(2, text("Deprecated.")),
});

const nodeCondition = object(
  "NodeCondition contains condition information for a node.",
  {
    type: at(1, text("Type of node condition.")),
    status: at(2, text("Status of the condition, one of True, False, Unknown.")),
    lastHeartbeatTime: at(3, time("Last time we got an update on a given condition.")),
    lastTransitionTime: at(4, time("Last time the condition transit from one status to another.")),
    reason: at(5, text("(brief) reason for the condition's last transition.")),
    message: at(6, text("Human readable message indicating details about last transition.")),
  },
  { required: ["type", "status"] },
);

const nodeAddress = object(
  "NodeAddress contains information for the node's address.",
  {
    type: at(1, text("Node address type, one of Hostname, ExternalIP or InternalIP.")),
    address: at(2, text("The node address.")),
  },
  { required: ["type", "address"] },
);

const daemonEndpoint = object(
  "DaemonEndpoint contains information about a single Daemon endpoint.",
  {
    Port: at(1, integer("Port number of the given endpoint.")),
  },
  { required: ["Port"] },
);

const nodeDaemonEndpoints = object("NodeDaemonEndpoints lists ports opened by daemons running on the Node.", {
  kubeletEndpoint: at(1, described("Endpoint on which Kubelet is listening.", daemonEndpoint)),
});

const nodeSystemInfo = object(
  "NodeSystemInfo is a set of ids/uuids to uniquely identify the node.",
  {
    machineID: at(1, text("MachineID reported by the node.")),
    systemUUID: at(2, text("SystemUUID reported by the node.")),
    bootID: at(3, text("Boot ID reported by the node.")),
    kernelVersion: at(4, text("Kernel Version reported by the node from 'uname -r' (e.g.")),
    osImage: at(5, text("OS Image reported by the node from /etc/os-release (e.g.")),
    containerRuntimeVersion: at(
      6,
      text("ContainerRuntime Version reported by the node through runtime remote API (e.g."),
    ),
    kubeletVersion: at(7, text("Kubelet Version reported by the node.")),
    kubeProxyVersion: at(8, text("Deprecated.")),
    operatingSystem: at(9, text("The Operating System reported by the node.")),
    architecture: at(10, text("The Architecture reported by the node.")),
  },
  {
    required: [
      "machineID",
      "systemUUID",
      "bootID",
      "kernelVersion",
      "osImage",
      "containerRuntimeVersion",
      "kubeletVersion",
      "kubeProxyVersion",
      "operatingSystem",
      "architecture",
    ],
  },
);

const containerImage = object("Describe a container image.", {
  names: at(1, textList("Names by which this image is known.")),
  sizeBytes: at(2, long("The size of the image in bytes.")),
});

export const nodeStatus = object("NodeStatus is information about the current status of a node.", {
  capacity: at(1, mapOf("Capacity represents the total resources of a node.", quantity(""))),
  allocatable: at(
    2,
    mapOf("Allocatable represents the resources of a node that are available for scheduling.", quantity("")),
  ),
  phase: at(3, text("NodePhase is the recently observed lifecycle phase of the node.")),
  conditions: at(
    4,
    keyed("Conditions is an array of current observed node conditions.", ["type"], nodeCondition, {
      "x-sluice-doubles": "allowed",
    }),
  ),
  addresses: at(
    5,
    keyed("List of addresses reachable to the node.", ["type"], nodeAddress, { "x-sluice-doubles": "allowed" }),
  ),
  daemonEndpoints: at(6, described("Endpoints of daemons running on the Node.", nodeDaemonEndpoints)),
  nodeInfo: at(7, described("Set of ids/uuids to uniquely identify the node.", nodeSystemInfo)),
  images: at(8, list("List of container images on this node.", containerImage)),
  volumesInUse: at(9, textList("List of attachable volumes in use (mounted) by the node.")),
  volumesAttached: at(10, list("", anyObject(""))),
  config: at(11, anyObject("Deprecated.")),
  runtimeHandlers: at(12, list("", anyObject(""))),
  features: at(13, anyObject("What the runtime can do.")),
});
