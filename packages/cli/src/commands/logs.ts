import type { Deployment, Pod, Rollout } from "@sluice/api";
import { matchesSelector } from "@sluice/api";
import { Fault } from "@sluice/kernel";
import { type Connection, connect } from "../connection.ts";
import { paint } from "../terminal/style.ts";
import type { CommandOptions } from "./options.ts";

export interface LogsOptions extends CommandOptions {
  readonly follow?: boolean;
  readonly previous?: boolean;
  readonly tail?: string;
  readonly container?: string;
  readonly timestamps?: boolean;
}

/** `sluice logs POD`, or `rollout/NAME`, `deployment/NAME` for all its pods. */
export async function logs(target: string, options: LogsOptions): Promise<void> {
  const connection = await connect(options);
  try {
    const pods = await podsOf(connection, target);
    const query = {
      ...(options.follow ? { follow: "true" } : {}),
      ...(options.previous ? { previous: "true" } : {}),
      ...(options.tail === undefined ? {} : { tailLines: options.tail }),
      ...(options.container === undefined ? {} : { container: options.container }),
      ...(options.timestamps ? { timestamps: "true" } : {}),
    };
    const namesEach = pods.length > 1;
    const { client, namespace } = connection;
    const print = (name: string) =>
      printLines(client.podLog({ namespace, name }, query), namesEach ? paint("dim", `${name} `) : "");
    if (options.follow) await Promise.all(pods.map(print));
    else for (const name of pods) await print(name);
  } finally {
    await connection.close();
  }
}

async function printLines(stream: AsyncIterable<Uint8Array>, prefix: string): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) process.stdout.write(`${prefix}${line}\n`);
  }
  if (rest !== "") process.stdout.write(`${prefix}${rest}\n`);
}

async function podsOf({ client, namespace }: Connection, target: string): Promise<readonly string[]> {
  const [kind = "", name] = target.includes("/") ? target.split("/") : ["pod", target];
  if (name === undefined || ["pod", "pods", "po"].includes(kind)) return [name ?? target];
  const workloads: Record<string, { apiVersion: string; kind: string }> = {
    rollout: { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout" },
    ro: { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout" },
    deployment: { apiVersion: "apps/v1", kind: "Deployment" },
    deploy: { apiVersion: "apps/v1", kind: "Deployment" },
  };
  const workloadKind = workloads[kind.toLowerCase()];
  if (workloadKind === undefined)
    throw new Fault("invalid", `logs of ${target}: give a pod, rollout/NAME or deployment/NAME`);
  const workload = await client.get<Rollout | Deployment>({ ...workloadKind, namespace, name });
  if (workload === undefined) throw new Fault("invalid", `no ${kind} ${name} in namespace ${namespace}`);
  const { selector } = workload.spec;
  // With a workloadRef the selector stands elsewhere; its text is in status.
  const { selector: labelSelector = "" } = (workload as Rollout).status ?? {};
  const { items } = await client.list<Pod>(
    { apiVersion: "v1", kind: "Pod" },
    selector === undefined ? { namespace, labelSelector } : { namespace },
  );
  const names = items
    .filter((pod) => selector === undefined || matchesSelector(selector, pod.metadata.labels ?? {}))
    .map((pod) => pod.metadata.name);
  if (names.length === 0) throw new Fault("invalid", `${target} has no pods now`);
  return names;
}
