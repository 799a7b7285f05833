import type { Decision } from "@sluice/api";
import { formatInstant, hours } from "@sluice/kernel";
import { expect, test } from "vitest";
import { World } from "../laws/index.ts";
import { decisionReconciler } from "./index.ts";

test("a decision is deleted when its time is over, not before", async () => {
  const world = await World.create({
    reconcilers: (effects) => [decisionReconciler(effects, { retention: hours(48) })],
  });
  await world.client.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } });
  const key = { apiVersion: "sluice.dev/v1alpha1", kind: "Decision", namespace: "shop", name: "web-1-begin" } as const;
  const { apiVersion, kind, ...metadata } = key;
  const subject = { kind: "Rollout", name: "web" };
  const at = formatInstant(world.clock.now());
  await world.apply({ apiVersion, kind, metadata, spec: { subject, action: "begin", at, because: "new" } } as Decision);

  await world.run(hours(47));
  expect(await world.get(key)).toBeDefined();
  await world.run(hours(2));
  expect(await world.get(key)).toBeUndefined();
});
