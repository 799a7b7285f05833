import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { instant } from "@sluice/kernel";
import { afterEach, beforeEach, expect, test } from "vitest";
import { floorOf, rotatedParts } from "./layout.ts";
import { type LogReadOptions, readLog } from "./read.ts";
import { holeByTruncating, rotate } from "./rotate.ts";
import { noteTime } from "./times.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-logs-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function read(file: string, options: LogReadOptions = {}, isEnded = () => true): Promise<string> {
  let text = "";
  for await (const chunk of readLog(file, options, isEnded)) text += Buffer.from(chunk).toString("utf8");
  return text;
}

/** A real program that holds the file open for append and writes numbered lines as fast as it can. */
function writer(file: string, lines: number) {
  const log = openSync(file, "a");
  const text = `for (let i = 0; i < ${lines}; i++) require("fs").writeSync(1, "line " + i + "\\n")`;
  const child = spawn(process.execPath, ["-e", text], { stdio: ["ignore", log, "inherit"], detached: true });
  closeSync(log);
  return child;
}

const numbered = (lines: number) => Array.from({ length: lines }, (_, line) => `line ${line}\n`).join("");

test("rotating under a program that writes on loses no line and doubles none", async () => {
  const file = join(folder, "0.log");
  const lines = 200_000;
  const child = writer(file, lines);
  const ended = once(child, "exit");

  let rotations = 0;
  while (child.exitCode === null) {
    if (await rotate(file, { partBytes: 100_000, parts: 1000 }, child.pid)) rotations++;
    await new Promise((resolve) => setImmediate(resolve));
  }
  await ended;

  expect(rotations).toBeGreaterThan(2);
  expect(await read(file)).toBe(numbered(lines));
  expect(statSync(file).blocks * 512).toBeLessThan(statSync(file).size / 2);
});

test("where no hole can be punched, the writers are held while the file is cut; nothing is lost either", async () => {
  const file = join(folder, "0.log");
  const lines = 300_000;
  const child = writer(file, lines);
  const ended = once(child, "exit");
  await expect.poll(() => statSync(file).size).toBeGreaterThan(100_000);

  const copied = 50_000;
  writeFileSync(join(folder, "0.000000000000000.log"), readFileSync(file).subarray(0, copied));
  const cut = spawn("/bin/sh", ["-c", holeByTruncating, "sh", file, String(copied), String(child.pid)], {
    stdio: "inherit",
  });
  await once(cut, "exit");
  await ended;

  expect(
    readFileSync(file)
      .subarray(0, copied)
      .every((byte) => byte === 0),
  ).toBe(true);
  expect(await read(file)).toBe(numbered(lines));
});

test("keeps a bounded number of parts, and a crash after copying copies nothing twice", async () => {
  const file = join(folder, "0.log");
  writeFileSync(file, numbered(1000));
  writeFileSync(join(folder, "0.000000000000000.log"), readFileSync(file).subarray(0, 1000));

  await rotate(file, { partBytes: 1000, parts: 2 });

  const parts = rotatedParts(file);
  expect(parts).toHaveLength(2);
  expect(numbered(1000).endsWith(await read(file))).toBe(true);
  expect(floorOf(parts)).toBe(Math.floor(numbered(1000).length / 1000) * 1000);
});

test("tail, limit, since and timestamps", async () => {
  const file = join(folder, "3.log");
  writeFileSync(file, "one\ntwo\n");
  noteTime(file, 8, instant(1_000));
  writeFileSync(file, "three\nfour\n", { flag: "a" });
  noteTime(file, 19, instant(5_000));

  expect(await read(file, { tailLines: 2 })).toBe("three\nfour\n");
  expect(await read(file, { tailLines: 0 })).toBe("");
  expect(await read(file, { limitBytes: 5 })).toBe("one\nt");
  expect(await read(file, { since: instant(4_000) })).toBe("three\nfour\n");
  expect(await read(file, { timestamps: true, tailLines: 3 })).toBe(
    "1970-01-01T00:00:01.000Z two\n1970-01-01T00:00:05.000Z three\n1970-01-01T00:00:05.000Z four\n",
  );
});

test("following ends with the run, and not before its last line", async () => {
  const file = join(folder, "0.log");
  const child = writer(file, 20_000);
  let hasEnded = false;
  child.once("exit", () => {
    hasEnded = true;
  });

  expect(await read(file, { follow: true }, () => hasEnded)).toBe(numbered(20_000));
});
