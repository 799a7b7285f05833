import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { examplesFolder, program } from "./program.ts";

const shop = join(examplesFolder(), "shop", "manifests");
const quick = ["rehearse", shop, "--no-history", "--runs", "1", "--good", "1", "--fault", "error +50pp"];
const gone = ["--from-prometheus", "http://127.0.0.1:1"];

test.each<[string, readonly string[], number]>([
  ["help is none", ["--help"], 0],
  ["a command that isn't there is a misuse", ["releese"], 2],
  ["so is an option that isn't there", ["rehearse", shop, "--traffik", "1rps"], 2],
  ["a value that makes no sense", ["rehearse", shop, "--traffic", "many"], 2],
  ["a gate that can't be read", [...quick, "--require", "caught >"], 2],
  ["a gate that isn't met is an answer", [...quick, "--require", "duration <= 1s"], 1],
  ["a gate that nobody could ask is none", ["rehearse", shop, ...gone, "--require", "duration <= 9h"], 2],
  ["without a gate what doesn't answer is a failure", ["rehearse", shop, ...gone], 1],
])(
  "%s",
  (_, words, code) => {
    const { status } = spawnSync(process.execPath, [program(), ...words], { encoding: "utf8" });

    expect(status).toBe(code);
  },
  60_000,
);
