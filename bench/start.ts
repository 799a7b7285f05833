// The bundled program: from nothing to ready, and what it weighs then. Against the smallest thing Node can start.
import { execFile, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Row } from "./row.ts";

const execute = promisify(execFile);
const root = join(import.meta.dirname, "..");

export async function bench(): Promise<Row[]> {
  await execute(process.execPath, [join(root, "scripts", "build.ts")], { cwd: root });
  // As it is installed: without the source beside it.
  const installed = mkdtempSync(join(tmpdir(), "sluice-bench-installed-"));
  for (const part of ["bin", "dist", "package.json"])
    cpSync(join(root, "packages", "cli", part), join(installed, part), { recursive: true });
  const program = join(installed, "bin", "sluice.mjs");
  const empty = await timed(() => execute(process.execPath, ["-e", "0"]));
  const starts: number[] = [];
  let megabytes = { controlPlane: 0, agent: 0, together: 0 };
  for (let round = 0; round < 5; round++) {
    const folder = mkdtempSync(join(tmpdir(), "sluice-bench-start-"));
    const state = join(folder, ".sluice");
    const began = performance.now();
    const child = spawn(
      process.execPath,
      [program, "up", "--data", state, "--port", "0", "--api-port", "0", "--router-port", "0"],
      { stdio: "ignore" },
    );
    const record = await until(() => {
      const found = JSON.parse(readFileSync(join(state, "control-plane.json"), "utf8")) as {
        port: number;
        pid: number;
      };
      return found.port > 0 ? found : undefined;
    });
    await until(async () => ((await fetch(`http://127.0.0.1:${record.port}/readyz`)).ok ? true : undefined));
    starts.push(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const agent = JSON.parse(readFileSync(join(state, "agent", "agent.json"), "utf8")) as { pid: number };
    megabytes = memoryOf(record.pid, agent.pid);
    await execute(process.execPath, [program, "down", "--data", state]);
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  }
  rmSync(installed, { recursive: true, force: true });
  starts.sort((a, b) => a - b);
  const median = starts[2] ?? 0;
  return [
    {
      name: "start of the bundled program to ready (median of 5)",
      value: median,
      unit: "ms",
      peer: "node -e 0",
      ratio: median / empty,
      goal: "< 1500 ms",
    },
    { name: "control plane after start, resident", value: megabytes.controlPlane, unit: "MB" },
    { name: "agent after start, resident", value: megabytes.agent, unit: "MB" },
    { name: "both, the pages that they share counted once", value: megabytes.together, unit: "MB", goal: "< 150 MB" },
  ];
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

async function until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    try {
      const found = await look();
      if (found !== undefined) return found;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Both map the same Node binary: what counts for the machine is their own pages and one copy of the shared ones. */
function memoryOf(controlPlane: number, agent: number) {
  const [first, second] = [pagesOf(controlPlane), pagesOf(agent)];
  const shared = Math.max(first.resident - first.own, second.resident - second.own);
  return { controlPlane: first.resident, agent: second.resident, together: first.own + second.own + shared };
}

function pagesOf(pid: number): { resident: number; own: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const megabytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0) / 1024;
  return { resident: megabytes("Rss"), own: megabytes("Anonymous") };
}
