import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { createProgram } from "../main.ts";
import { completionScript } from "./completion.ts";

const program = createProgram();

/** What bash offers for the last word of a line. */
function offered(line: string): readonly string[] {
  const words = line.split(" ");
  const script = `${completionScript(program, "bash")}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}
_sluice; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
  return stdout.split("\n").filter(Boolean);
}

test.each<[string, readonly string[]]>([
  ["sluice li", ["lint"]],
  ["sluice rollout st", ["status"]],
  ["sluice ro pro", ["promote"]],
  ["sluice rollout promote web --skip", ["--skip-current-step", "--skip-all-steps"]],
  ["sluice rollout status -n shop web --ti", ["--timeout"]],
  ["sluice bg deploy --smo", ["--smoke-image", "--smoke-command"]],
  ["sluice completion ", ["bash", "zsh", "fish"]],
  // A name that is a command's word elsewhere leads nowhere.
  ["sluice rollout get promote --wat", ["--watch"]],
  ["sluice apply man", []],
])("bash: %j", (line, words) => {
  expect(offered(line)).toEqual(words);
});

test("bash offers every command that --help lists, and none that it hides", () => {
  const listed = program.commands.filter((command) => !("_hidden" in command && command._hidden === true));

  expect(offered("sluice ").toSorted()).toEqual(listed.map((command) => command.name()).toSorted());
  expect(offered("sluice ")).not.toContain("demo-load");
});

// The shells may not be on this machine: then only the script is looked at.
test("zsh", () => {
  const script = completionScript(program, "zsh");

  expect(script).toContain('("rollout promote") commands=() options=(-n --namespace --data --json --full ');
  const { error, status, stderr } = spawnSync("zsh", ["-n"], { input: script, encoding: "utf8" });
  if (error === undefined) expect([status, stderr]).toEqual([0, ""]);
});

test("fish", () => {
  const script = completionScript(program, "fish");

  expect(script).toContain(`complete -c sluice -n "__sluice_at 'rollout promote'" -l full`);
  const line = `${script}\ncomplete -C "sluice ro pro"; complete -C "sluice rollout promote web --skip-a"`;
  const { error, stdout, stderr } = spawnSync("fish", ["--no-config", "-c", line], { encoding: "utf8" });
  if (error !== undefined) return;
  expect(stderr).toBe("");
  expect(stdout.split("\n").map((offer) => offer.split("\t")[0])).toEqual(["promote", "--skip-all-steps", ""]);
});
