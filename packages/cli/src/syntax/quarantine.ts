import type { Command } from "commander";
import { talking } from "./common-options.ts";

export function addQuarantine(program: Command): void {
  const quarantine = program.command("quarantine").description("versions that get no traffic");
  const commands = () => import("../commands/quarantine.ts");
  talking(quarantine.command("list").description("which, since when, why"))
    .option("-A, --all-namespaces", "in every namespace")
    .action(async (options) => (await commands()).listQuarantines(options));
  talking(quarantine.command("lift").description("let a version have traffic again").argument("<name>")).action(
    async (name, options) => (await commands()).liftQuarantine(name, options),
  );
}
