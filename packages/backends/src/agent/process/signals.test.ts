import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { containerVariable, sweepLeftovers } from "./signals.ts";

async function daemon(containerId: string): Promise<ChildProcess> {
  const child = spawn("sleep", ["60"], {
    detached: true,
    stdio: "ignore",
    env: { ...process.env, [containerVariable]: containerId },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child, "spawn");
  return child;
}

test.runIf(process.platform === "linux")(
  "what a container left in a session of its own is killed, and nothing of another one",
  async () => {
    const [left, others] = await Promise.all([daemon("ended-1"), daemon("ended-10")]);
    const ended = once(left, "exit");

    expect(await sweepLeftovers("ended-1")).toBe(1);

    expect(await ended).toEqual([null, "SIGKILL"]);
    expect(others.exitCode ?? others.signalCode).toBeNull();
  },
);
