import { Demo, type DemoOptions, type DemoSummary } from "../demo/demo.ts";
import { lineStage, liveStage, silentStage } from "../demo/stage.ts";
import { readLiveRecord } from "../state/process-record.ts";
import { stateFolder } from "../state/state-folder.ts";
import { describeFailure, failureAsJson } from "../terminal/failure.ts";
import { paint } from "../terminal/style.ts";
import { consoleLink } from "./status.ts";

/** `sluice demo`: the exit code says whether everything ended as it should. */
export async function demo(
  options: DemoOptions & { readonly json?: boolean; readonly exit?: boolean },
): Promise<number> {
  const stage =
    options.json && !process.stderr.isTTY
      ? silentStage
      : options.json || !process.stdout.isTTY
        ? lineStage()
        : liveStage();
  const show = await Demo.create(options, stage);
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= show.stop();
    return stopping;
  };
  const interrupted = () => void stop().then(() => process.exit(130));
  process.once("SIGINT", interrupted);
  process.once("SIGTERM", interrupted);
  try {
    const summary = await show.run();
    stage.close();
    if (options.json) console.log(JSON.stringify(summary));
    else console.log(renderSummary(summary));
    if (!options.exit && !options.json) await stayUp(show);
    await stop();
    return summary.problems.length === 0 ? 0 : 1;
  } catch (thrown) {
    stage.close();
    if (options.json) console.log(JSON.stringify(failureAsJson(thrown)));
    else
      console.error(
        `${paint("red", "the demo failed:")} ${describeFailure(thrown)}\nLogs: ${stateFolder(show.state).logs}`,
      );
    await stop();
    return 1;
  }
}

function renderSummary(summary: DemoSummary): string {
  const seconds = (millis: number) => `${(millis / 1000).toFixed(millis < 10_000 ? 2 : 1)} s`;
  const row = (name: string, value: string) => `  ${name.padEnd(38)} ${value}`;
  return [
    "",
    paint(
      "bold",
      summary.problems.length === 0
        ? "Everything ended as it should."
        : paint("red", "Not everything ended as it should:"),
    ),
    ...summary.problems.map((problem) => `  - ${problem}`),
    row("requests", String(summary.requests)),
    row("failed at the client", `${summary.failed}, ${summary.failedByBad} of them answered by v3`),
    row("served by the bad version", String(summary.servedByBad)),
    row("git push to the first canary request", seconds(summary.pushToFirstCanaryMs)),
    row("first bad response to verdict", seconds(summary.badToVerdictMs)),
    row("verdict to zero traffic", `${summary.verdictToZeroMs} ms`),
    ...summary.releases.map(({ version, result, seconds: took }) =>
      row(`release ${version}`, `${result} in ${took} s`),
    ),
    row("git", `${summary.git.head.slice(0, 8)} at the tip; ${summary.git.revertOf.slice(0, 8)} was reverted`),
    "",
  ].join("\n");
}

/** The console stays up, and says how to push a change of one's own. */
async function stayUp(show: Demo): Promise<void> {
  const record = readLiveRecord(stateFolder(show.state).controlPlane);
  console.log(
    [
      `Console: ${await consoleLink(stateFolder(show.state).credentials, record?.port ?? 0)}`,
      `Shop:    http://shop.shop.localhost:${record?.routerPort}/`,
      "",
      "Push a change of your own:",
      `  cd ${show.repository.clone}`,
      "  git pull && sed -i.bak s/shop:v4/shop:v2/ manifests/rollout.yaml && git commit -am 'Back to v2' && git push",
      `  npx sluice rollout get shop -n shop --watch --data ${show.state}`,
      "",
      "Ctrl-C ends the demo.",
    ].join("\n"),
  );
  await new Promise<never>(() => setInterval(() => {}, 60_000));
}
