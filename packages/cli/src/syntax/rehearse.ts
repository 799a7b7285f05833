import type { Command } from "commander";
import { collect } from "./common-options.ts";

/** Told here and not read from the rehearsal, which takes longer to load than to ask for help; a test compares. */
const faultsInWords = `
Faults, as --fault and --require name them:
  of the release   error +0.2pp, error +0.5pp, error +1pp, error +5pp,
                   error +50pp, p95 x1.1, p95 x1.3, p95 x1.5, p95 x3,
                   one endpoint, one tenant, slow leak, crash loop,
                   never ready, late onset, only under load,
                   lost conversions, dependency down
  of the platform  controller killed, metrics missing, slow pods, node lost,
                   clock steps
`;

export function addRehearse(program: Command): void {
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
    .option("--query-failures <promql>", "the counter of those that fail, or its rate, where no code tells")
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
    .option("--fault <name>", "only this one, of those below; may be given again", collect)
    .option("--runs <count>", "releases of each fault; default: 10")
    .option("--good <count>", "good releases; default: 4 times the runs, and at least 20")
    .option("--seed <number>", "the same seed brings the same bytes; default: 1")
    .option("--person <time>", "how long a person takes who is asked; default: 10m")
    .option("--notice <time>", "how long nobody notices what no rule caught; default: 60m")
    .option(
      "--ready <time>",
      "how long a Pod takes to be ready; default: as its Pods took so far, else 15s or what the manifests say",
    )
    .option(
      "--scrape <time>",
      "how often your Prometheus takes a sample, such as 30s; default: often enough for each query",
    )
    .option("--html <file>", "a report with charts that stands alone")
    .option("--suggest [profile]", "search for weights and pauses that harm fewer in the same time; argo or sluice")
    .option("--shortest", "with --suggest: for the shortest plan that harms no more than this one")
    .option("--write", "write what --suggest found into the file")
    .option("--require <requirements>", "exit 1 unless met, such as 'caught(error +1pp) >= 95%, falseAborts <= 1%'")
    .option("--json", "print JSON")
    .addHelpText("after", faultsInWords)
    .action(async (paths, options) => {
      (await import("../rehearse/idle-options.ts")).refuseIdleOptions(options, paths);
      if (options.calibration) {
        process.exitCode = await (await import("../commands/rehearse-calibration.ts")).rehearseCalibration(options);
        return;
      }
      process.exitCode =
        options.replay === undefined
          ? await (await import("../commands/rehearse.ts")).rehearse(paths, options)
          : await (await import("../commands/rehearse-replay.ts")).rehearseReplay(paths, options);
    });
}
