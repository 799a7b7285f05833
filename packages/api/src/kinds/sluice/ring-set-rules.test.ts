import { expect, test } from "vitest";
import { type Refusal, saidOf } from "../../testing/refuses.ts";

const canary = "spec.strategy.canary";

const refusals: readonly Refusal[] = [
  ["RingSet", { "spec.rings": [] }, "spec.rings", "at least 1 item"],
  ["RingSet", { "spec.rings.1.weight": 1 }, "spec.rings[1].weight", "more than 1"],
  ["RingSet", { "spec.rings.1.name": "staff" }, "spec.rings[1].name", "only once"],
  ["RingSet", { "spec.rings.0.who.0.cookie": "a" }, "spec.rings[0].who[0]", "exactly one of cookie, header"],
  ["RingSet", { "spec.rings.0.who.0.operator": "like" }, "spec.rings[0].who[0].operator", "not_in"],
  ["RingSet", { "spec.user": {} }, "spec.user", "exactly one of cookie, header"],
  ["RingSet", { "spec.hash": "md5" }, "spec.hash", "murmur3-1"],
  [
    "Rollout",
    { "metadata.annotations": { "sluice.dev/rings": "global" }, [`${canary}.trafficRouting`]: undefined },
    "metadata.annotations[sluice.dev/rings]",
    "trafficRouting.istio",
  ],
];

test.each(refusals)("%s %j", (kind, changes, path, words) => {
  expect(saidOf(kind, changes, path)).toContain(words);
});
