import { spawn } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Fault } from "@sluice/kernel";
import { program } from "../program.ts";
import { type ProcessRecord, readLiveRecord } from "../state/process-record.ts";
import { createStateFolder, findStateFolder, type StateFolder, stateFolder } from "../state/state-folder.ts";
import { failureAsJson, printFailure } from "../terminal/failure.ts";
import { paint } from "../terminal/style.ts";

export interface UpOptions {
  readonly data?: string;
  readonly apiPort?: string;
  readonly port?: string;
  readonly routerPort?: string;
  readonly detach?: boolean;
  readonly json?: boolean;
}

const readyMillisMax = 30_000;
const stopMillisMax = 10_000;

/** `sluice up`: serves until Ctrl-C, which leaves agent and workloads running; a second one on the same state says so. */
export async function up(options: UpOptions): Promise<void> {
  const state =
    options.data === undefined
      ? (findStateFolder(process.cwd()) ?? stateFolder(join(process.cwd(), ".sluice")))
      : stateFolder(options.data);
  await createStateFolder(state);
  const running = readLiveRecord(state.controlPlane);
  if (running !== undefined) {
    if (options.json) console.log(JSON.stringify({ ...running, alreadyRunning: true }));
    else console.log(`Sluice runs already on ${state.path} (pid ${running.pid}); nothing to do.`);
    return;
  }
  if (options.detach) return detach(state, options);
  if (options.data === undefined) becomeNamed(state);
  const { serve } = await import("../control-plane/serve.ts");
  const served = await serve({
    state,
    apiPort: parsePort(options.apiPort, 7443, "--api-port"),
    port: parsePort(options.port, 7070, "--port"),
    routerPort: parsePort(options.routerPort, 7080, "--router-port"),
  }).catch((thrown: unknown) => {
    if (options.json) console.log(JSON.stringify(failureAsJson(thrown)));
    else printFailure(thrown);
    // What was begun would keep the process alive, serving half of what it should.
    process.exit(1);
  });
  if (options.json) console.log(JSON.stringify(served.record));
  else console.log(welcome(served.record, state, served.consoleLink()));
  let isStopping = false;
  const stop = () => {
    if (isStopping) process.exit(130);
    isStopping = true;
    // What is acknowledged is durable already; a connection that won't end must not hold everybody up.
    setTimeout(() => process.exit(0), stopMillisMax).unref();
    void served.stop().then((goesOn) => {
      if (!options.json) console.log(goesOn);
      process.exit(0);
    });
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
}

/** The state folder stands in the command line of each process, so that `ps` tells which Sluice is whose. */
function becomeNamed(state: StateFolder): void {
  if (process.execve === undefined) return;
  // Node calls it experimental, once for each start; people needn't read that.
  process.removeAllListeners("warning");
  process.execve(process.execPath, [
    process.execPath,
    ...process.execArgv,
    program(),
    ...process.argv.slice(2),
    "--data",
    state.path,
  ]);
}

async function detach(state: StateFolder, options: UpOptions): Promise<void> {
  const logFile = join(state.logs, "control-plane.log");
  const output = openSync(logFile, "a", 0o600);
  const ports = [
    ...(options.apiPort === undefined ? [] : ["--api-port", options.apiPort]),
    ...(options.port === undefined ? [] : ["--port", options.port]),
    ...(options.routerPort === undefined ? [] : ["--router-port", options.routerPort]),
  ];
  // As JSON: the words for a terminal hold a link that logs in, and a log is no place for it.
  const child = spawn(process.execPath, [program(), "up", "--data", state.path, "--json", ...ports], {
    detached: true,
    stdio: ["ignore", output, output],
  });
  child.unref();
  let exited: number | null | undefined;
  child.on("exit", (code) => {
    exited = code;
  });
  const deadline = Date.now() + readyMillisMax;
  let record: ProcessRecord | undefined;
  while (record === undefined) {
    if (exited !== undefined) throw new Fault("unavailable", `Sluice ended while starting: ${lastLines(logFile)}`);
    if (Date.now() > deadline)
      throw new Fault("unavailable", `Sluice isn't ready after ${readyMillisMax / 1000} s: see ${logFile}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const found = readLiveRecord(state.controlPlane);
    if (found?.port !== undefined && (await isReady(found.port))) record = found;
  }
  if (options.json) console.log(JSON.stringify(record));
  else
    console.log(
      `Sluice is up (pid ${record.pid}). State: ${state.path}\nsluice status tells more, sluice down ends it.`,
    );
}

async function isReady(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/readyz`).then(
    (response) => response.ok,
    () => false,
  );
}

function lastLines(path: string): string {
  return readFileSync(path, "utf8").trim().split("\n").slice(-3).join(" / ");
}

function parsePort(text: string | undefined, standard: number, option: string): number {
  if (text === undefined) return standard;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Fault("invalid", `${option} ${text}: a number from 0 to 65535`);
  return port;
}

function welcome(record: ProcessRecord, state: StateFolder, link: string): string {
  return [
    `${paint("bold", "Sluice")} ${record.version} is up. State: ${state.path}`,
    "",
    `  console   ${link}`,
    `  router    http://SERVICE.NAMESPACE.localhost:${record.routerPort}/`,
    `  API       https://127.0.0.1:${record.apiPort}  (export KUBECONFIG=${state.kubeconfig})`,
    "",
    "Ctrl-C ends the control plane; workloads and traffic go on. sluice down stops everything.",
  ].join("\n");
}
