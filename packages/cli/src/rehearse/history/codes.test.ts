import { expect, test } from "vitest";
import { outcomeOf } from "./codes.ts";

test.each([
  [{ code: "200" }, "good"],
  [{ code: "503" }, "failures"],
  [{ status: "5xx" }, "failures"],
  [{ response_code: "404" }, "notFound"],
  [{ grpc_code: "OK" }, "good"],
  [{ grpc_code: "NotFound" }, "good"],
  [{ grpc_code: "DeadlineExceeded" }, "failures"],
  [{ rpc_response_status_code: "DEADLINE_EXCEEDED" }, "failures"],
  [{ code: "unavailable" }, "failures"],
  [{ status: "SERVER_ERROR" }, "failures"],
  ...[0, 1, 3, 5, 6, 7, 8, 9, 10, 11, 16].map((code) => [{ grpc_status: `${code}` }, "good"] as const),
  ...[2, 4, 12, 13, 14, 15].map((code) => [{ grpc_status: `${code}` }, "failures"] as const),
  // Of HTTP's labels a number is HTTP's.
  [{ code: "14" }, "good"],
  [{ response_code: "200", grpc_response_status: "14" }, "failures"],
  [{ response_code: "404", grpc_response_status: "" }, "notFound"],
] as const)("%j: %s", (codes, outcome) => {
  expect(outcomeOf(codes, true)).toBe(outcome);
});

test("where a counter of their own counts what fails, no code does", () => {
  expect(outcomeOf({ code: "503" }, false)).toBe("good");
});
