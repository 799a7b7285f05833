import { Fault } from "@sluice/kernel";
import { buildImage, formatReference, ImageStore } from "@sluice/supply-chain";
import { locateState } from "../connection.ts";
import { createStateFolder } from "../state/state-folder.ts";
import { renderTable } from "../terminal/table.ts";
import type { CommandOptions } from "./options.ts";

export interface BuildImageOptions extends CommandOptions {
  readonly tag: string;
  readonly env?: readonly string[];
  readonly workdir?: string;
}

/** `sluice image build DIR --tag shop:v1 -- node server.js`. */
export async function build(folder: string, command: readonly string[], options: BuildImageOptions): Promise<void> {
  const state = locateState(options.data);
  await createStateFolder(state);
  const images = new ImageStore({ folder: state.images });
  const env = Object.fromEntries((options.env ?? []).map(parseEnv));
  const built = await buildImage(images.content, {
    folder,
    tag: options.tag,
    command,
    ...(options.env === undefined ? {} : { env }),
    ...(options.workdir === undefined ? {} : { workingDir: options.workdir }),
  });
  const name = formatReference(built.reference);
  if (options.json)
    console.log(JSON.stringify({ image: name, digest: built.digest, files: built.files, bytes: built.bytes }));
  else
    console.log(
      `${name}\n${name.replace(/:[^:/]+$/, "")}@${built.digest}\n${built.files} ${built.files === 1 ? "file" : "files"}, ${built.bytes} bytes`,
    );
}

/** `sluice image list`. */
export async function list(options: CommandOptions): Promise<void> {
  const { content } = new ImageStore({ folder: locateState(options.data).images });
  const rows: string[][] = [];
  for (const repository of await content.repositories()) {
    for (const tag of await content.tags(repository)) {
      rows.push([repository, tag, (await content.resolveTag(repository, tag)) ?? ""]);
    }
  }
  if (options.json)
    return console.log(JSON.stringify(rows.map(([repository, tag, digest]) => ({ repository, tag, digest }))));
  if (rows.length === 0) return console.log("no images yet: sluice image build DIR --tag NAME:TAG -- COMMAND");
  console.log(renderTable(["REPOSITORY", "TAG", "DIGEST"], rows));
}

function parseEnv(text: string): [string, string] {
  const equals = text.indexOf("=");
  if (equals < 1) throw new Fault("invalid", `--env ${text}: write NAME=value`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}
