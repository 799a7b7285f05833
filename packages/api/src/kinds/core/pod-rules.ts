import type { Violation } from "@sluice/kernel";
import { quantityValue } from "../../schema/formats.ts";
import { checkAnnotations, checkLabels } from "../../schema/metadata.ts";
import { dnsLabel, environmentVariable, ianaServiceName } from "../../schema/names.ts";
import { show } from "../../schema/show.ts";
import { doubled, doubles, exactlyOne, invalid, missing, named, notSupported, setKeys } from "../rules.ts";
import type { Container, EnvVar, Probe, ResourceRequirements } from "./container.ts";
import type { PodSpec, PodTemplateSpec } from "./pod.ts";
import { checkVolumes } from "./volume-rules.ts";

/** Rules of Kubernetes' pkg/apis/core/validation, and what this agent can't run. `path` is the PodSpec's. */
export function checkPodSpec(spec: PodSpec, path: string): readonly Violation[] {
  const violations: Violation[] = [];
  const containers = [
    ...(spec.initContainers ?? []).map((container, index) => ({ container, path: `${path}.initContainers[${index}]` })),
    ...spec.containers.map((container, index) => ({ container, path: `${path}.containers[${index}]` })),
  ];
  for (const { index, name } of doubles(containers.map(({ container }) => container.name))) {
    violations.push(doubled(`${containers[index]?.path}.name`, name, "the Pod's containers"));
  }
  violations.push(...checkVolumes(spec.volumes ?? [], `${path}.volumes`));
  const volumes = new Set((spec.volumes ?? []).map(({ name }) => name));
  for (const entry of containers) violations.push(...checkContainer(entry.container, entry.path, volumes));
  for (const [index, { restartPolicy }] of (spec.initContainers ?? []).entries()) {
    if (restartPolicy === undefined) continue;
    violations.push(
      notSupported(
        `${path}.initContainers[${index}].restartPolicy`,
        show(restartPolicy),
        "init containers that keep running",
        "a container in spec.containers",
      ),
    );
  }
  if (spec.ephemeralContainers !== undefined && spec.ephemeralContainers.length > 0) {
    violations.push(
      notSupported(`${path}.ephemeralContainers`, show(spec.ephemeralContainers), "ephemeral containers", "containers"),
    );
  }
  return violations;
}

/** A template as Deployment, ReplicaSet and Rollout have it: its pods are restarted for ever. */
export function checkTemplate(template: PodTemplateSpec, path: string): readonly Violation[] {
  const violations: Violation[] = [...checkPodSpec(template.spec, `${path}.spec`)];
  checkLabels(template.metadata?.labels, `${path}.metadata.labels`, violations);
  checkAnnotations(template.metadata?.annotations, `${path}.metadata.annotations`, violations);
  const { restartPolicy, activeDeadlineSeconds } = template.spec;
  if (restartPolicy !== undefined && restartPolicy !== "Always") {
    violations.push({
      path: `${path}.spec.restartPolicy`,
      found: show(restartPolicy),
      expected: "Always",
      reason: "FieldValueNotSupported",
    });
  }
  if (activeDeadlineSeconds !== undefined) {
    violations.push(
      invalid({
        path: `${path}.spec.activeDeadlineSeconds`,
        found: String(activeDeadlineSeconds),
        expected: "no deadline: these pods run for ever",
      }),
    );
  }
  return violations;
}

function checkContainer(container: Container, path: string, volumes: ReadonlySet<string>): readonly Violation[] {
  const violations: Violation[] = [...named(dnsLabel, `${path}.name`, container.name)];
  if (container.image === undefined || container.image.trim() === "") {
    violations.push(missing(`${path}.image`, "an image such as shop:v1"));
  } else if (container.image !== container.image.trim()) {
    violations.push(
      invalid({ path: `${path}.image`, found: show(container.image), expected: "no space around the image" }),
    );
  }
  const ports = container.ports ?? [];
  for (const [index, { name }] of ports.entries()) {
    if (name !== undefined) violations.push(...named(ianaServiceName, `${path}.ports[${index}].name`, name));
  }
  for (const { index, name } of doubles(ports.map(({ name }) => name))) {
    violations.push(doubled(`${path}.ports[${index}].name`, name, "the container's ports"));
  }
  for (const [index, variable] of (container.env ?? []).entries()) {
    violations.push(...checkVariable(variable, `${path}.env[${index}]`));
  }
  for (const [index, source] of (container.envFrom ?? []).entries()) {
    violations.push(
      ...exactlyOne(`${path}.envFrom[${index}]`, source, ["configMapRef", "secretRef"], "source of variables"),
    );
  }
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    if (!volumes.has(mount.name)) {
      violations.push({
        path: `${path}.volumeMounts[${index}].name`,
        found: show(mount.name),
        expected:
          volumes.size === 0 ? "a volume of spec.volumes, which is empty" : `a volume: ${[...volumes].join(", ")}`,
        reason: "FieldValueInvalid",
      });
    }
    if (mount.mountPath.includes(":")) {
      violations.push(
        invalid({
          path: `${path}.volumeMounts[${index}].mountPath`,
          found: show(mount.mountPath),
          expected: "a path without ':'",
        }),
      );
    }
    if (mount.subPath !== undefined && (mount.subPath.startsWith("/") || mount.subPath.split("/").includes(".."))) {
      violations.push(
        invalid({
          path: `${path}.volumeMounts[${index}].subPath`,
          found: show(mount.subPath),
          expected: "a path inside the volume: relative, without '..'",
        }),
      );
    }
  }
  for (const name of ["livenessProbe", "readinessProbe", "startupProbe"] as const) {
    const probe = container[name];
    if (probe !== undefined) violations.push(...checkProbe(probe, `${path}.${name}`, name));
  }
  for (const name of ["postStart", "preStop"] as const) {
    const handler = container.lifecycle?.[name];
    if (handler !== undefined) {
      violations.push(
        ...exactlyOne(`${path}.lifecycle.${name}`, handler, ["exec", "httpGet", "tcpSocket", "sleep"], "handler"),
      );
    }
  }
  if (container.resources !== undefined) violations.push(...checkResources(container.resources, `${path}.resources`));
  return violations;
}

const fieldPaths =
  /^(metadata\.(name|namespace|uid|labels|annotations)|metadata\.(labels|annotations)\['[^']+'\]|spec\.(nodeName|serviceAccountName)|status\.(podIPs?|hostIPs?))$/;

function checkVariable(variable: EnvVar, path: string): readonly Violation[] {
  const violations: Violation[] = [...named(environmentVariable, `${path}.name`, variable.name)];
  const { value, valueFrom } = variable;
  if (valueFrom === undefined) return violations;
  if (value !== undefined && value !== "") {
    violations.push(invalid({ path, found: "value and valueFrom", expected: "one of them" }));
  }
  violations.push(
    ...exactlyOne(
      `${path}.valueFrom`,
      valueFrom,
      ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef"],
      "source of the value",
    ),
  );
  const fieldPath = valueFrom.fieldRef?.fieldPath;
  if (fieldPath !== undefined && !fieldPaths.test(fieldPath)) {
    violations.push({
      path: `${path}.valueFrom.fieldRef.fieldPath`,
      found: show(fieldPath),
      expected:
        "metadata.name, metadata.namespace, metadata.uid, metadata.labels['KEY'], metadata.annotations['KEY'], spec.nodeName, spec.serviceAccountName, status.podIP or status.hostIP",
      reason: "FieldValueNotSupported",
    });
  }
  return violations;
}

const handlers = ["exec", "httpGet", "tcpSocket", "grpc"] as const;

function checkProbe(
  probe: Probe,
  path: string,
  kind: "livenessProbe" | "readinessProbe" | "startupProbe",
): readonly Violation[] {
  const violations: Violation[] = [];
  if (setKeys(probe, handlers).length !== 1) {
    violations.push(...exactlyOne(path, probe, ["exec", "httpGet", "tcpSocket"], "handler"));
  }
  if (kind !== "readinessProbe" && (probe.successThreshold ?? 1) !== 1) {
    violations.push(
      invalid({
        path: `${path}.successThreshold`,
        found: String(probe.successThreshold),
        expected: "1 for this probe",
      }),
    );
  }
  if (kind === "readinessProbe" && probe.terminationGracePeriodSeconds !== undefined) {
    violations.push(
      invalid({
        path: `${path}.terminationGracePeriodSeconds`,
        found: String(probe.terminationGracePeriodSeconds),
        expected: "nothing: a readiness probe ends no container",
      }),
    );
  }
  for (const name of ["httpGet", "tcpSocket"] as const) {
    const port = probe[name]?.port;
    if (typeof port === "number" && (port < 1 || port > 65_535)) {
      violations.push(invalid({ path: `${path}.${name}.port`, found: String(port), expected: "1 to 65535" }));
    } else if (typeof port === "string") {
      violations.push(...named(ianaServiceName, `${path}.${name}.port`, port));
    }
  }
  return violations;
}

function checkResources({ limits, requests }: ResourceRequirements, path: string): readonly Violation[] {
  const violations: Violation[] = [];
  for (const [part, amounts] of [
    ["limits", limits],
    ["requests", requests],
  ] as const) {
    for (const [resource, amount] of Object.entries(amounts ?? {})) {
      const value = quantityValue(amount);
      if (value !== undefined && value < 0) {
        violations.push(
          invalid({ path: `${path}.${part}.${resource}`, found: show(amount), expected: "a quantity of 0 or more" }),
        );
      }
    }
  }
  for (const [resource, request] of Object.entries(requests ?? {})) {
    const limit = limits?.[resource];
    const wanted = quantityValue(request);
    const allowed = limit === undefined ? undefined : quantityValue(limit);
    if (wanted !== undefined && allowed !== undefined && wanted > allowed) {
      violations.push(
        invalid({
          path: `${path}.requests.${resource}`,
          found: show(request),
          expected: `at most the limit, ${show(limit)}`,
        }),
      );
    }
  }
  return violations;
}
