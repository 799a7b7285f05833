import type { Resource } from "@sluice/api";
import { type Clock, seconds } from "@sluice/kernel";
import { handlers, type Outside } from "./release.fixture.ts";

/** Asks for a synthetic check before anything is believed. */
export const checkedFirst = {
  apiVersion: "sluice.dev/v1alpha1",
  kind: "EvidencePolicy",
  metadata: { name: "careful", namespace: "shop" },
  spec: { syntheticChecks: [{ name: "home", service: "web", count: 20 }] },
} as Resource;

/** Every synthetic check fails, and takes its time: the version has its traffic by then. */
export const failingChecks = (outside: Outside) => (clock: Clock) => ({
  ...handlers(outside)(clock),
  syntheticCheck: async () => {
    await new Promise<void>((resolve) => clock.after(seconds(5), resolve));
    return { passed: 0, failed: 20, message: "GET / answered 500, expected 200" };
  },
});
