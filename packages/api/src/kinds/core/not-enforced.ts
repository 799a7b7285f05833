import type { Container, SecurityContext, VolumeMount } from "./container.ts";
import type { PodSpec } from "./pod.ts";
import type { EmptyDirVolumeSource } from "./volume.ts";

/** Fields that mean something in a cluster and nothing for processes on one machine. */
const podFields = [
  "affinity",
  "tolerations",
  "nodeSelector",
  "topologySpreadConstraints",
  "priorityClassName",
  "priority",
  "preemptionPolicy",
  "runtimeClassName",
  "overhead",
  "os",
  "schedulingGates",
  "resourceClaims",
  "resources",
  "hostNetwork",
  "hostPID",
  "hostIPC",
  "hostUsers",
  "shareProcessNamespace",
  "dnsConfig",
  "hostAliases",
  "hostnameOverride",
  "subdomain",
  "setHostnameAsFQDN",
  "automountServiceAccountToken",
  "readinessGates",
  "imagePullSecrets",
] as const satisfies readonly (keyof PodSpec)[];

const containerFields = [
  "stdin",
  "stdinOnce",
  "tty",
  "volumeDevices",
  "resizePolicy",
  "restartPolicy",
] as const satisfies readonly (keyof Container)[];

const mountFields = [
  "readOnly",
  "recursiveReadOnly",
  "mountPropagation",
] as const satisfies readonly (keyof VolumeMount)[];
const emptyDirFields = ["medium", "sizeLimit"] as const satisfies readonly (keyof EmptyDirVolumeSource)[];

/** Paths within the PodSpec that the agent accepts and can't enforce, for one `NotEnforced` condition. Defaults don't count. */
export function notEnforcedFields(spec: PodSpec): readonly string[] {
  const found: string[] = podFields.filter((field) => says(spec[field]));
  if (spec.schedulerName !== undefined && spec.schedulerName !== "default-scheduler") found.push("schedulerName");
  if (spec.dnsPolicy !== undefined && spec.dnsPolicy !== "ClusterFirst") found.push("dnsPolicy");
  if (says(spec.serviceAccountName) && spec.serviceAccountName !== "default") found.push("serviceAccountName");
  if (says(spec.serviceAccount) && spec.serviceAccount !== "default") found.push("serviceAccount");
  for (const field of Object.keys(spec.securityContext ?? {})) found.push(`securityContext.${field}`);
  for (const [index, { emptyDir }] of (spec.volumes ?? []).entries()) {
    found.push(
      ...emptyDirFields
        .filter((field) => says(emptyDir?.[field]))
        .map((field) => `volumes[${index}].emptyDir.${field}`),
    );
  }
  for (const part of ["initContainers", "containers"] as const) {
    for (const [index, container] of (spec[part] ?? []).entries()) {
      const path = `${part}[${index}]`;
      found.push(...containerFields.filter((field) => says(container[field])).map((field) => `${path}.${field}`));
      found.push(...securityFields(container.securityContext).map((field) => `${path}.securityContext.${field}`));
      for (const [at, port] of (container.ports ?? []).entries()) {
        if (port.hostPort !== undefined && port.hostPort !== 0) found.push(`${path}.ports[${at}].hostPort`);
        if (says(port.hostIP)) found.push(`${path}.ports[${at}].hostIP`);
      }
      for (const [at, mount] of (container.volumeMounts ?? []).entries()) {
        found.push(
          ...mountFields.filter((field) => says(mount[field])).map((field) => `${path}.volumeMounts[${at}].${field}`),
        );
      }
      if (says(container.resources?.claims)) found.push(`${path}.resources.claims`);
    }
  }
  return found;
}

const securityFields = (context: SecurityContext | undefined): readonly string[] =>
  Object.entries(context ?? {})
    .filter(([, value]) => says(value))
    .map(([field]) => field);

const says = (value: unknown): boolean =>
  value !== undefined &&
  value !== null &&
  value !== false &&
  value !== "" &&
  !(Array.isArray(value) && value.length === 0) &&
  !(typeof value === "object" && !Array.isArray(value) && Object.keys(value).length === 0);
