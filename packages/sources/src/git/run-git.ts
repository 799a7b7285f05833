import { type ChildProcess, spawn } from "node:child_process";
import { Fault } from "@sluice/kernel";

export interface GitRun {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly input?: string | Buffer;
  /** After so long the whole process group is killed and the run is refused as unavailable. */
  readonly timeoutMillis: number;
  readonly maxOutputBytes?: number;
  readonly signal?: AbortSignal;
  /** Texts that must not come out again, wherever git repeats them. */
  readonly secrets?: readonly string[];
}

export interface GitOutput {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs git once. A non-zero exit is an answer, not a fault: the caller knows what it means. */
export function runGit(run: GitRun): Promise<GitOutput> {
  const { args, env, input, timeoutMillis, maxOutputBytes = 64 * 1024 * 1024, signal } = run;
  const command = args.find((arg) => !arg.startsWith("-")) ?? "";
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new Fault("unavailable", "cancelled"));
    // A group of its own: ssh, git-remote-https and index-pack go with it.
    const child = spawn("git", [...args], { env, detached: true, stdio: ["pipe", "pipe", "pipe"] });
    const chunks: Buffer[] = [];
    let size = 0;
    let stderr = "";
    let isSettled = false;
    const settle = (act: () => void) => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      act();
    };
    const stop = (fault: Fault) => {
      endGroup(child);
      settle(() => reject(fault));
    };
    const onAbort = () => stop(new Fault("unavailable", "cancelled"));
    const timer = setTimeout(
      () => stop(new Fault("unavailable", `git ${command} gave no result within ${timeoutMillis / 1000} s`)),
      timeoutMillis,
    );
    signal?.addEventListener("abort", onAbort, { once: true });
    child.stdout.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxOutputBytes)
        return stop(new Fault("invalid", `git ${command} answered more than ${maxOutputBytes} bytes`));
      chunks.push(chunk);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      if (stderr.length < 16_384) stderr += chunk.toString("utf8");
    });
    child.stdin.on("error", () => {}); // git may end before it has read all
    child.on("error", (cause: NodeJS.ErrnoException) =>
      settle(() =>
        reject(
          new Fault("unavailable", cause.code === "ENOENT" ? "git is not installed: no `git` on PATH" : cause.message, {
            cause,
          }),
        ),
      ),
    );
    const finish = (code: number | null) =>
      settle(() => resolve({ code: code ?? 128, stdout: Buffer.concat(chunks), stderr: scrub(stderr, run.secrets) }));
    child.on("close", finish);
    // A grandchild may hold the pipe for ever: what has come half a second after the end is all there is.
    child.on("exit", (code) => setTimeout(() => finish(code), 500).unref());
    child.stdin.end(input);
  });
}

/** Asks first: git takes its lock files away when it is asked, and leaves them when it is killed. */
function endGroup(child: ChildProcess): void {
  signalGroup(child, "SIGTERM");
  const killing = setTimeout(() => killGroup(child), 300);
  child.once("close", () => clearTimeout(killing));
}

export const killGroup = (child: ChildProcess): void => signalGroup(child, "SIGKILL");

function signalGroup(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    child.kill(signal);
  }
}

/** Takes secrets, and the user part of URLs, out of what git says. */
export function scrub(text: string, secrets: readonly string[] = []): string {
  let clean = text.replace(/(\/\/)[^@/\s']+:[^@/\s']*@/g, "$1***@");
  for (const secret of secrets) {
    if (secret.length === 0) continue;
    clean = clean.replaceAll(secret, "***").replaceAll(encodeURIComponent(secret), "***");
  }
  return clean;
}
