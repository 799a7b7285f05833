import { type AnalysisRun, type Client, controllerOf } from "@sluice/api";
import { Fault } from "@sluice/kernel";
import { connect } from "../connection.ts";
import { analysisLine, renderAnalysisRun } from "../release/analysis-view.ts";
import { pictureAsJson } from "../release/picture-json.ts";
import { ageOf } from "../terminal/age.ts";
import { columnsOf } from "../terminal/flow.ts";
import { paintState } from "../terminal/style.ts";
import { renderTable } from "../terminal/table.ts";
import { watch } from "../terminal/watch.ts";
import type { CommandOptions } from "./options.ts";

const kind = { apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisRun" } as const;

/** `sluice analysis get NAME [--watch]`. */
export async function getAnalysisRun(
  name: string,
  options: CommandOptions & { readonly watch?: boolean },
): Promise<void> {
  const { client, namespace, close } = await connect(options);
  const watched = {
    take: () => takeRun(client, namespace, name),
    draw: (run: AnalysisRun) => renderAnalysisRun(run, { columns: columnsOf(), now: Date.now() }),
    line: analysisLine,
    json: pictureAsJson,
  };
  try {
    if (options.watch) return await watch(watched, options.json === true);
    const run = await watched.take();
    console.log(options.json ? watched.json(run) : watched.draw(run));
  } finally {
    await close();
  }
}

/** `sluice analysis list`: the newest last. */
export async function listAnalysisRuns(options: CommandOptions & { readonly allNamespaces?: boolean }): Promise<void> {
  const { client, namespace, close } = await connect(options);
  try {
    const everywhere = options.allNamespaces || options.namespace === undefined;
    const { items } = await client.list<AnalysisRun>(kind, everywhere ? {} : { namespace });
    if (options.json) return console.log(pictureAsJson(items));
    if (items.length === 0) return console.log("no analysis runs");
    const createdAt = ({ metadata }: AnalysisRun): number => Date.parse(metadata.creationTimestamp ?? "");
    const rows = items
      .toSorted((a, b) => createdAt(a) - createdAt(b))
      .map((run) => {
        const owner = controllerOf(run);
        return [
          run.metadata.namespace ?? "",
          run.metadata.name,
          owner === undefined ? "" : `${owner.kind.toLowerCase()}/${owner.name}`,
          paintState(run.status?.phase || "Pending"),
          run.spec.metrics.map(({ name }) => name).join(","),
          measuredWords(run),
          ageOf(run.metadata.creationTimestamp),
          run.status?.message ?? "",
        ];
      });
    const headers = ["NAMESPACE", "NAME", "OF", "STATUS", "METRICS", "MEASURED", "AGE", "MESSAGE"];
    console.log(renderTable(headers, rows));
  } finally {
    await close();
  }
}

/** All measurements of all metrics, by what came of them: `6 good, 1 bad`. */
function measuredWords({ status }: AnalysisRun): string {
  const sum = (of: "successful" | "failed" | "inconclusive" | "error"): number =>
    (status?.metricResults ?? []).reduce((total, result) => total + (result[of] ?? 0), 0);
  const counts = [
    [sum("successful"), "good"],
    [sum("failed"), "bad"],
    [sum("inconclusive"), "undecided"],
    [sum("error"), "errors"],
  ] as const;
  return counts.flatMap(([count, word]) => (count === 0 ? [] : [`${count} ${word}`])).join(", ");
}

/** `sluice analysis terminate NAME`: ends it early, as the kubectl plugin does. */
export async function terminateAnalysisRun(name: string, options: CommandOptions): Promise<void> {
  const { client, namespace, close } = await connect(options);
  try {
    const { status } = await takeRun(client, namespace, name);
    const phase = status?.phase || "Pending";
    if (phase !== "Pending" && phase !== "Running") {
      throw new Fault("invalid", `analysis run ${name} has ended: ${phase}`);
    }
    const patch = { type: "merge", value: { spec: { terminate: true } } } as const;
    await client.patch({ ...kind, namespace, name }, patch, { fieldManager: "sluice-cli" });
    if (options.json) console.log(JSON.stringify({ analysisRun: name, namespace, done: "terminated" }));
    else console.log(`analysis run ${name} ends`);
  } finally {
    await close();
  }
}

/** Throws an invalid Fault that lists the newest where it isn't. */
async function takeRun(client: Client, namespace: string, name: string): Promise<AnalysisRun> {
  const run = await client.get<AnalysisRun>({ ...kind, namespace, name });
  if (run !== undefined) return run;
  const { items } = await client.list<AnalysisRun>(kind);
  const known = items.map(({ metadata }) => `${metadata.name} -n ${metadata.namespace}`).slice(-10);
  const there = known.length === 0 ? "there are none" : `there are: ${known.join(", ")}`;
  throw new Fault("invalid", `no analysis run ${name} in namespace ${namespace}; ${there}`);
}
