import { expect, test } from "vitest";
import { trackedBy, trackingId } from "./resource-reference.ts";

test("a tracking id that was copied onto another object claims nothing", () => {
  const reference = { group: "apps", version: "v1", kind: "Deployment", namespace: "a", name: "web" };
  const id = trackingId("shop", reference);
  const own = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web", namespace: "a" } };
  const child = { apiVersion: "apps/v1", kind: "ReplicaSet", metadata: { name: "web-1", namespace: "a" } };

  expect(id).toBe("shop:apps/Deployment:a/web");
  expect([trackedBy(own, id), trackedBy(child, id)]).toEqual(["shop", undefined]);
});
