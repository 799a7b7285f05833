import { spawn } from "node:child_process";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import type { LifecycleHandler, ProbeHandler } from "@sluice/api";
import type { Address } from "../network/port-map.ts";
import { patience } from "./patience.ts";

export type CheckResult =
  | { readonly is: "passed" }
  /** `isRefused`: nothing listens yet. */
  | { readonly is: "failed"; readonly message: string; readonly isRefused?: true };

export interface CheckPlace {
  /** Where a port of this container can be reached, by number or name. */
  readonly addressOf: (port: number | string) => Address | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly workingFolder: string;
  /** The file that a command's first word stands for. */
  readonly program: (word: string) => string;
}

const passed: CheckResult = { is: "passed" };
const failed = (message: string): CheckResult => ({ is: "failed", message });

/** Carries out one probe or hook, within `timeoutMillis`. Never throws. */
export function check(
  handler: ProbeHandler | LifecycleHandler,
  place: CheckPlace,
  timeoutMillis: number,
): Promise<CheckResult> {
  if (handler.httpGet !== undefined) return checkHttp(handler.httpGet, place, timeoutMillis);
  if (handler.tcpSocket !== undefined) return checkTcp(handler.tcpSocket, place, timeoutMillis);
  if (handler.exec !== undefined) return checkCommand(handler.exec.command ?? [], place, timeoutMillis);
  return Promise.resolve(failed("this kind of handler isn't supported: use httpGet, tcpSocket or exec"));
}

const bodyBytesMax = 10 * 1024;

function checkHttp(
  action: NonNullable<ProbeHandler["httpGet"]>,
  place: CheckPlace,
  timeoutMillis: number,
): Promise<CheckResult> {
  const address = action.host === undefined ? place.addressOf(action.port) : ownHost(action.host, action.port);
  if (address === undefined) return Promise.resolve(notListening(action.port));
  const isTls = action.scheme === "HTTPS";
  const headers: Record<string, string> = { "user-agent": "sluice-probe/1.0", accept: "*/*", connection: "close" };
  for (const { name, value } of action.httpHeaders ?? []) headers[name.toLowerCase()] = value;
  const path = action.path === undefined || action.path === "" ? "/" : action.path;
  return new Promise((resolve) => {
    const options = {
      host: address.host,
      port: address.port,
      path: path.startsWith("/") ? path : `/${path}`,
      headers,
      agent: false as const,
      rejectUnauthorized: false, // as the kubelet: it asks whether the program is well, not who it is
    };
    const url = `${isTls ? "https" : "http"}://${address.host}:${address.port}${options.path}`;
    let seen = 0;
    const request = (isTls ? httpsRequest : httpRequest)(options, (response) => {
      const status = response.statusCode ?? 0;
      response.on("data", (chunk: Buffer) => {
        seen += chunk.length;
        if (seen > bodyBytesMax) request.destroy();
      });
      response.on("close", () => limit.end());
      response.resume();
      resolve(status >= 200 && status < 400 ? passed : failed(`HTTP probe failed with statuscode: ${status}`));
    });
    const limit = patience(timeoutMillis, () => {
      resolve(failed(`Get "${url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`));
      request.destroy();
    });
    request.on("error", (thrown: NodeJS.ErrnoException) => {
      limit.end();
      resolve(fromError(thrown, `Get "${url}"`));
    });
    request.end();
  });
}

function checkTcp(
  action: NonNullable<ProbeHandler["tcpSocket"]>,
  place: CheckPlace,
  timeoutMillis: number,
): Promise<CheckResult> {
  const address = action.host === undefined ? place.addressOf(action.port) : ownHost(action.host, action.port);
  if (address === undefined) return Promise.resolve(notListening(action.port));
  return new Promise((resolve) => {
    const what = `dial tcp ${address.host}:${address.port}`;
    const socket = connect({ host: address.host, port: address.port });
    const limit = patience(timeoutMillis, () => {
      socket.destroy();
      resolve(failed(`${what}: i/o timeout`));
    });
    socket.once("connect", () => {
      limit.end();
      socket.destroy();
      resolve(passed);
    });
    socket.once("error", (thrown: NodeJS.ErrnoException) => {
      limit.end();
      resolve(fromError(thrown, what));
    });
  });
}

const outputBytesMax = 10 * 1024;

function checkCommand(words: readonly string[], place: CheckPlace, timeoutMillis: number): Promise<CheckResult> {
  const [word, ...parameters] = words;
  if (word === undefined) return Promise.resolve(failed("exec: no command"));
  return new Promise((resolve) => {
    const child = spawn(place.program(word), parameters, {
      cwd: place.workingFolder,
      env: place.environment,
      detached: true, // a group of its own, so that a timeout ends all of it
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const collect = (chunk: Buffer) => {
      if (output.length < outputBytesMax) output += chunk.toString("utf8");
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    const limit = patience(timeoutMillis, () => {
      if (child.pid !== undefined) tryKill(-child.pid);
      resolve(failed(`command timed out: "${words.join(" ")}" timed out after ${timeoutMillis / 1000}s`));
    });
    child.once("error", (thrown) => {
      limit.end();
      resolve(failed(thrown.message));
    });
    // `close` would wait for whatever inherited the pipe.
    child.once("exit", (code) => {
      limit.end();
      child.stdout.destroy();
      child.stderr.destroy();
      resolve(
        code === 0
          ? passed
          : failed(output.trim() === "" ? `command exited with ${code}` : output.trim().slice(0, 1000)),
      );
    });
  });
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended meanwhile.
  }
}

const ownHost = (host: string, port: number | string): Address | undefined =>
  Number.isInteger(Number(port)) ? { host, port: Number(port) } : undefined;

const notListening = (port: number | string): CheckResult => ({
  is: "failed",
  message: `nothing listens for port ${port} yet`,
  isRefused: true,
});

function fromError(thrown: NodeJS.ErrnoException, what: string): CheckResult {
  if (thrown.code === "ECONNREFUSED")
    return { is: "failed", message: `${what}: connect: connection refused`, isRefused: true };
  return failed(`${what}: ${thrown.code ?? thrown.message}`);
}
