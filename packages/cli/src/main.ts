import { Fault, isFault } from "@sluice/kernel";
import { Argument, Command, CommanderError } from "commander";
import { addAnalysis, addExperiment } from "./syntax/analysis.ts";
import { addApplication } from "./syntax/application.ts";
import { addBlueGreen } from "./syntax/blue-green.ts";
import { collect, listening, talking } from "./syntax/common-options.ts";
import { addImage } from "./syntax/image.ts";
import { addQuarantine } from "./syntax/quarantine.ts";
import { addRehearse } from "./syntax/rehearse.ts";
import { addRollout } from "./syntax/rollout.ts";
import { failureAsJson, printFailure } from "./terminal/failure.ts";
import { tellLostOutput } from "./terminal/lost-output.ts";
import { version } from "./version.ts";

/** Everything `sluice` can do. Each command's code is loaded when it runs, so that `--help` is quick. */
export function createProgram(): Command {
  const program = new Command("sluice")
    .description("Takes a change from a git commit to all of its users, and takes it back when it hurts them.")
    .version(version())
    .showHelpAfterError("(sluice --help lists the commands)")
    .exitOverride();

  listening(program.command("up").description("start Sluice on this machine"))
    .option("--detach", "return once it is ready, and go on in the background")
    .option("--json", "print JSON")
    .action(async (options) => (await import("./commands/up.ts")).up(options));
  program
    .command("down")
    .description("stop everything: workloads, agent, control plane")
    .option("--data <folder>", "the state folder")
    .option("--json", "print JSON")
    .action(async (options) => (await import("./commands/down.ts")).down(options));
  program
    .command("status")
    .description("what runs, where it listens, how to reach the console")
    .option("--data <folder>", "the state folder")
    .option("--json", "print JSON")
    .action(async (options) => (await import("./commands/status.ts")).status(options));

  program
    .command("upgrade")
    .description("replace the agent by this program's, sockets handed over: no request fails")
    .option("--data <folder>", "the state folder")
    .option("--json", "print JSON")
    .action(async (options) => (await import("./commands/upgrade.ts")).upgrade(options));

  talking(program.command("apply").description("create or change what manifests say"))
    .requiredOption("-f, --filename <path>", "a file, a folder, or - for standard input", collect)
    .option("--dry-run", "validate only")
    .action(async (options) => (await import("./commands/apply.ts")).apply(options));
  talking(program.command("get").description("list resources").argument("<kind>").argument("[names...]"))
    .option("-o, --output <format>", "wide, json, yaml or name")
    .option("-l, --selector <selector>", "by labels")
    .option("-A, --all-namespaces", "in every namespace")
    .option("-w, --watch", "go on with changes")
    .action(async (kind, names, options) => (await import("./commands/get.ts")).get(kind, names, options));
  talking(program.command("delete").description("delete resources").argument("[kind]").argument("[names...]"))
    .option("-f, --filename <path>", "what a manifest names", collect)
    .action(async (kind, names, options) => (await import("./commands/delete.ts")).remove(kind, names, options));
  talking(
    program
      .command("logs")
      .description("print what a pod wrote")
      .argument("<pod>", "POD, rollout/NAME or deployment/NAME"),
  )
    .option("-f, --follow", "go on with what comes")
    .option("-p, --previous", "of the container before the last restart")
    .option("--tail <lines>", "only the last lines")
    .option("-c, --container <name>", "of one container")
    .option("--timestamps", "with the time of each line")
    .action(async (pod, options) => (await import("./commands/logs.ts")).logs(pod, options));
  talking(program.command("events").description("what happened"))
    .option("--for <object>", "KIND/NAME")
    .option("-A, --all-namespaces", "in every namespace")
    .option("-w, --watch", "go on with what comes")
    .action(async (options) => (await import("./commands/events.ts")).events(options));

  addRollout(program);
  addExperiment(program);
  addAnalysis(program);
  addBlueGreen(program);
  addApplication(program);
  talking(
    program
      .command("why")
      .description("every decision of a release, with its evidence")
      .argument("<name>", "of the rollout, or bluegreen/SERVICE"),
  )
    .option("--all", "of earlier releases too")
    .option("--replay", "work out every past verdict of the judge again from what it was shown")
    .option("--policy <file>", "with --replay: and what this RollbackPolicy would have done")
    .action(async (name, options) => {
      if (options.policy !== undefined && options.replay !== true) {
        throw new Fault("invalid", "--policy needs --replay");
      }
      if (options.replay === true) return (await import("./commands/why-replay.ts")).whyReplay(name, options);
      return (await import("./commands/why.ts")).why(name, options);
    });
  addQuarantine(program);

  program
    .command("lint")
    .description("what is wrong with manifests, and how to repair it; needs nothing running")
    .argument("<paths...>", "files, folders, or - for standard input")
    .option("--json", "print JSON")
    .option("--fix", "write the repairs that are mechanical; comments and layout stay")
    .option("--diff", "only show what --fix would write")
    .action(async (paths, options) => {
      process.exitCode = await (await import("./commands/lint.ts")).lint(paths, options);
    });
  addRehearse(program);
  const judge = program
    .command("judge")
    .description("judge releases: windows of what two versions served in, verdicts out, one JSON object a line")
    .addHelpText("after", "\nThe lines, with an example: docs/verdict.md, Ask it.")
    .action(async () => (await import("./commands/judge.ts")).judge());
  judge
    .command("train")
    .description("teach the judge from the releases kept here and how each ended; a worse judge is refused")
    .option("--data <folder>", "the state folder; default: .sluice here or above")
    .option("--seed <number>", "of chance; the same seed and releases bring the same model; default: 1")
    .option("--json", "print JSON")
    .action(async (options) => {
      process.exitCode = await (await import("./commands/judge-train.ts")).judgeTrain(options);
    });
  addImage(program);

  program
    .command("completion")
    .description("a script that completes commands and options: source <(sluice completion bash)")
    .addArgument(new Argument("<shell>", "whose").choices(["bash", "zsh", "fish"]))
    .action(async (shell) => {
      process.stdout.write((await import("./commands/completion.ts")).completionScript(program, shell));
    });

  listening(program.command("demo").description("watch good and bad releases of a small shop, for real"))
    .option("--fast", "shorter pauses")
    .option("--exit", "end when the story ends")
    .option("--json", "print one object at the end, and end")
    .action(async (options) => {
      process.exitCode = await (await import("./commands/demo.ts")).demo(options);
      if (options.exit || options.json) process.exit();
    });
  program
    .command("demo-load", { hidden: true })
    .argument("<url>")
    .argument("<host>")
    .argument("<rate>")
    .action(async (url, host, rate) =>
      (await import("./demo/load-process.ts")).serveLoad({ url, host, requestsPerSecond: Number(rate) }),
    );
  program
    .command("agent", { hidden: true })
    .requiredOption("--data <folder>")
    .option("--router-port <port>")
    .option("--kept")
    .action(async (options) => (await import("./agent/agent-process.ts")).runAgentProcess(options));
  return program;
}

/** Runs one command line; failures are printed for people, or as JSON where that was asked for. */
export async function run(argv: readonly string[]): Promise<void> {
  let asked: Command | undefined;
  const lost = new Fault("unavailable", "the output can't be written");
  tellLostOutput({ endsWithout: () => onlyPrints(asked), exitCode: () => exitCodeOf(lost, asked) });
  try {
    const program = createProgram().hook("preAction", (_, command) => {
      asked = command;
    });
    await program.parseAsync([...argv]);
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.code.startsWith("commander.")) {
      process.exitCode = thrown.exitCode === 0 ? 0 : usageExitCode;
      return;
    }
    if (argv.includes("--json")) console.log(JSON.stringify(failureAsJson(thrown)));
    else printFailure(thrown);
    process.exitCode = exitCodeOf(thrown, asked);
  }
}

/** It goes on printing until somebody ends it. */
const onlyPrints = (asked: Command | undefined): boolean =>
  asked?.name() === "judge" || asked?.opts().watch === true || asked?.opts().follow === true;

/** What was asked for makes no sense: an option, a value, a manifest. 1 is left to what failed, and to answers that say no. */
const usageExitCode = 2;

function exitCodeOf(thrown: unknown, asked: Command | undefined): number {
  // Of a question 1 is the answer that says no: whatever kept it from being asked is told apart.
  const isGate = asked?.opts().require !== undefined;
  const isQuestion = isGate || (asked?.name() === "diff" && asked.parent?.name() === "app");
  return isQuestion || (isFault(thrown) && thrown.kind === "invalid") ? usageExitCode : 1;
}
