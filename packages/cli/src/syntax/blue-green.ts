import type { Command } from "commander";
import { talking } from "./common-options.ts";

export function addBlueGreen(program: Command): void {
  const blueGreen = program
    .command("bluegreen")
    .alias("bg")
    .description("deploy over two Deployments and a Service whose selector switches");
  const on = (name: string, description: string) =>
    talking(blueGreen.command(name).description(description)).option(
      "--service <name>",
      "the Service that switches",
      "frontend-service",
    );
  const commands = () => import("../commands/blue-green.ts");
  on("deploy", "give the idle colour an image, try it, switch to it; may be run again at any time")
    .requiredOption("--image <image>", "the new image")
    .option("--container <name>", "whose image it is, where there are several")
    .option("--label <name>", "the label of the selector that switches", "version")
    .option("--timeout <duration>", "until every Pod is ready, such as 90s or 5m", "5m")
    .option("--health-path <path>", "asked of each Pod; default: that of its probes")
    .option("--smoke-image <image>", "a smoke test: TARGET_URL says where the new colour is")
    .option("--smoke-command <command>", "its command, given to a shell")
    .option("--requests <count>", "how many the new colour must answer through the router", "20")
    .option("--drain <duration>", "how long the old colour stays after the switch", "30s")
    .option("--notify <url>", "a webhook that takes Slack's JSON; kept in a Secret. Or $SLACK_WEBHOOK")
    .option("--dry-run", "say what would be done")
    .action(async (options) => {
      process.exitCode = await (await commands()).deploy(options);
    });
  on("status", "which colour has the traffic, how far a deploy is").action(async (options) =>
    (await commands()).status(options),
  );
  on("abort", "take the deploy under way back").action(async (options) => {
    process.exitCode = await (await commands()).abort(options);
  });
  on("rollback", "give the traffic back to the other colour, as it was")
    .option("--drain <duration>", "how long the old colour stays after the switch", "30s")
    .action(async (options) => {
      process.exitCode = await (await commands()).rollback(options);
    });
}
