import { type Command, CommanderError } from "commander";
import { talking, talkingOfOne } from "./common-options.ts";

export function addRollout(program: Command): void {
  const rollout = program.command("rollout").alias("ro").description("look at and steer a release");
  const on = talkingOfOne(rollout);
  const commands = () => import("../commands/rollout.ts");
  on("get", "where it stands: steps or stage, versions, pods, experiments, analyses, rings, the judge, decisions")
    .option("-w, --watch", "stay and show what changes")
    .option("--pods", "every pod on a line of its own, not only those in trouble")
    .action(async (name, options) => (await commands()).getRelease(name, options));
  on("status", "wait until it is Healthy (exit 0), Degraded (1) or waits for a person (3)")
    .option("--watch [boolean]", "--watch=false: only say where it stands now", true)
    .option("--timeout <duration>", "give up then, with exit 1; 0: never", "0")
    .action(async (name, options) => {
      process.exitCode = await (await import("../commands/rollout-status.ts")).waitForStatus(name, options);
    });
  on("diff", "what the release changes: template, ConfigMaps, Secrets").action(async (name, options) =>
    (await commands()).diffRelease(name, options),
  );
  talking(rollout.command("list").description("every rollout"))
    .option("-A, --all-namespaces", "in every namespace")
    .action(async (options) => (await commands()).listRollouts(options));
  on("promote", "go on to the next step")
    .option("--full", "skip all steps, analyses and pauses")
    .option("--skip-current-step", "skip the step it is at, whatever it waits for")
    .option("--skip-all-steps", "skip the steps that are left; an analysis beside them goes on")
    .option("--step <number>", "only from this step, as rollout get counts them: another's pause isn't skipped")
    .action(async (name, options) => (await commands()).promote(name, options));
  on("abort", "take the new version off the traffic")
    .option("--bad [reason]", "and quarantine it, and put git right")
    .action(async (name, options) => (await commands()).abort(name, options));
  on("retry", "begin an aborted release again").action(async (name, options) =>
    (await commands()).retry(name, options),
  );
  on("undo", "go back to an earlier revision")
    .option("--to-revision <number>", "default: the one before")
    .option("--past-not-revertible", "past a version that says it can't be undone, too")
    .action(async (name, options) => (await commands()).undo(name, options));
  on("pause", "hold the release").action(async (name, options) => (await commands()).pauseRollout(name, options));
  on("restart", "replace every pod by a new one").action(async (name, options) =>
    (await commands()).restart(name, options),
  );
  talking(
    rollout.command("set-image").description("release another image").argument("<name>").argument("<container=image>"),
  ).action(async (name, pair, options) => {
    const equals = String(pair).indexOf("=");
    if (equals < 1) throw new CommanderError(1, "invalid", `write CONTAINER=IMAGE, not ${pair}`);
    return (await commands()).setImage(name, pair.slice(0, equals), pair.slice(equals + 1), options);
  });
}
