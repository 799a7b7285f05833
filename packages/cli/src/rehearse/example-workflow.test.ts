// The example that posts the page to a pull request: its own scripts are run, with what they call in the place of npm and GitHub.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { examplesFolder } from "../program.ts";

interface Step {
  readonly name?: string;
  readonly run?: string;
  readonly if?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const file = join(examplesFolder(), "rehearsal", "pull-request.yaml");
const workflow = parse(readFileSync(file, "utf8")) as {
  readonly on: object;
  readonly permissions: object;
  readonly jobs: { readonly rehearse: { readonly steps: readonly Step[] } };
};
const program = join(import.meta.dirname, "..", "..", "bin", "sluice.mjs");
let folder: string;

/** As the runner does it: `bash -e`, and a file for what a step puts out. */
function run(name: string, commands: Readonly<Record<string, string>>) {
  const step = workflow.jobs.rehearse.steps.find((one) => one.name === name);
  for (const [command, script] of Object.entries(commands)) {
    writeFileSync(join(folder, command), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return spawnSync("bash", ["-e", "-o", "pipefail", "-c", step?.run ?? "exit 9"], {
    cwd: folder,
    encoding: "utf8",
    env: {
      PATH: [folder, dirname(process.execPath), process.env.PATH].join(delimiter),
      HOME: folder,
      GITHUB_OUTPUT: join(folder, "output"),
      GITHUB_STEP_SUMMARY: join(folder, "summary"),
      GITHUB_REPOSITORY: "team/shop",
      NUMBER: "7",
    },
  });
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "pull-request-"));
  cpSync(join(examplesFolder(), "shop", "manifests"), join(folder, "manifests"), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("it may write comments, and nothing else", () => {
  expect(Object.keys(workflow.on)).toEqual(["pull_request"]);
  expect(workflow.permissions).toEqual({ contents: "read", "pull-requests": "write" });
});

test("from a fork, whose token may not comment, nobody tries to, and the requirements still count", () => {
  const conditions = workflow.jobs.rehearse.steps.flatMap((step) => step.if ?? []);

  expect(conditions).toEqual([
    "github.event.pull_request.head.repo.full_name == github.repository",
    "steps.rehearse.outputs.code != '0'",
  ]);
});

test("its rehearsal is what this program understands, and the comment holds the page and what wasn't met", () => {
  const fewer = "--runs 1 --good 1 --fault 'error +1pp'";
  const npx = `[ "$1 $2" = "--yes @sluice/cli" ] || exit 9; shift 2; exec '${process.execPath}' '${program}' "$@" ${fewer}`;

  const { status, stderr } = run("rehearse", { npx });

  expect([status, stderr]).toEqual([0, ""]);
  const comment = readFileSync(join(folder, "comment.md"), "utf8");
  expect(comment).toMatch(/^<!-- rehearsal -->\n```text\n/);
  expect(comment).toContain("as Argo Rollouts");
  expect(comment).toMatch(/^(not )?met +caught\(error \+1pp\) >= 95%: /m);
  expect(readFileSync(join(folder, "summary"), "utf8")).toBe(comment);
  expect(existsSync(join(folder, "rehearsal.html"))).toBe(true);
  const isMet = !comment.includes("not met");
  expect(readFileSync(join(folder, "output"), "utf8")).toBe(`code=${isMet ? 0 : 1}\n`);
}, 60_000);

test.each([
  ["none yet", "", "api --method POST repos/team/shop/issues/7/comments --field body=@comment.md"],
  ["one of ours", "42", "api --method PATCH repos/team/shop/issues/comments/42 --field body=@comment.md"],
])("one comment for a pull request that has %s", (_, known, expected) => {
  const gh = `echo "$@" >> calls; case "$*" in *--paginate*) echo '${known}';; esac`;
  rmSync(join(folder, "calls"), { force: true });

  expect(run("one comment for each pull request", { gh }).status).toBe(0);

  expect(readFileSync(join(folder, "calls"), "utf8").trim().split("\n").at(-1)).toBe(expected);
});
