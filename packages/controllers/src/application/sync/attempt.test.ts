import type { Application, OperationState } from "@sluice/api";
import { expect, test } from "vitest";
import { groupTaskId, progressOf } from "./operation.ts";

test("a sync that began within the same second as the one it superseded has tasks of its own", () => {
  const application = { metadata: { uid: "7" }, spec: {} } as unknown as Application;
  const idOf = (revision: string) => {
    const state = { startedAt: "2026-01-01T00:00:00Z", operation: { sync: { revision } } } as unknown as OperationState;
    return groupTaskId(application, progressOf(application, state, []));
  };

  expect(idOf("b")).not.toBe(idOf("a"));
  expect(idOf("a")).toBe(idOf("a"));
});
