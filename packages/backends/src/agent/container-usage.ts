import type { Pod } from "@sluice/api";
import { type Clock, type Instant, millis, seconds } from "@sluice/kernel";
import { memoryByGroup } from "./process/group-memory.ts";

/** The process table isn't read for each scrape: memory moves slowly. */
const kept = seconds(5);

interface Running {
  readonly pod: Pod;
  groups(): readonly { readonly container: string; readonly leader: number }[];
}

/** What containers use, under the names that Kubernetes' own agent has for it. */
export class ContainerUsage {
  readonly #clock: Clock;
  #text = "";
  #readAt: Instant | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `container_memory_working_set_bytes` by namespace, pod, container and version. */
  text(pods: Iterable<Running>): string {
    const now = this.#clock.now();
    if (this.#readAt !== undefined && millis(now - this.#readAt) < kept && now >= this.#readAt) return this.#text;
    this.#readAt = now;
    this.#text = render(pods);
    return this.#text;
  }
}

function render(pods: Iterable<Running>): string {
  const memory = memoryByGroup();
  if (memory === undefined) return "";
  const lines: string[] = [];
  for (const running of pods) {
    const { namespace = "default", name, labels = {} } = running.pod.metadata;
    const hash = labels["rollouts-pod-template-hash"] ?? labels["pod-template-hash"] ?? "";
    for (const { container, leader } of running.groups()) {
      const bytes = memory.get(leader);
      if (bytes === undefined) continue;
      const pairs = Object.entries({ namespace, pod: name, container, pod_template_hash: hash });
      const text = pairs.map(([label, value]) => `${label}=${JSON.stringify(value)}`).join(",");
      lines.push(`container_memory_working_set_bytes{${text}} ${bytes}\n`);
    }
  }
  if (lines.length === 0) return "";
  const help = "Resident memory of a container's processes.";
  return `# HELP container_memory_working_set_bytes ${help}\n# TYPE container_memory_working_set_bytes gauge\n${lines.join("")}`;
}
