import {
  at,
  choice,
  count,
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
  time,
} from "../../schema/build.ts";
import { resourceRequirements } from "./container-schema.ts";

// Fields, numbers and descriptions of https://kubernetes.io/docs/reference/kubernetes-api/ (Apache-2.0).

const podCondition = object(
  "PodCondition contains details for the current condition of this pod.",
  {
    observedGeneration: at(7, long("The generation that it was said of.")),
    type: at(1, text("Type is the type of the condition.")),
    status: at(2, text("Status is the status of the condition.")),
    lastProbeTime: at(3, time("Last time we probed the condition.")),
    lastTransitionTime: at(4, time("Last time the condition transitioned from one status to another.")),
    reason: at(5, text("Unique, one-word, CamelCase reason for the condition's last transition.")),
    message: at(6, text("Human-readable message indicating details about last transition.")),
  },
  { required: ["type", "status"] },
);

const hostIP = object(
  "HostIP represents a single IP address allocated to the host.",
  {
    ip: at(1, text("IP is the IP address assigned to the host.")),
  },
  { required: ["ip"] },
);

const podIP = object(
  "PodIP represents a single IP address allocated to the pod.",
  {
    ip: at(1, text("IP is the IP address assigned to the pod.")),
  },
  { required: ["ip"] },
);

const containerStateWaiting = object("ContainerStateWaiting is a waiting state of a container.", {
  reason: at(1, text("(brief) reason the container is not yet running.")),
  message: at(2, text("Message regarding why the container is not yet running.")),
});

const containerStateRunning = object("ContainerStateRunning is a running state of a container.", {
  startedAt: at(1, time("Time at which the container was last (re-)started.")),
});

const containerStateTerminated = object(
  "ContainerStateTerminated is a terminated state of a container.",
  {
    exitCode: at(1, integer("Exit status from the last termination of the container.")),
    signal: at(2, integer("Signal from the last termination of the container.")),
    reason: at(3, text("(brief) reason from the last termination of the container.")),
    message: at(4, text("Message regarding the last termination of the container.")),
    startedAt: at(5, time("Time at which previous execution of the container started.")),
    finishedAt: at(6, time("Time at which the container last terminated.")),
    containerID: at(7, text("Container's ID in the format '<type>://<container_id>'.")),
  },
  { required: ["exitCode"] },
);

const containerState = object("ContainerState holds a possible state of container.", {
  waiting: at(1, described("Details about a waiting container.", containerStateWaiting)),
  running: at(2, described("Details about a running container.", containerStateRunning)),
  terminated: at(3, described("Details about a terminated container.", containerStateTerminated)),
});

const volumeMountStatus = object(
  "VolumeMountStatus shows status of volume mounts.",
  {
    name: at(1, text("Name corresponds to the name of the original VolumeMount.")),
    mountPath: at(2, text("MountPath corresponds to the original VolumeMount.")),
    readOnly: at(3, flag("ReadOnly corresponds to the original VolumeMount.")),
    recursiveReadOnly: at(
      4,
      text("RecursiveReadOnly must be set to Disabled, Enabled, or unspecified (for non-readonly mounts)."),
    ),
  },
  { required: ["name", "mountPath"] },
);

const linuxContainerUser = object(
  "LinuxContainerUser represents user identity information in Linux containers.",
  {
    uid: at(1, long("UID is the primary uid initially attached to the first process in the container.")),
    gid: at(2, long("GID is the primary gid initially attached to the first process in the container.")),
    supplementalGroups: at(
      3,
      list(
        "SupplementalGroups are the supplemental groups initially attached to the first process in the container.",
        long(""),
      ),
    ),
  },
  { required: ["uid", "gid"] },
);

const containerUser = object("ContainerUser represents user identity information.", {
  linux: at(
    1,
    described(
      "Linux holds user identity information initially attached to the first process of the containers in Linux.",
      linuxContainerUser,
    ),
  ),
});

const resourceHealth = object(
  "ResourceHealth represents the health of a resource.",
  {
    resourceID: at(1, text("ResourceID is the unique identifier of the resource.")),
    health: at(2, text("Health of the resource.")),
  },
  { required: ["resourceID"] },
);

const resourceStatus = object(
  "ResourceStatus represents the status of a single resource allocated to a Pod.",
  {
    name: at(1, text("Name of the resource.")),
    resources: at(2, list("List of unique resources health.", resourceHealth)),
  },
  { required: ["name"] },
);

const containerStatus = object(
  "ContainerStatus contains details for the current status of this container.",
  {
    name: at(1, text("Name is a DNS_LABEL representing the unique name of the container.")),
    state: at(2, described("State holds details about the container's current condition.", containerState)),
    lastState: at(
      3,
      described(
        "LastTerminationState holds the last termination state of the container to help debug container crashes and restarts.",
        containerState,
      ),
    ),
    ready: at(4, flag("Ready specifies whether the container is currently passing its readiness check.")),
    stopSignal: at(15, text("The signal that asks it to end.")),
    restartCount: at(5, count("RestartCount holds the number of times the container has been restarted.")),
    image: at(6, text("Image is the name of container image that the container is running.")),
    imageID: at(7, text("ImageID is the image ID of the container's image.")),
    containerID: at(8, text("ContainerID is the ID of the container in the format '<type>://<container_id>'.")),
    started: at(
      9,
      flag(
        "Started indicates whether the container has finished its postStart lifecycle hook and passed its startup probe.",
      ),
    ),
    allocatedResources: at(
      10,
      mapOf(
        "AllocatedResources represents the compute resources allocated for this container by the node.",
        quantity(""),
      ),
    ),
    resources: at(
      11,
      described(
        "Resources represents the compute resource requests and limits that have been successfully enacted on the running container after it has …",
        resourceRequirements,
      ),
    ),
    volumeMounts: at(12, list("Status of volume mounts.", volumeMountStatus)),
    user: at(
      13,
      described(
        "User represents user identity information initially attached to the first process of the container.",
        containerUser,
      ),
    ),
    allocatedResourcesStatus: at(
      14,
      list(
        "AllocatedResourcesStatus represents the status of various resources allocated for this Pod.",
        resourceStatus,
      ),
    ),
  },
  { required: ["name", "ready", "restartCount", "image", "imageID"] },
);

const podResourceClaimStatus = object(
  "PodResourceClaimStatus is stored in the PodStatus for each PodResourceClaim which references a ResourceClaimTemplate.",
  {
    name: at(1, text("Name uniquely identifies this resource claim inside the pod.")),
    resourceClaimName: at(
      2,
      text(
        "ResourceClaimName is the name of the ResourceClaim that was generated for the Pod in the namespace of the Pod.",
      ),
    ),
  },
  { required: ["name"] },
);

export const podStatus = object("PodStatus represents information about the status of a pod.", {
  observedGeneration: at(17, long("The generation that this status is of.")),
  phase: at(
    1,
    choice("The phase of a Pod is a simple, high-level summary of where the Pod is in its lifecycle.", [
      "Failed",
      "Pending",
      "Running",
      "Succeeded",
      "Unknown",
    ]),
  ),
  conditions: at(2, keyed("Current service state of pod.", ["type"], podCondition, { "x-sluice-doubles": "allowed" })),
  message: at(3, text("A human readable message indicating details about why the pod is in this condition.")),
  reason: at(4, text("A brief CamelCase message indicating details about why the pod is in this state.")),
  nominatedNodeName: at(
    11,
    text(
      "NominatedNodeName is set only when this pod preempts other pods on the node, but it cannot be scheduled right away as preemption victims …",
    ),
  ),
  hostIP: at(5, text("HostIP holds the IP address of the host to which the pod is assigned.")),
  hostIPs: at(16, list("HostIPs holds the IP addresses allocated to the host.", hostIP)),
  podIP: at(6, text("PodIP address allocated to the pod.")),
  podIPs: at(
    12,
    keyed("PodIPs holds the IP addresses allocated to the pod.", ["ip"], podIP, {
      "x-sluice-doubles": "allowed",
      "x-kubernetes-patch-strategy": "replace",
    }),
  ),
  startTime: at(7, time("RFC 3339 date and time at which the object was acknowledged by the Kubelet.")),
  initContainerStatuses: at(10, list("Statuses of init containers in this pod.", containerStatus)),
  containerStatuses: at(8, list("Statuses of containers in this pod.", containerStatus)),
  qosClass: at(
    9,
    choice(
      "The Quality of Service (QOS) classification assigned to the pod based on resource requirements See PodQOSClass type for available QOS …",
      ["BestEffort", "Burstable", "Guaranteed"],
    ),
  ),
  ephemeralContainerStatuses: at(
    13,
    list("Statuses for any ephemeral containers that have run in this pod.", containerStatus),
  ),
  resize: at(14, text("Status of resources resize desired for pod's containers.")),
  resourceClaimStatuses: at(15, list("Status of resource claims.", podResourceClaimStatus)),
});
