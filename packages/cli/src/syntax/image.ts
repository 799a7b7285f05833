import type { Command } from "commander";
import { collect } from "./common-options.ts";

export function addImage(program: Command): void {
  const image = program.command("image").description("images, without a container engine");
  const commands = () => import("../commands/image.ts");
  image
    .command("build")
    .description("make an image of a folder: sluice image build DIR --tag shop:v1 -- node server.js")
    .argument("<folder>")
    .argument("<command...>", "what runs, after --")
    .requiredOption("-t, --tag <name>", "NAME:TAG in the embedded registry")
    .option("-e, --env <name=value>", "an environment variable", collect)
    .option("--workdir <path>", "where it runs, in the image")
    .option("--data <folder>", "the state folder")
    .option("--json", "print JSON")
    .action(async (folder, command, options) => (await commands()).build(folder, command, options));
  image
    .command("list")
    .description("what the embedded registry holds")
    .option("--data <folder>", "the state folder")
    .option("--json", "print JSON")
    .action(async (options) => (await commands()).list(options));
}
