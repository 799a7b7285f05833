import {
  anyObject,
  at,
  described,
  flag,
  integer,
  list,
  object,
  quantity,
  refused,
  text,
  within,
} from "../../schema/build.ts";
import { objectFieldSelector, resourceFieldSelector } from "./environment-schema.ts";

// Fields, numbers and descriptions of https://kubernetes.io/docs/reference/kubernetes-api/ (Apache-2.0).

const hostPathVolumeSource = object(
  "Represents a host path mapped into a pod.",
  {
    path: at(1, text("Path of the directory on the host.")),
    type: at(2, text("Type for HostPath Volume Defaults to '' More info.")),
  },
  { required: ["path"] },
);

const emptyDirVolumeSource = object("Represents an empty directory for a pod.", {
  medium: at(1, text("Medium represents what type of storage medium should back this directory.")),
  sizeLimit: at(2, quantity("SizeLimit is the total amount of local storage required for this EmptyDir volume.")),
});

const keyToPath = object(
  "Maps a string key to a path within a volume.",
  {
    key: at(1, text("Key is the key to project.", { minLength: 1 })),
    path: at(2, text("Path is the relative path of the file to map the key to.", { minLength: 1 })),
    mode: at(3, integer("Mode is Optional.", { minimum: 0, maximum: 511 })),
  },
  { required: ["key", "path"] },
);

const secretVolumeSource = object("Adapts a Secret into a volume.", {
  secretName: at(1, text("SecretName is the name of the secret in the pod's namespace to use.")),
  items: at(
    2,
    list(
      "Items If unspecified, each key-value pair in the Data field of the referenced Secret will be projected into the volume as a file whose name …",
      keyToPath,
    ),
  ),
  defaultMode: at(3, integer("DefaultMode is Optional.", { default: 420 })),
  optional: at(4, flag("Optional field specify whether the Secret or its keys must be defined.")),
});

const downwardAPIVolumeFile = object(
  "DownwardAPIVolumeFile represents information to create the file containing the pod field.",
  {
    path: at(1, text("Required.")),
    fieldRef: at(2, described("Required.", objectFieldSelector)),
    resourceFieldRef: at(3, described("Selects a resource of the container.", resourceFieldSelector)),
    mode: at(4, integer("Optional.", { minimum: 0, maximum: 511 })),
  },
  { required: ["path"] },
);

const downwardAPIVolumeSource = object("DownwardAPIVolumeSource represents a volume containing downward API info.", {
  items: at(1, list("Items is a list of downward API volume file.", downwardAPIVolumeFile)),
  defaultMode: at(2, integer("Optional.", { default: 420 })),
});

const configMapVolumeSource = object("Adapts a ConfigMap into a volume.", {
  name: within(1, 1, text("Name of the referent.")),
  items: at(
    2,
    list(
      "Items if unspecified, each key-value pair in the Data field of the referenced ConfigMap will be projected into the volume as a file whose …",
      keyToPath,
    ),
  ),
  defaultMode: at(3, integer("DefaultMode is optional.", { default: 420 })),
  optional: at(4, flag("Optional specify whether the ConfigMap or its keys must be defined.")),
});

const secretProjection = object("Adapts a secret into a projected volume.", {
  name: within(1, 1, text("Name of the referent.")),
  items: at(
    2,
    list(
      "Items if unspecified, each key-value pair in the Data field of the referenced Secret will be projected into the volume as a file whose name …",
      keyToPath,
    ),
  ),
  optional: at(4, flag("Optional field specify whether the Secret or its key must be defined.")),
});

const downwardAPIProjection = object("Represents downward API info for projecting into a projected volume.", {
  items: at(1, list("Items is a list of DownwardAPIVolume file.", downwardAPIVolumeFile)),
});

const configMapProjection = object("Adapts a ConfigMap into a projected volume.", {
  name: within(1, 1, text("Name of the referent.")),
  items: at(
    2,
    list(
      "Items if unspecified, each key-value pair in the Data field of the referenced ConfigMap will be projected into the volume as a file whose …",
      keyToPath,
    ),
  ),
  optional: at(4, flag("Optional specify whether the ConfigMap or its keys must be defined.")),
});

const volumeProjection = object("Projection that may be projected along with other supported volume types.", {
  secret: at(1, described("Secret information about the secret data to project.", secretProjection)),
  downwardAPI: at(
    2,
    described("DownwardAPI information about the downwardAPI data to project.", downwardAPIProjection),
  ),
  configMap: at(3, described("ConfigMap information about the configMap data to project.", configMapProjection)),
  serviceAccountToken: at(
    4,
    refused(
      "projected serviceAccountToken",
      "secret, configMap or downwardAPI",
      anyObject("ServiceAccountToken is information about the serviceAccountToken data to project."),
    ),
  ),
  clusterTrustBundle: at(
    5,
    refused(
      "projected clusterTrustBundle",
      "secret, configMap or downwardAPI",
      anyObject(
        "ClusterTrustBundle allows a pod to access the .spec.trustBundle field of ClusterTrustBundle objects in an auto-updating file.",
      ),
    ),
  ),
});

const projectedVolumeSource = object("Represents a projected volume source.", {
  sources: at(1, list("Sources is the list of volume projections.", volumeProjection)),
  defaultMode: at(
    2,
    integer("DefaultMode are the mode bits used to set permissions on created files by default.", { default: 420 }),
  ),
});

const elsewhere = (name: string) =>
  refused(`${name} volumes`, "emptyDir, configMap, secret, downwardAPI or projected", anyObject("Not on one machine."));

export const volumeSchema = object(
  "Volume represents a named volume in a pod that may be accessed by any container in the pod.",
  {
    name: at(1, text("Name of the volume.")),
    hostPath: within(2, 1, described("A folder or file of this machine.", hostPathVolumeSource)),
    emptyDir: within(2, 2, described("An empty folder that lives as long as the Pod.", emptyDirVolumeSource)),
    gcePersistentDisk: within(2, 3, elsewhere("gcePersistentDisk")),
    awsElasticBlockStore: within(2, 4, elsewhere("awsElasticBlockStore")),
    gitRepo: within(2, 5, elsewhere("gitRepo")),
    secret: within(2, 6, described("A Secret's keys as files.", secretVolumeSource)),
    nfs: within(2, 7, elsewhere("nfs")),
    iscsi: within(2, 8, elsewhere("iscsi")),
    glusterfs: within(2, 9, elsewhere("glusterfs")),
    persistentVolumeClaim: within(2, 10, elsewhere("persistentVolumeClaim")),
    rbd: within(2, 11, elsewhere("rbd")),
    flexVolume: within(2, 12, elsewhere("flexVolume")),
    cinder: within(2, 13, elsewhere("cinder")),
    cephfs: within(2, 14, elsewhere("cephfs")),
    flocker: within(2, 15, elsewhere("flocker")),
    downwardAPI: within(2, 16, described("The Pod's own fields as files.", downwardAPIVolumeSource)),
    fc: within(2, 17, elsewhere("fc")),
    azureFile: within(2, 18, elsewhere("azureFile")),
    configMap: within(2, 19, described("A ConfigMap's keys as files.", configMapVolumeSource)),
    vsphereVolume: within(2, 20, elsewhere("vsphereVolume")),
    quobyte: within(2, 21, elsewhere("quobyte")),
    azureDisk: within(2, 22, elsewhere("azureDisk")),
    photonPersistentDisk: within(2, 23, elsewhere("photonPersistentDisk")),
    projected: within(2, 26, described("Several of these in one folder.", projectedVolumeSource)),
    portworxVolume: within(2, 24, elsewhere("portworxVolume")),
    scaleIO: within(2, 25, elsewhere("scaleIO")),
    storageos: within(2, 27, elsewhere("storageos")),
    csi: within(2, 28, elsewhere("csi")),
    ephemeral: within(2, 29, elsewhere("ephemeral")),
    image: within(2, 30, elsewhere("image")),
  },
  { required: ["name"] },
);
