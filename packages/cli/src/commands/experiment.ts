import { controllerOf, type Experiment } from "@sluice/api";
import { Fault } from "@sluice/kernel";
import { connect } from "../connection.ts";
import { experimentKind, takeExperiment } from "../release/experiment-picture.ts";
import { experimentLine, renderExperiment } from "../release/experiment-view.ts";
import { pictureAsJson } from "../release/picture-json.ts";
import { hasEnded, phaseOf } from "../release/render-experiment.ts";
import { readTraffic } from "../release/traffic.ts";
import { ageOf } from "../terminal/age.ts";
import { columnsOf } from "../terminal/flow.ts";
import { paintState } from "../terminal/style.ts";
import { renderTable } from "../terminal/table.ts";
import { watch } from "../terminal/watch.ts";
import type { CommandOptions } from "./options.ts";

interface GetOptions extends CommandOptions {
  readonly watch?: boolean;
  readonly pods?: boolean;
}

/** `sluice experiment get NAME [--watch]`. */
export async function getExperiment(name: string, options: GetOptions): Promise<void> {
  const connection = await connect(options);
  const { client, namespace } = connection;
  const traffic = readTraffic(connection);
  const watched = {
    async take() {
      const picture = await takeExperiment(client, namespace, name);
      await traffic.refresh(namespace);
      return picture;
    },
    draw: (picture: Awaited<ReturnType<typeof takeExperiment>>) =>
      renderExperiment(picture, traffic.describe, {
        columns: columnsOf(),
        now: Date.now(),
        everyPod: options.pods === true,
      }),
    line: experimentLine,
    json: pictureAsJson,
  };
  try {
    if (options.watch) return await watch(watched, options.json === true);
    const picture = await watched.take();
    console.log(options.json ? watched.json(picture) : watched.draw(picture));
  } finally {
    await connection.close();
  }
}

/** `sluice experiment list`. */
export async function listExperiments(options: CommandOptions & { readonly allNamespaces?: boolean }): Promise<void> {
  const { client, namespace, close } = await connect(options);
  try {
    const everywhere = options.allNamespaces || options.namespace === undefined;
    const { items } = await client.list<Experiment>(experimentKind, everywhere ? {} : { namespace });
    if (options.json) return console.log(pictureAsJson(items));
    if (items.length === 0) return console.log("no experiments");
    const rows = items.map((item) => {
      const { metadata, spec, status } = item;
      const owner = controllerOf(item);
      const running = (status?.templateStatuses ?? []).filter((one) => one.status === "Running").length;
      return [
        metadata.namespace ?? "",
        metadata.name,
        owner === undefined ? "" : `${owner.kind.toLowerCase()}/${owner.name}`,
        paintState(phaseOf(item)),
        `${running}/${spec.templates.length}`,
        spec.duration ?? "",
        ageOf(metadata.creationTimestamp),
        status?.message ?? "",
      ];
    });
    const headers = ["NAMESPACE", "NAME", "OF", "STATUS", "RUNNING", "LASTS", "AGE", "MESSAGE"];
    console.log(renderTable(headers, rows));
  } finally {
    await close();
  }
}

/** `sluice experiment terminate NAME`: ends it early, as the kubectl plugin does. */
export async function terminateExperiment(name: string, options: CommandOptions): Promise<void> {
  const { client, namespace, close } = await connect(options);
  try {
    const { experiment } = await takeExperiment(client, namespace, name);
    const phase = phaseOf(experiment);
    if (hasEnded(experiment)) throw new Fault("invalid", `experiment ${name} has ended: ${phase}`);
    const patch = { type: "merge", value: { spec: { terminate: true } } } as const;
    await client.patch({ ...experimentKind, namespace, name }, patch, { fieldManager: "sluice-cli" });
    if (options.json) console.log(JSON.stringify({ experiment: name, namespace, done: "terminated" }));
    else console.log(`experiment ${name} ends; its analyses end with it`);
  } finally {
    await close();
  }
}
