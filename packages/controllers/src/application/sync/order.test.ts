import type { Resource } from "@sluice/api";
import { describe, expect, test } from "vitest";
import { inOrder, waveOf } from "./order.ts";

describe("order", () => {
  const task = (kind: string, name: string, wave = 0, namespace = "a") => {
    const resource = {
      apiVersion: kind === "Thing" ? "x.io/v1" : "v1",
      kind,
      metadata: { name, ...(kind === "Namespace" ? {} : { namespace }) },
      ...(kind === "CustomResourceDefinition" ? { spec: { group: "x.io", names: { kind: "Thing" } } } : {}),
    } as Resource;
    return { kind, name, wave, resource };
  };
  const order = (...tasks: ReturnType<typeof task>[]) =>
    inOrder(tasks, (moved, wave) => ({ ...moved, wave })).map(({ kind, name, wave }) => `${wave} ${kind} ${name}`);

  test("wave, then kind as Argo CD lists them, then name; unknown kinds last", () => {
    const sorted = order(
      task("Thing", "t"),
      task("Deployment", "d"),
      task("Service", "b"),
      task("Service", "a"),
      task("Pod", "p", -1),
      task("Secret", "s"),
    );

    expect(sorted).toEqual(["-1 Pod p", "0 Secret s", "0 Service a", "0 Service b", "0 Deployment d", "0 Thing t"]);
  });

  test("a Namespace goes before what is in it, a CustomResourceDefinition before its first object, with its wave", () => {
    const sorted = order(
      task("Namespace", "a", 3),
      task("Service", "x", 1),
      task("CustomResourceDefinition", "c", 2),
      task("Thing", "t", 1, "b"),
    );

    expect(sorted).toEqual(["1 Namespace a", "1 Service x", "1 CustomResourceDefinition c", "1 Thing t"]);
  });

  test.each([
    ["5", 5],
    ["-3", -3],
    ["five", 0],
    [undefined, 0],
  ])("sync-wave %s is %d", (text, wave) => {
    const annotations = text === undefined ? {} : { "argocd.argoproj.io/sync-wave": text };

    expect(waveOf({ apiVersion: "v1", kind: "Pod", metadata: { name: "p", annotations } })).toBe(wave);
  });
});
