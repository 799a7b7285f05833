import {
  type Container,
  matchesSelector,
  type PodSpec,
  type PodTemplateSpec,
  type Probe,
  type Service,
} from "@sluice/api";
import { list } from "../analysis/analysis-arguments.ts";
import type { Finding } from "../finding.ts";
import type { Manifest } from "../manifests/manifest.ts";
import { findingAt, type World } from "../manifests/world.ts";

interface Workload {
  readonly manifest: Manifest;
  readonly labels: Readonly<Record<string, string>>;
  readonly containers: readonly Container[];
  /** Path of its PodSpec. */
  readonly path: string;
}

/** Services and the pods that they pick, probes and the ports that they ask, ConfigMaps and who mounts them. */
export function workloadFindings(world: World): readonly Finding[] {
  const workloads = world.manifests.flatMap(workloadOf);
  return [
    ...world.of("Service").flatMap((manifest) => checkService(manifest, workloads)),
    ...workloads.flatMap((workload) => [...checkProbes(workload), ...checkConfigMaps(world, workload)]),
  ];
}

function workloadOf(manifest: Manifest): readonly Workload[] {
  const { kind, spec, metadata } = manifest.resource;
  const isPod = kind === "Pod";
  if (!isPod && kind !== "Deployment" && kind !== "ReplicaSet" && kind !== "Rollout") return [];
  const template = (spec as { template?: PodTemplateSpec } | undefined)?.template;
  const podSpec = isPod ? (spec as PodSpec | undefined) : template?.spec;
  const labels = isPod ? metadata.labels : template?.metadata?.labels;
  if (typeof podSpec !== "object" || podSpec === null) return [];
  return [
    {
      manifest,
      labels: labels ?? {},
      containers: list<Container>(podSpec.containers),
      path: isPod ? "spec" : "spec.template.spec",
    },
  ];
}

function checkService(manifest: Manifest, workloads: readonly Workload[]): readonly Finding[] {
  const spec = (manifest.resource as Partial<Service>).spec;
  const selector = spec?.selector;
  if (typeof selector !== "object" || selector === null || Object.keys(selector).length === 0) {
    return [
      findingAt(manifest, "spec.selector", {
        severity: "warning",
        rule: "service-without-pods",
        what: "the Service has no selector, so it never has a pod behind it",
        expected: "labels of the pods that serve it",
      }),
    ];
  }
  const namespace = manifest.resource.metadata.namespace;
  const near = workloads.filter(({ manifest: { resource } }) => {
    const other = resource.metadata.namespace;
    return namespace === undefined || other === undefined || namespace === other;
  });
  if (near.length === 0) return [];
  const picked = near.filter(({ labels }) => matchesSelector({ matchLabels: selector }, labels));
  const text = Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  if (picked.length === 0) {
    return [
      findingAt(manifest, "spec.selector", {
        severity: "warning",
        rule: "service-without-pods",
        what: `no workload among the files has pods with ${text}`,
        found: text,
        expected: `labels of a pod template, such as ${labelsOf(near[0])}`,
      }),
    ];
  }
  return list<{ targetPort?: unknown }>(spec?.ports).flatMap(({ targetPort }, index) => {
    if (typeof targetPort !== "string") return [];
    const names = picked.flatMap(({ containers }) => containers.flatMap(portNames));
    if (names.includes(targetPort)) return [];
    return [
      findingAt(manifest, `spec.ports[${index}].targetPort`, {
        severity: "error",
        rule: "missing-port",
        what: `no container that the Service picks has a port called ${targetPort}`,
        found: targetPort,
        expected: names.length === 0 ? "a named port; the containers have none" : `one of ${names.join(", ")}`,
      }),
    ];
  });
}

const labelsOf = (workload: Workload | undefined): string =>
  Object.entries(workload?.labels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(",") || "app=NAME";

const portNames = (container: Container): readonly string[] =>
  list<{ name?: string }>(container.ports).flatMap(({ name }) => name ?? []);

function checkProbes({ manifest, containers, path }: Workload): readonly Finding[] {
  return containers.flatMap((container, index) =>
    (["livenessProbe", "readinessProbe", "startupProbe"] as const).flatMap((name) =>
      (["httpGet", "tcpSocket"] as const).flatMap((handler) => {
        const port = (container[name] as Probe | undefined)?.[handler]?.port;
        const names = portNames(container);
        if (typeof port !== "string" || names.includes(port)) return [];
        return [
          findingAt(manifest, `${path}.containers[${index}].${name}.${handler}.port`, {
            severity: "error",
            rule: "missing-port",
            what: `${name} asks the port ${port}, which the container doesn't have`,
            found: port,
            expected:
              names.length === 0 ? "a number, or a named port; the container has none" : `one of ${names.join(", ")}`,
          }),
        ];
      }),
    ),
  );
}

/** Secrets are rarely in git, ConfigMaps nearly always; so only these are missed. */
function checkConfigMaps(world: World, { manifest, containers, path }: Workload): readonly Finding[] {
  if (world.of("ConfigMap").length === 0) return [];
  const namespace = manifest.resource.metadata.namespace;
  const wanted: { readonly name: string; readonly at: string }[] = [];
  for (const [index, container] of containers.entries()) {
    for (const [at, variable] of list<NonNullable<Container["env"]>[number]>(container.env).entries()) {
      const reference = variable.valueFrom?.configMapKeyRef;
      if (typeof reference?.name !== "string" || reference.optional === true) continue;
      wanted.push({
        name: reference.name,
        at: `${path}.containers[${index}].env[${at}].valueFrom.configMapKeyRef.name`,
      });
    }
    for (const [at, source] of list<NonNullable<Container["envFrom"]>[number]>(container.envFrom).entries()) {
      const reference = source.configMapRef;
      if (typeof reference?.name !== "string" || reference.optional === true) continue;
      wanted.push({ name: reference.name, at: `${path}.containers[${index}].envFrom[${at}].configMapRef.name` });
    }
  }
  return wanted
    .filter(({ name }) => world.find("ConfigMap", name, namespace) === undefined)
    .map(({ name, at }) =>
      findingAt(manifest, at, {
        severity: "warning",
        rule: "missing-reference",
        what: `there is no ConfigMap ${name} among the files: the container waits for it`,
        found: name,
        expected: "a ConfigMap of that name, or optional: true",
      }),
    );
}
