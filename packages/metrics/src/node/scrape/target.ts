import { type Instant, type Millis, seconds } from "@sluice/kernel";

/** Something that exposes metrics. Targets are the same while `job`, `instance` and `labels` are. */
export interface Target {
  readonly job: string;
  readonly instance: string;
  /** On every series of the target; a scraped label of the same name becomes `exported_<name>`. */
  readonly labels?: { readonly [name: string]: string };
  /** The other way round: scraped labels win. */
  readonly honorLabels?: boolean;
  /** Labels that a scraped series can't claim even where the target has none of that name. */
  readonly reservedLabels?: readonly string[];
  readonly every: Millis;
  readonly timeout?: Millis;
  /** When the process began: its counters were 0 then. */
  readonly startedAt?: Instant;
  readonly source: TargetSource;
}

export type TargetSource =
  | { readonly is: "url"; readonly url: string }
  /** In this process, or asked over a channel of its own. */
  | { readonly is: "text"; readonly read: () => string | Promise<string> };

/** What is known of a Pod: its annotations say whether and how it is scraped. */
export interface PodFacts {
  readonly namespace: string;
  readonly name: string;
  /** Where its ports can be reached. */
  readonly host: string;
  readonly annotations: { readonly [name: string]: string };
  readonly labels: { readonly [name: string]: string };
  /** Where a port of the manifest is to be found on `host`; the first stands for no port named. */
  readonly ports: readonly { readonly containerPort: number; readonly mappedPort: number }[];
  readonly startedAt?: Instant;
}

export type PodTarget =
  | { readonly is: "target"; readonly target: Target }
  | { readonly is: "not-asked" }
  | { readonly is: "refused"; readonly path: string; readonly found: string; readonly expected: string };

const versionLabels: readonly (readonly [from: string, to: string])[] = [
  ["app.kubernetes.io/version", "version"],
  ["rollouts-pod-template-hash", "pod_template_hash"],
  ["pod-template-hash", "pod_template_hash"],
];

/**
 * The target that `prometheus.io/scrape: "true"` asks for, with `prometheus.io/path`, `port` and `scheme`.
 * Its series are of job "pods", and what they say of `service`, `version` and the like stands under `exported_…`: the
 * router counts the same requests, and a query by service must not count them twice.
 */
export function podTarget(pod: PodFacts): PodTarget {
  const annotation = (name: string) => pod.annotations[`prometheus.io/${name}`];
  if (annotation("scrape") !== "true") return { is: "not-asked" };
  const refuse = (name: string, expected: string): PodTarget => ({
    is: "refused",
    path: `metadata.annotations[prometheus.io/${name}]`,
    found: JSON.stringify(annotation(name)),
    expected,
  });
  const scheme = annotation("scheme") ?? "http";
  if (scheme !== "http" && scheme !== "https") return refuse("scheme", '"http" or "https"');
  const path = annotation("path") ?? "/metrics";
  if (!path.startsWith("/")) return refuse("path", "a path that begins with /");
  const portText = annotation("port");
  const wanted = portText === undefined ? pod.ports[0]?.containerPort : Number(portText);
  if (wanted === undefined) return refuse("port", "a port, since the Pod has no containerPort");
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > 65_535) return refuse("port", "a port from 1 to 65535");
  const port = pod.ports.find((each) => each.containerPort === wanted)?.mappedPort ?? wanted;
  const copied = versionLabels.flatMap(([from, to]) => {
    const value = pod.labels[from];
    return value === undefined ? [] : [[to, value] as const];
  });
  const host = pod.host.includes(":") ? `[${pod.host}]` : pod.host;
  const target: Target = {
    job: "pods",
    instance: `${host}:${wanted}`,
    labels: { ...Object.fromEntries(copied.reverse()), namespace: pod.namespace, pod: pod.name },
    reservedLabels: ["service", "version", "pod_template_hash"],
    every: seconds(5),
    source: { is: "url", url: `${scheme}://${host}:${port}${path}` },
    ...(pod.startedAt === undefined ? {} : { startedAt: pod.startedAt }),
  };
  return { is: "target", target };
}
