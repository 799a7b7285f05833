import { builtInKinds, KindRegistry } from "@sluice/api";
import { clientContract } from "@sluice/api/suite";
import { seededRandom, VirtualClock } from "@sluice/kernel";
import { expect, test } from "vitest";
import { createStore } from "./index.ts";

clientContract({
  test,
  expect,
  async open() {
    const store = await createStore({
      kinds: new KindRegistry(builtInKinds()),
      clock: new VirtualClock(),
      random: seededRandom(1),
    });
    return { client: store.client, close: () => store.stop() };
  },
});
