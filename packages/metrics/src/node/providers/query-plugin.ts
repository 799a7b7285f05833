import { spawn } from "node:child_process";
import { Fault } from "@sluice/kernel";
import type { Measured } from "../../measurement.ts";
import { callProvider, providerUrl } from "./provider-request.ts";

/** A metric provider that the operator registered: a program of this machine, or an HTTP endpoint. */
export type PluginDoor = { readonly name: string; readonly timeoutSeconds: number } & (
  | { readonly is: "program"; readonly path: string; readonly arguments: readonly string[] }
  | { readonly is: "endpoint"; readonly url: string }
);

/** What a plugin is asked, as one JSON document. The configuration may hold secrets. */
export interface PluginQuestion {
  readonly metric: string;
  readonly namespace: string | undefined;
  readonly config: unknown;
}

const answerMax = 1024 * 1024;

/**
 * Asks by one JSON document on standard input, or by POST; the answer is `{"value": JSON}` or `{"error": "why"}`.
 * What a plugin writes to standard error stays out of messages: it may repeat a secret.
 */
export async function queryPlugin(door: PluginDoor, question: PluginQuestion, signal: AbortSignal): Promise<Measured> {
  const asked = JSON.stringify({ apiVersion: "sluice.dev/metric-plugin/v1", ...question });
  const answer = door.is === "program" ? await run(door, asked, signal) : await post(door, asked, signal);
  return measuredFrom(answer, door.name);
}

async function post(door: PluginDoor & { readonly is: "endpoint" }, body: string, signal: AbortSignal) {
  const name = `metric plugin ${door.name}`;
  const answer = await callProvider(
    {
      url: providerUrl(door.url, `${name}: url`),
      method: "POST",
      headers: [{ key: "content-type", value: "application/json" }],
      body,
      insecure: false,
      timeoutSeconds: door.timeoutSeconds,
      name,
    },
    signal,
  );
  if (answer.status < 200 || answer.status > 299) {
    throw new Fault("unavailable", `${name} answered with HTTP status ${answer.status}`);
  }
  return answer.body;
}

function run(door: PluginDoor & { readonly is: "program" }, question: string, signal: AbortSignal): Promise<string> {
  const name = `metric plugin ${door.name}`;
  const broken = (why: string) => new Fault("unavailable", `${name} ${why}`);
  return new Promise((resolve, reject) => {
    // A group of its own, so that what it started ends with it.
    const child = spawn(door.path, door.arguments, {
      stdio: ["pipe", "pipe", "ignore"],
      detached: true,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, LANG: "C.UTF-8" },
    });
    const pieces: Buffer[] = [];
    let length = 0;
    const end = (settle: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      if (child.pid !== undefined && child.exitCode === null) killGroup(child.pid);
      settle();
    };
    const fail = (why: string) => end(() => reject(broken(why)));
    const timer = setTimeout(() => fail(`gave no answer within ${door.timeoutSeconds} s`), door.timeoutSeconds * 1000);
    const onAbort = () => fail("was cancelled");
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
    child.on("error", (thrown) => fail(`can't be run: ${(thrown as NodeJS.ErrnoException).code ?? "unknown"}`));
    child.stdout.on("data", (piece: Buffer) => {
      length += piece.length;
      if (length > answerMax) fail("answered more than 1 MiB");
      else pieces.push(piece);
    });
    // A program that reads nothing closes its end: that is its right.
    child.stdin.on("error", () => {});
    child.stdin.end(question);
    child.on("close", (code, killedBy) => {
      if (code === 0) end(() => resolve(Buffer.concat(pieces).toString("utf8")));
      else fail(killedBy === null ? `ended with exit code ${code}` : `was ended by ${killedBy}`);
    });
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}

function measuredFrom(text: string, plugin: string): Measured {
  const name = `metric plugin ${plugin}`;
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new Fault("unavailable", `${name} answered garbage: no JSON`);
  }
  if (typeof answer !== "object" || answer === null || Array.isArray(answer)) {
    throw new Fault("unavailable", `${name} answered garbage: no JSON object`);
  }
  const { value, error } = answer as { readonly value?: unknown; readonly error?: unknown };
  if (typeof error === "string" && error !== "") throw new Fault("unavailable", `${name}: ${error.slice(0, 500)}`);
  if (value === undefined) throw new Fault("unavailable", `${name} answered neither value nor error`);
  return { value: JSON.stringify(value), parsed: value };
}
