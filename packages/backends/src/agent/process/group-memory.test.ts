import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { memoryByGroup } from "./group-memory.ts";

test.skipIf(process.platform !== "linux")("a group's memory is that of all its processes", async () => {
  const hold = `const held = Buffer.alloc(64 * 1024 * 1024, 1); console.log("held"); setInterval(() => held.at(0), 1000);`;
  const leader = spawn(
    process.execPath,
    [
      "-e",
      `require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(hold)}], { stdio: "inherit" });`,
    ],
    {
      detached: true,
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  try {
    await once(leader.stdout, "data");

    const bytes = memoryByGroup()?.get(leader.pid ?? 0) ?? 0;

    expect(bytes).toBeGreaterThan(64 * 1024 * 1024);
    expect(memoryByGroup()?.get(2 ** 30)).toBeUndefined();
  } finally {
    if (leader.pid !== undefined) process.kill(-leader.pid, "SIGKILL");
  }
});
