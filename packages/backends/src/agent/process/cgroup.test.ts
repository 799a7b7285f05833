import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { AgentWorld, containerOf } from "../agent-world.fixture.ts";
import { createLimiter } from "./cgroup.ts";

const probe = createLimiter(`sluice-test-${process.pid}`);
probe.close();
if (probe.mechanism === "none") console.log(`skipped: limits can't be enforced here: ${probe.because}`);

test.skipIf(probe.mechanism === "none")(
  "what takes more memory than its limit is killed, and it says OOMKilled",
  async () => {
    const world = await AgentWorld.open();
    world.image("app:v1", {});
    const greedy = "const all = []; for (;;) all.push(Buffer.alloc(8 << 20, 1));";

    await world.run(
      "greedy",
      { command: ["node", "-e", greedy], resources: { limits: { memory: "96Mi", cpu: "500m" } } },
      { restartPolicy: "Never" },
    );
    const pod = await world.until("greedy", (each) => each?.status?.phase === "Failed");

    expect(containerOf(pod)?.state?.terminated).toMatchObject({ exitCode: 137, reason: "OOMKilled" });
    await world.close();
  },
);

test("without a hierarchy that can be written it says so, and limits nothing", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-cgroup-"));

  const limiter = createLimiter("sluice", folder);

  expect(limiter).toMatchObject({ mechanism: "none", because: expect.stringMatching(/can't|no cgroup/) });
  expect(limiter.prepare("c", { memoryBytes: 1 })).toEqual([]);
  rmSync(folder, { recursive: true });
});
