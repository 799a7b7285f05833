import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { examplesFolder, program } from "./program.ts";

const shop = join(examplesFolder(), "shop", "manifests");
const quick = ["rehearse", shop, "--no-history", "--runs", "1", "--good", "1", "--fault", "error +50pp"];
const folder = mkdtempSync(join(tmpdir(), "sluice-exit-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const write = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const noYaml = write("no-yaml.yaml", "kind: [\n");
const comments = write("comments.yaml", "# kind: Rollout\n---\n");
const empty = write("empty.yaml", "");
const refused = write(
  "refused.yaml",
  "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: { name: x }\nspec: { replicas: many }\n",
);
const bare = mkdtempSync(join(folder, "bare-"));
const beside = ["rehearse", refused, ...quick.slice(1)];
const gone = ["--from-prometheus", "http://127.0.0.1:1"];

test.each<[string, readonly string[], number]>([
  ["help is none", ["--help"], 0],
  ["a command that isn't there is a misuse", ["releese"], 2],
  ["so is an option that isn't there", ["rehearse", shop, "--traffik", "1rps"], 2],
  ["a value that makes no sense", ["rehearse", shop, "--traffic", "many"], 2],
  ["a gate that can't be read", [...quick, "--require", "caught >"], 2],
  ["a gate that isn't met is an answer", [...quick, "--require", "duration <= 1s"], 1],
  ["a file that is no YAML is a misuse", ["rehearse", noYaml, ...quick.slice(2)], 2],
  ["also where it is to be applied", ["apply", "-f", noYaml], 2],
  ["whoever asks lint gets an answer: no", ["lint", noYaml], 1],
  ["nothing is said of a folder without a file to read", ["lint", bare], 2],
  ["nor of one that holds only comments", ["lint", comments, empty], 2],
  ["beside a manifest such a file is none of lint's business", ["lint", comments, shop], 0],
  ["but not about a file that isn't there", ["lint", join(folder, "nothing.yaml")], 2],
  ["a gate that all meet but one that can't be rehearsed", [...beside, "--require", "duration <= 9h"], 2],
  ["a gate that isn't met, whatever can't be rehearsed beside it", [...beside, "--require", "duration <= 1s"], 1],
  ["nothing that runs is a failure", ["rollout", "get", "shop", "--data", folder], 1],
  ["a comparison that failed isn't a difference", ["app", "diff", "shop", "--data", folder], 2],
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

const onLinux = test.runIf(process.platform === "linux");

onLinux.each<[string, readonly string[], number]>([
  ["a page", [...quick], 1],
  ["an answer", [...quick, "--require", "duration <= 9h"], 2],
  ["help", ["--help"], 1],
])(
  "%s that a full disk didn't take isn't told as success",
  (_, words, code) => {
    const full = openSync("/dev/full", "w");
    const { status, stderr } = spawnSync(process.execPath, [program(), ...words], {
      encoding: "utf8",
      stdio: ["ignore", full, "pipe"],
    });
    closeSync(full);

    expect(stderr).toBe("error: the output can't be written: ENOSPC\n");
    expect(status).toBe(code);
  },
  60_000,
);

test("a judge whose reader went away ends without a stack", () => {
  const judge = `"${process.execPath}" "${program()}" judge`;

  const { stderr, stdout } = spawnSync("sh", ["-c", `yes '{}' | ${judge} | head -n 1`], { encoding: "utf8" });

  expect(stdout).toContain("unknown type");
  expect(stderr).toBe("");
});
