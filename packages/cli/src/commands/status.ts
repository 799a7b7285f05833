import { readFileSync } from "node:fs";
import { locateState } from "../connection.ts";
import { readLiveRecord } from "../state/process-record.ts";
import { paint } from "../terminal/style.ts";

/** `sluice status`: what runs and how to reach it; exit code 1 where the control plane doesn't. */
export async function status(options: { readonly data?: string; readonly json?: boolean }): Promise<void> {
  const state = locateState(options.data);
  const controlPlane = readLiveRecord(state.controlPlane);
  const agent = readLiveRecord(state.agent);
  const ready = controlPlane?.port === undefined ? undefined : await readiness(controlPlane.port);
  const link =
    controlPlane?.port === undefined || ready !== undefined
      ? undefined
      : await consoleLink(state.credentials, controlPlane.port);
  if (controlPlane === undefined) process.exitCode = 1;
  if (options.json) {
    console.log(
      JSON.stringify({
        state: state.path,
        controlPlane,
        agent,
        ready: controlPlane !== undefined && ready === undefined,
        reason: ready,
        console: link,
      }),
    );
    return;
  }
  const row = (name: string, value: string) => console.log(`  ${name.padEnd(14)} ${value}`);
  console.log(`${paint("bold", "Sluice")} on ${state.path}`);
  row(
    "control plane",
    controlPlane === undefined
      ? paint("red", "not running: sluice up")
      : `pid ${controlPlane.pid}, ${ready === undefined ? paint("green", "ready") : paint("yellow", ready)}`,
  );
  row(
    "agent",
    agent === undefined ? paint("red", "not running") : `pid ${agent.pid}, routes on port ${agent.routerPort}`,
  );
  if (controlPlane === undefined) return;
  row("API", `https://127.0.0.1:${controlPlane.apiPort}   export KUBECONFIG=${state.kubeconfig}`);
  row("router", `http://SERVICE.NAMESPACE.localhost:${controlPlane.routerPort}/`);
  row("registry", `localhost:${controlPlane.port}   user sluice, password in ${state.credentials}`);
  row("webhooks", `http://127.0.0.1:${controlPlane.port}/hooks/git   secret in ${state.credentials}`);
  if (link !== undefined) row("console", `${link}   (this link works once)`);
}

async function readiness(port: number): Promise<string | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`);
    return response.ok ? undefined : (await response.text()).trim();
  } catch (cause) {
    return `it doesn't answer (${cause instanceof Error ? cause.message : String(cause)})`;
  }
}

/** Asks the console for a one-time link, with the token that only this user can read. */
export async function consoleLink(credentials: string, port: number): Promise<string | undefined> {
  const { consoleToken } = JSON.parse(readFileSync(credentials, "utf8")) as { consoleToken: string };
  const response = await fetch(`http://127.0.0.1:${port}/console/link`, {
    method: "POST",
    headers: { authorization: `Bearer ${consoleToken}` },
  });
  return response.ok ? (await response.text()).trim() : undefined;
}
