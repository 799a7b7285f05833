// The floor for users is Node 22.18: below it the command says how to get there, and nothing else happens.
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { program } from "./fixtures/sluice.ts";

const pretending = (version: string) => {
  const pretence = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } })`;
  return spawnSync(
    process.execPath,
    ["--import", `data:text/javascript,${encodeURIComponent(pretence)}`, program, "--version"],
    {
      encoding: "utf8",
    },
  );
};

test.each(["18.20.1", "20.20.2", "22.17.9"])("Node %s is told what is needed and how to get it", (version) => {
  const { status, stderr, stdout } = pretending(version);

  expect(status).toBe(1);
  expect(stdout).toBe("");
  expect(stderr).toContain(`needs Node 22.18 or newer; this is ${version}`);
  expect(stderr).toContain("npm install node@24");
});

test.each(["22.18.0", "24.0.0"])("Node %s is enough", (version) => {
  expect(pretending(version)).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+/) });
});
