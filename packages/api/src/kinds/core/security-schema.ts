import { at, choice, described, flag, list, long, object, text, textList } from "../../schema/build.ts";

// Fields, numbers and descriptions of https://kubernetes.io/docs/reference/kubernetes-api/ (Apache-2.0).

const capabilities = object("Adds and removes POSIX capabilities from running containers.", {
  add: at(1, textList("Added capabilities.")),
  drop: at(2, textList("Removed capabilities.")),
});

const seLinuxOptions = object("SELinuxOptions are the labels to be applied to the container.", {
  user: at(1, text("User is a SELinux user label that applies to the container.")),
  role: at(2, text("Role is a SELinux role label that applies to the container.")),
  type: at(3, text("Type is a SELinux type label that applies to the container.")),
  level: at(4, text("Level is SELinux level label that applies to the container.")),
});

const windowsSecurityContextOptions = object(
  "WindowsSecurityContextOptions contain Windows-specific options and credentials.",
  {
    gmsaCredentialSpecName: at(1, text("GMSACredentialSpecName is the name of the GMSA credential spec to use.")),
    gmsaCredentialSpec: at(
      2,
      text(
        "GMSACredentialSpec is where the GMSA admission webhook (https://github.com/kubernetes-sigs/windows-gmsa) inlines the contents of the GMSA …",
      ),
    ),
    runAsUserName: at(3, text("The UserName in Windows to run the entrypoint of the container process.")),
    hostProcess: at(4, flag("HostProcess determines if a container should be run as a 'Host Process' container.")),
  },
);

const seccompProfile = object(
  "SeccompProfile defines a pod/container's seccomp profile settings.",
  {
    type: at(
      1,
      choice("Type indicates which kind of seccomp profile will be applied.", [
        "Localhost",
        "RuntimeDefault",
        "Unconfined",
      ]),
    ),
    localhostProfile: at(2, text("LocalhostProfile indicates a profile defined in a file on the node should be used.")),
  },
  { required: ["type"] },
);

const appArmorProfile = object(
  "AppArmorProfile defines a pod or container's AppArmor settings.",
  {
    type: at(
      1,
      choice("Type indicates which kind of AppArmor profile will be applied.", [
        "Localhost",
        "RuntimeDefault",
        "Unconfined",
      ]),
    ),
    localhostProfile: at(2, text("LocalhostProfile indicates a profile loaded on the node that should be used.")),
  },
  { required: ["type"] },
);

export const securityContext = object(
  "SecurityContext holds security configuration that will be applied to a container.",
  {
    capabilities: at(1, described("The capabilities to add/drop when running containers.", capabilities)),
    privileged: at(2, flag("Run container in privileged mode.")),
    seLinuxOptions: at(3, described("The SELinux context to be applied to the container.", seLinuxOptions)),
    windowsOptions: at(
      10,
      described("The Windows specific settings applied to all containers.", windowsSecurityContextOptions),
    ),
    runAsUser: at(4, long("The UID to run the entrypoint of the container process.", { minimum: 0 })),
    runAsGroup: at(8, long("The GID to run the entrypoint of the container process.", { minimum: 0 })),
    runAsNonRoot: at(5, flag("Indicates that the container must run as a non-root user.")),
    readOnlyRootFilesystem: at(6, flag("Whether this container has a read-only root filesystem.")),
    allowPrivilegeEscalation: at(
      7,
      flag("AllowPrivilegeEscalation controls whether a process can gain more privileges than its parent process."),
    ),
    procMount: at(9, text("ProcMount denotes the type of proc mount to use for the containers.")),
    seccompProfile: at(11, described("The seccomp options to use by this container.", seccompProfile)),
    appArmorProfile: at(
      12,
      described("AppArmorProfile is the AppArmor options to use by this container.", appArmorProfile),
    ),
  },
);

const sysctl = object(
  "Sysctl defines a kernel parameter to be set.",
  {
    name: at(1, text("Name of a property to set.")),
    value: at(2, text("Value of a property to set.")),
  },
  { required: ["name", "value"] },
);

export const podSecurityContext = object(
  "PodSecurityContext holds pod-level security attributes and common container settings.",
  {
    seLinuxOptions: at(1, described("The SELinux context to be applied to all containers.", seLinuxOptions)),
    windowsOptions: at(
      8,
      described("The Windows specific settings applied to all containers.", windowsSecurityContextOptions),
    ),
    runAsUser: at(2, long("The UID to run the entrypoint of the container process.", { minimum: 0 })),
    runAsGroup: at(6, long("The GID to run the entrypoint of the container process.", { minimum: 0 })),
    runAsNonRoot: at(3, flag("Indicates that the container must run as a non-root user.")),
    supplementalGroups: at(
      4,
      list(
        "A list of groups applied to the first process run in each container, in addition to the container's primary GID and fsGroup (if specified).",
        long(""),
      ),
    ),
    supplementalGroupsPolicy: at(
      12,
      text("Defines how supplemental groups of the first container processes are calculated."),
    ),
    fsGroup: at(5, long("A special supplemental group that applies to all containers in a pod.", { minimum: 0 })),
    sysctls: at(7, list("Sysctls hold a list of namespaced sysctls used for the pod.", sysctl)),
    fsGroupChangePolicy: at(
      9,
      text(
        "FsGroupChangePolicy defines behavior of changing ownership and permission of the volume before being exposed inside Pod.",
      ),
    ),
    seLinuxChangePolicy: at(13, text("How the SELinux label is put on volumes.")),
    seccompProfile: at(10, described("The seccomp options to use by the containers in this pod.", seccompProfile)),
    appArmorProfile: at(
      11,
      described("AppArmorProfile is the AppArmor options to use by the containers in this pod.", appArmorProfile),
    ),
  },
);
