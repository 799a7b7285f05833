import type { Application, Resource } from "@sluice/api";
import { expect, test } from "vitest";
import { annotations } from "../names.ts";
import { compareAll } from "./compare.ts";
import { referenceText, trackingId } from "./resource-reference.ts";

const reference = { group: "", version: "v1", kind: "ConfigMap", namespace: "shop", name: "notes" };
const made = { ...reference, status: "Synced", syncPhase: "Sync" } as const;

/** A sync has made a ConfigMap that git asked for until a moment ago. */
function found(result: object, tracking = trackingId("web", reference)): readonly string[] {
  const application = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name: "web", namespace: "argocd" },
    spec: { project: "default", destination: { namespace: "shop" } },
    status: {
      resources: [],
      operationState: { operation: {}, phase: "Succeeded", startedAt: "", syncResult: { resources: [result] } },
    },
  } as unknown as Application;
  const live: Resource = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "notes", namespace: "shop", annotations: { [annotations.trackingId]: tracking } },
  };
  const objects = new Map([[referenceText(reference), live]]);
  return compareAll(application, [], { objects, claims: new Map() }).map(
    ({ text, status, requiresPruning }) => `${text} ${status} ${requiresPruning}`,
  );
}

test("what a sync made after git stopped asking for it is pruned, though no comparison has seen it yet", () => {
  expect(found(made)).toEqual([`${referenceText(reference)} OutOfSync true`]);
});

test("hooks, and what is another Application's by now, are left alone", () => {
  expect(found({ ...made, hookType: "PreSync" })).toEqual([]);
  expect(found(made, trackingId("other", reference))).toEqual([]);
});
