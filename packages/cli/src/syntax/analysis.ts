import type { Command } from "commander";
import { talking, talkingOfOne } from "./common-options.ts";

export function addExperiment(program: Command): void {
  const experiment = program
    .command("experiment")
    .alias("exp")
    .description("versions that run beside each other for a while");
  const on = talkingOfOne(experiment);
  const commands = () => import("../commands/experiment.ts");
  on("get", "where it stands: versions, pods, what they answer, analyses")
    .option("-w, --watch", "stay and show what changes")
    .option("--pods", "every pod on a line of its own, not only those in trouble")
    .action(async (name, options) => (await commands()).getExperiment(name, options));
  talking(experiment.command("list").description("every experiment, a rollout's steps among them"))
    .option("-A, --all-namespaces", "in every namespace")
    .action(async (options) => (await commands()).listExperiments(options));
  on("terminate", "end it and its analyses now").action(async (name, options) =>
    (await commands()).terminateExperiment(name, options),
  );
}

export function addAnalysis(program: Command): void {
  const analysis = program.command("analysis").description("analysis runs: what was measured, and what it should be");
  const on = talkingOfOne(analysis);
  const commands = () => import("../commands/analysis.ts");
  on("get", "where it stands: each metric, what it asks and wants, and what was measured last")
    .option("-w, --watch", "stay and show what changes")
    .action(async (name, options) => (await commands()).getAnalysisRun(name, options));
  talking(analysis.command("list").description("every analysis run, the newest last"))
    .option("-A, --all-namespaces", "in every namespace")
    .action(async (options) => (await commands()).listAnalysisRuns(options));
  on("terminate", "end it now").action(async (name, options) => (await commands()).terminateAnalysisRun(name, options));
}
