import {
  at,
  choice,
  described,
  flag,
  integer,
  keyed,
  list,
  mapOf,
  object,
  port,
  quantity,
  refused,
  text,
  textList,
  within,
} from "../../schema/build.ts";
import { envFromSource, envVar } from "./environment-schema.ts";
import { lifecycle, probe } from "./probe-schema.ts";
import { securityContext } from "./security-schema.ts";

// Fields, numbers and descriptions of https://kubernetes.io/docs/reference/kubernetes-api/ (Apache-2.0).

const containerPort = object(
  "ContainerPort represents a network port in a single container.",
  {
    name: at(1, text("If specified, this must be an IANA_SVC_NAME and unique within the pod.")),
    hostPort: at(2, integer("Number of port to expose on the host.", { minimum: 0, maximum: 65535 })),
    containerPort: at(3, port("Number of port to expose on the pod's IP address.")),
    protocol: at(4, choice("Protocol for port.", ["TCP", "UDP", "SCTP"], { default: "TCP" })),
    hostIP: at(5, text("What host IP to bind the external port to.")),
  },
  { required: ["containerPort"] },
);

const resourceClaim = object(
  "ResourceClaim references one entry in PodSpec.ResourceClaims.",
  {
    name: at(
      1,
      text("Name must match the name of one entry in pod.spec.resourceClaims of the Pod where this field is used."),
    ),
    request: at(2, text("Request is the name chosen for a request in the referenced claim.")),
  },
  { required: ["name"] },
);

export const resourceRequirements = object("ResourceRequirements describes the compute resource requirements.", {
  limits: at(1, mapOf("Limits describes the maximum amount of compute resources allowed.", quantity(""))),
  requests: at(2, mapOf("Requests describes the minimum amount of compute resources required.", quantity(""))),
  claims: at(
    3,
    keyed(
      "Claims lists the names of resources, defined in spec.resourceClaims, that are used by this container.",
      ["name"],
      resourceClaim,
      { "x-kubernetes-patch-strategy": "replace" },
    ),
  ),
});

const containerResizePolicy = object(
  "ContainerResizePolicy represents resource resize policy for the container.",
  {
    resourceName: at(1, text("Name of the resource to which this resource resize policy applies.")),
    restartPolicy: at(2, text("Restart policy to apply when specified resource is resized.")),
  },
  { required: ["resourceName", "restartPolicy"] },
);

const volumeMount = object(
  "VolumeMount describes a mounting of a Volume within a container.",
  {
    name: at(1, text("This must match the Name of a Volume.")),
    readOnly: at(2, flag("Mounted read-only if true, read-write otherwise (false or unspecified).")),
    recursiveReadOnly: at(
      7,
      text("RecursiveReadOnly specifies whether read-only mounts should be handled recursively."),
    ),
    mountPath: at(3, text("Path within the container at which the volume should be mounted.", { minLength: 1 })),
    subPath: at(4, text("Path within the volume from which the container's volume should be mounted.")),
    mountPropagation: at(
      5,
      text(
        "MountPropagation determines how mounts are propagated from the host to container and the other way around.",
      ),
    ),
    subPathExpr: at(
      6,
      refused(
        "subPathExpr",
        "subPath",
        text("Expanded path within the volume from which the container's volume should be mounted."),
      ),
    ),
  },
  { required: ["name", "mountPath"] },
);

const volumeDevice = object(
  "VolumeDevice describes a mapping of a raw block device within a container.",
  {
    name: at(1, text("Name must match the name of a persistentVolumeClaim in the pod.")),
    devicePath: at(2, text("DevicePath is the path inside of the container that the device will be mapped to.")),
  },
  { required: ["name", "devicePath"] },
);

export const containerSchema = object(
  "A single application container that you want to run within a pod.",
  {
    name: at(1, text("Name of the container specified as a DNS_LABEL.", { minLength: 1 })),
    image: at(2, text("Container image name.")),
    command: at(3, textList("Entrypoint array.")),
    args: at(4, textList("Arguments to the entrypoint.")),
    workingDir: at(5, text("Container's working directory.")),
    ports: at(
      6,
      keyed("List of ports to expose from the container.", ["containerPort", "protocol"], containerPort, {
        "x-sluice-doubles": "allowed",
      }),
    ),
    envFrom: at(19, list("List of sources to populate environment variables in the container.", envFromSource)),
    env: at(
      7,
      keyed("List of environment variables to set in the container.", ["name"], envVar, {
        "x-sluice-doubles": "allowed",
      }),
    ),
    resources: at(8, {
      ...resourceRequirements,
      description: "Compute Resources required by this container.",
      default: {},
    }),
    resizePolicy: at(23, list("Resources resize policy for the container.", containerResizePolicy)),
    restartPolicy: at(24, text("RestartPolicy defines the restart behavior of individual containers in a pod.")),
    volumeMounts: at(9, keyed("Pod volumes to mount into the container's filesystem.", ["mountPath"], volumeMount)),
    volumeDevices: at(
      21,
      keyed("VolumeDevices is the list of block devices to be used by the container.", ["devicePath"], volumeDevice),
    ),
    livenessProbe: at(10, described("Periodic probe of container liveness.", probe)),
    readinessProbe: at(11, described("Periodic probe of container service readiness.", probe)),
    startupProbe: at(22, described("StartupProbe indicates that the Pod has successfully initialized.", probe)),
    lifecycle: at(
      12,
      described("Actions that the management system should take in response to container lifecycle events.", lifecycle),
    ),
    terminationMessagePath: at(13, text("Optional.", { default: "/dev/termination-log" })),
    terminationMessagePolicy: at(
      20,
      choice("Indicate how the termination message should be populated.", ["File", "FallbackToLogsOnError"], {
        default: "File",
      }),
    ),
    imagePullPolicy: at(14, choice("Image pull policy.", ["Always", "IfNotPresent", "Never"])),
    securityContext: at(
      15,
      described("SecurityContext defines the security options the container should be run with.", securityContext),
    ),
    stdin: at(16, flag("Whether this container should allocate a buffer for stdin in the container runtime.")),
    stdinOnce: at(
      17,
      flag("Whether the container runtime should close the stdin channel after it has been opened by a single attach."),
    ),
    tty: at(18, flag("Whether this container should allocate a TTY for itself, also requires 'stdin' to be true.")),
  },
  { required: ["name"] },
);

/** Kubernetes embeds the container's fields, under the same numbers. */
export const ephemeralContainer = object("A container added to a running Pod, for a look.", {
  ...Object.fromEntries(
    Object.entries(containerSchema.properties ?? {}).map(([name, field]) => [
      name,
      within(1, field["x-sluice-proto"] ?? 0, field),
    ]),
  ),
  targetContainerName: at(
    2,
    text("If set, the name of the container from PodSpec that this ephemeral container targets."),
  ),
});
