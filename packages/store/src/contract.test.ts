import { KindRegistry } from "@sluice/api";
import { clientContract } from "@sluice/api/suite";
import { seededRandom, VirtualClock } from "@sluice/kernel";
import { expect, test } from "vitest";
import { createStore } from "./index.ts";
import { defineSmallKind, smallKinds } from "./small-kinds.fixture.ts";

clientContract({
  test,
  expect,
  async open() {
    const store = await createStore({
      kinds: new KindRegistry(smallKinds()),
      clock: new VirtualClock(),
      random: seededRandom(1),
      defineKind: defineSmallKind,
    });
    return { client: store.client, close: () => store.stop() };
  },
});
