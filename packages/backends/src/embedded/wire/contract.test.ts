import { builtInKinds } from "@sluice/api";
import { clientContract } from "@sluice/api/suite";
import { afterAll, expect, test } from "vitest";
import { type WireWorld, wireWorld } from "./wire-world.fixture.ts";

let shared: Promise<WireWorld> | undefined;
afterAll(async () => (await shared)?.close());

clientContract({
  test,
  expect,
  async open() {
    shared ??= wireWorld(builtInKinds());
    const { client } = await shared;
    return { client, close: async () => {} };
  },
});
