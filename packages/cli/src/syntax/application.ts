import type { Command } from "commander";
import { talking, talkingOfOne } from "./common-options.ts";

export function addApplication(program: Command): void {
  const application = program.command("app").description("applications: what git says and what runs");
  const on = talkingOfOne(application);
  const commands = () => import("../commands/app.ts");
  talking(application.command("get").description("sync, health, resources").argument("[name]")).action(
    async (name, options) => (await commands()).getApplication(name, options),
  );
  on("diff", "what git says against what is there").action(async (name, options) => {
    process.exitCode = await (await commands()).diffApplication(name, options);
  });
  on("sync", "make what is there what git says")
    .option("--revision <revision>", "a commit, a tag or a branch")
    .option("--prune", "delete what git doesn't have")
    .option("--no-wait", "don't wait for the end")
    .action(async (name, options) => (await commands()).syncApplication(name, options));
  on("history", "what was synced when").action(async (name, options) => (await commands()).showHistory(name, options));
  talking(
    application
      .command("rollback")
      .description("sync an earlier entry of the history")
      .argument("<name>")
      .argument("[id]"),
  )
    .option("--past-not-revertible", "past what says it can't be undone, too")
    .action(async (name, id, options) => (await commands()).rollbackApplication(name, id, options));
}
