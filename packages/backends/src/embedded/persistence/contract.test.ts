import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtInKinds, KindRegistry } from "@sluice/api";
import { clientContract } from "@sluice/api/suite";
import { seededRandom, VirtualClock } from "@sluice/kernel";
import { createStore } from "@sluice/store";
import { expect, test } from "vitest";
import { openSqlitePersistence } from "./sqlite-persistence.ts";

clientContract({
  test,
  expect,
  async open() {
    const folder = mkdtempSync(join(tmpdir(), "sluice-contract-"));
    const { client, stop } = await createStore({
      kinds: new KindRegistry(builtInKinds()),
      clock: new VirtualClock(),
      random: seededRandom(1),
      persistence: openSqlitePersistence(join(folder, "sluice.db")),
      schedule: setImmediate,
    });
    return {
      client,
      pause: () => new Promise((resolve) => setImmediate(resolve)),
      async close() {
        await stop();
        rmSync(folder, { recursive: true });
      },
    };
  },
});
