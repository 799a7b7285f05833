import { expect, test } from "vitest";
import { refuseIdleOptions } from "./idle-options.ts";

test.each([
  [{ write: true }, "--write needs --suggest"],
  [{ shortest: true }, "--shortest needs --suggest"],
  [{ policy: "strict.yaml" }, "--policy needs --replay"],
  [{ replay: "web", fromPrometheus: "http://127.0.0.1:9090" }, "--from-prometheus does nothing with --replay"],
  [{ replay: "web", history: false }, "--history does nothing with --replay"],
  [{ replay: "web", calibration: true }, "--calibration does nothing with --replay"],
  [{ suggest: true, write: true, json: true }, "--write does nothing with --json"],
  [{ calibration: true, seed: "2" }, "--seed does nothing with --calibration"],
])("%j is refused: a flag that would do nothing", (options, words) => {
  expect(() => refuseIdleOptions(options, [])).toThrow(words);
});

test("a calibration of files is refused", () => {
  expect(() => refuseIdleOptions({ calibration: true }, ["web.yaml"])).toThrow("found web.yaml, expected no files");
});

test("what comes from standard input can't be written to, which is said before a minute has gone by", () => {
  expect(() => refuseIdleOptions({ suggest: true, write: true }, ["-"])).toThrow("standard input can't be written to");
});

test.each([
  { suggest: true, shortest: true, write: true, history: true },
  { replay: "web", policy: "strict.yaml", namespace: "shop", json: true, history: true },
  { calibration: true, data: ".sluice", history: true },
  { write: false, history: false },
])("%j has nothing idle in it", (options) => {
  expect(() => refuseIdleOptions(options, [])).not.toThrow();
});
