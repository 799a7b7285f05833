import { Argument, Command, CommanderError } from "commander";
import { failureAsJson, printFailure } from "./terminal/failure.ts";
import { version } from "./version.ts";

const collect = (value: string, before: readonly string[] = []): string[] => [...before, value];

/** Adds what every command that talks to a running Sluice takes. */
const talking = (command: Command): Command =>
  command
    .option("-n, --namespace <name>", "the namespace; default: default")
    .option("--data <folder>", "the state folder; default: .sluice here or above")
    .option("--json", "print JSON");

const listening = (command: Command): Command =>
  command
    .option("--data <folder>", "the state folder itself; default: ./.sluice")
    .option("--api-port <port>", "the Kubernetes wire protocol, https; 0 takes a free one")
    .option("--port <port>", "the console, the registry and hooks; 0 takes a free one")
    .option("--router-port <port>", "the router; 0 takes a free one");

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

function addRollout(program: Command): void {
  const rollout = program.command("rollout").alias("ro").description("look at and steer a release");
  const on = (name: string, description: string) =>
    talking(rollout.command(name).description(description).argument("<name>"));
  const commands = () => import("./commands/rollout.ts");
  on("get", "where it stands: steps or stage, versions, pods, experiments, analyses, rings, the judge, decisions")
    .option("-w, --watch", "stay and show what changes")
    .option("--pods", "every pod on a line of its own, not only those in trouble")
    .action(async (name, options) => (await commands()).getRelease(name, options));
  on("status", "wait until it is Healthy (exit 0), Degraded (1) or waits for a person (2)")
    .option("--watch [boolean]", "--watch=false: only say where it stands now", true)
    .option("--timeout <duration>", "give up then, with exit 1; 0: never", "0")
    .action(async (name, options) => {
      process.exitCode = await (await import("./commands/rollout-status.ts")).waitForStatus(name, options);
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

function addExperiment(program: Command): void {
  const experiment = program
    .command("experiment")
    .alias("exp")
    .description("versions that run beside each other for a while");
  const on = (name: string, description: string) =>
    talking(experiment.command(name).description(description).argument("<name>"));
  const commands = () => import("./commands/experiment.ts");
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

function addAnalysis(program: Command): void {
  const analysis = program.command("analysis").description("analysis runs: what was measured, and what it should be");
  const on = (name: string, description: string) =>
    talking(analysis.command(name).description(description).argument("<name>"));
  const commands = () => import("./commands/analysis.ts");
  on("get", "where it stands: each metric, what it asks and wants, and what was measured last")
    .option("-w, --watch", "stay and show what changes")
    .action(async (name, options) => (await commands()).getAnalysisRun(name, options));
  talking(analysis.command("list").description("every analysis run, the newest last"))
    .option("-A, --all-namespaces", "in every namespace")
    .action(async (options) => (await commands()).listAnalysisRuns(options));
  on("terminate", "end it now").action(async (name, options) => (await commands()).terminateAnalysisRun(name, options));
}

function addBlueGreen(program: Command): void {
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
  const commands = () => import("./commands/blue-green.ts");
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

function addApplication(program: Command): void {
  const application = program.command("app").description("applications: what git says and what runs");
  const on = (name: string, description: string) =>
    talking(application.command(name).description(description).argument("<name>"));
  const commands = () => import("./commands/app.ts");
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

function addQuarantine(program: Command): void {
  const quarantine = program.command("quarantine").description("versions that get no traffic");
  const commands = () => import("./commands/quarantine.ts");
  talking(quarantine.command("list").description("which, since when, why"))
    .option("-A, --all-namespaces", "in every namespace")
    .action(async (options) => (await commands()).listQuarantines(options));
  talking(quarantine.command("lift").description("let a version have traffic again").argument("<name>")).action(
    async (name, options) => (await commands()).liftQuarantine(name, options),
  );
}

function addImage(program: Command): void {
  const image = program.command("image").description("images, without a container engine");
  const commands = () => import("./commands/image.ts");
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
