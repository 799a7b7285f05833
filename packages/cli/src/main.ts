import { Argument, Command, CommanderError } from "commander";
import { addAnalysis, addExperiment } from "./syntax/analysis.ts";
import { addApplication } from "./syntax/application.ts";
import { addBlueGreen } from "./syntax/blue-green.ts";
import { collect, listening, talking } from "./syntax/common-options.ts";
import { addImage } from "./syntax/image.ts";
import { addQuarantine } from "./syntax/quarantine.ts";
import { addRollout } from "./syntax/rollout.ts";
import { failureAsJson, printFailure } from "./terminal/failure.ts";
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
  program
    .command("rehearse")
    .description("run a rollout's manifests against good and bad releases, in virtual time; needs nothing running")
    .argument("[paths...]", "files, folders, or - for standard input")
    .option("--replay <release>", "a past release under these files, on its own numbers: NAME or NAME@REVISION")
    .option("--policy <file>", "with --replay: one more file that is changed, such as a RollbackPolicy")
    .option("-n, --namespace <name>", "of manifests that name none, and of the releases of --replay and --calibration")
    .option("--data <folder>", "of a Sluice whose metrics or releases are read; default: .sluice here or above")
    .option("--from-prometheus <url>", "learn an ordinary day from weeks of metrics there")
    .option("--prometheus-header <header>", "'Name: value', or 'Name: @file'; may be given again", collect)
    .option("--prometheus-token-file <file>", "a bearer token")
    .option("--prometheus-user <name>", "with --prometheus-password-file")
    .option("--prometheus-password-file <file>", "of that user")
    .option("--prometheus-insecure", "don't check its certificate")
    .option("--service <name>", "whose requests; default: the Rollout's Services; may be given again", collect)
    .option("--query <promql>", "their counter, such as 'http_requests_total{job=\"web\"}', or a rate")
    .option("--history <time>", "how far back; default: 4w")
    .option("--no-history", "learn nothing from the metrics of the Sluice here")
    .option("--keep", "keep what is predicted in the state folder, for --calibration")
    .option("--calibration", "what was predicted against what happened, for each real release")
    .option("--traffic <rate>", "requests, such as 120rps; default: 100rps")
    .option("--errors <share>", "of ordinary requests, such as 0.3%")
    .option("--p95 <time>", "of ordinary requests, such as 240ms")
    .option("--daily-swing <factor>", "the busiest hour over the quietest, such as 3x")
    .option("--noise <amount>", "calm, normal or wild")
    .option("--conversions <share>", "of requests, such as 3%")
    .option("--fault <name>", "only this one; may be given again", collect)
    .option("--runs <count>", "releases of each fault; default: 10")
    .option("--good <count>", "good releases; default: 4 times the runs")
    .option("--seed <number>", "the same seed brings the same bytes; default: 1")
    .option("--person <time>", "how long a person takes who is asked; default: 10m")
    .option("--notice <time>", "how long nobody notices what no rule caught; default: 60m")
    .option("--html <file>", "a report with charts that stands alone")
    .option("--suggest [profile]", "search for weights and pauses that harm fewer in the same time; argo or sluice")
    .option("--shortest", "with --suggest: for the shortest plan that harms no more than this one")
    .option("--write", "write what --suggest found into the file")
    .option("--require <requirements>", "exit 1 unless met, such as 'caught(error +1pp) >= 95%, falseAborts <= 1%'")
    .option("--json", "print JSON")
    .action(async (paths, options) => {
      if (options.calibration) {
        process.exitCode = await (await import("./commands/rehearse-calibration.ts")).rehearseCalibration(options);
        return;
      }
      process.exitCode =
        options.replay === undefined
          ? await (await import("./commands/rehearse.ts")).rehearse(paths, options)
          : await (await import("./commands/rehearse-replay.ts")).rehearseReplay(paths, options);
    });
  const judge = program
    .command("judge")
    .description("judge releases: windows of what two versions served in, verdicts out, one JSON object a line")
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
  try {
    await createProgram().parseAsync([...argv]);
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.code.startsWith("commander.")) {
      process.exitCode = thrown.exitCode;
      return;
    }
    if (argv.includes("--json")) console.log(JSON.stringify(failureAsJson(thrown)));
    else printFailure(thrown);
    process.exitCode = 1;
  }
}
