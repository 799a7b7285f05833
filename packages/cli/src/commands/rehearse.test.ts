import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { examplesFolder } from "../program.ts";
import { rehearse } from "./rehearse.ts";

const shop = join(examplesFolder(), "shop", "manifests");
const quick = { runs: "1", good: "2", fault: ["error +50pp", "controller killed"] };

async function printed(options: Parameters<typeof rehearse>[1]) {
  const lines: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((line) => void lines.push(String(line)));
  const code = await rehearse([shop], options);
  log.mockRestore();
  return { code, text: lines.join("\n") };
}

test("the page fits 100 columns, has no colours where nobody looks, and says what each profile catches", async () => {
  const { code, text } = await printed(quick);

  expect(code).toBe(0);
  expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  expect(text).not.toContain("\u001b[");
  expect(text).toMatch(/error \+50pp +\| 100% +success-rate 5% /);
  expect(text).toContain("as Argo Rollouts");
});

test("the page fits a terminal of 60 columns, and no percentage stands apart from its number", async () => {
  const columns = process.stdout.columns;
  process.stdout.columns = 60;
  const { text } = await printed({ runs: "1", good: "1" });
  process.stdout.columns = columns;

  const lines = text.split("\n");
  expect(lines.filter((line) => line.length > 60)).toEqual([]);
  expect(lines.filter((line) => /^\s*%/.test(line))).toEqual([]);
  expect(text).toMatch(/^weight +time +requests +Argo +Sluice$/m);
});

test("of a repository's folder the manifests are rehearsed, and what is none is told; a named file must be one", async () => {
  const told: string[] = [];
  const error = vi.spyOn(console, "error").mockImplementation((line) => void told.push(String(line)));
  const lines = vi.spyOn(console, "log").mockImplementation(() => undefined);
  const folder = join(examplesFolder(), "shop");

  const code = await rehearse([folder], { ...quick, good: "1" });
  lines.mockRestore();
  error.mockRestore();

  expect(code).toBe(0);
  expect(told.join("\n")).toMatch(/left out: .*package\.json:1: is no manifest: apiVersion is missing/);
  await expect(rehearse([folder, join(folder, "app", "package.json")], quick)).rejects.toThrow("is no manifest");
});

test("a gate that can't be read says so before anything is rehearsed", async () => {
  await expect(rehearse([shop], { runs: "100000", require: "caught(error +1pp) => 95%" })).rejects.toThrow(
    'requirement 1:20: found "=> 95%", expected <=, >=, < or >',
  );
});

test("a requirement that isn't met fails the command and says what was found", async () => {
  const { code, text } = await printed({ ...quick, require: "caught(error +50pp) >= 95%, duration <= 1s" });

  expect(code).toBe(1);
  expect(text).toContain("met      caught(error +50pp) >= 95%: 100 %");
  expect(text).toMatch(/not met {2}duration <= 1s: \d+/);
});

test("JSON is for programs, and an unknown fault is refused with those there are", async () => {
  const { text } = await printed({ ...quick, json: true });

  expect(JSON.parse(text)).toMatchObject([{ rollout: "shop", profiles: { argo: {}, sluice: {} } }]);
  await expect(rehearse([shop], { fault: ["gremlins"] })).rejects.toThrow(
    'no fault "gremlins"; there are error +0.2pp',
  );
});
