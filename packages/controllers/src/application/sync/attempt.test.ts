import type { Application, OperationState } from "@sluice/api";
import { expect, test } from "vitest";
import { groupTaskIds } from "./attempt.ts";

test("a sync that began within the same second as the one it superseded has tasks of its own", () => {
  const application = { metadata: { uid: "7" }, spec: {} } as unknown as Application;
  const idsOf = (revision: string) => {
    const state = { startedAt: "2026-01-01T00:00:00Z", operation: { sync: { revision } } } as unknown as OperationState;
    return groupTaskIds(application, state);
  };

  expect(idsOf("b")).not.toEqual(idsOf("a"));
  expect(idsOf("a")).toEqual(idsOf("a"));
});
