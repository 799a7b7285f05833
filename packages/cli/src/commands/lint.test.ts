import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { program } from "../program.ts";

const lint = (input: string, ...words: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program(), "lint", ...words, "-"], {
    input,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
};

const template = (query: string): string => `# Ours.
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: success}
spec:
  metrics:
    - name: success
      successCondition: result[0] >= 0.95
      provider:
        prometheus:
          address: http://prometheus:9090
          query: ${query}
`;
const failing = 'sum(rate(http_requests_total{code!~"5.."}[1m]))';
const whole = "sum(rate(http_requests_total[1m]))";
const unrepaired = template(`${failing} / ${whole}`);
const repaired = template(`(${failing} or vector(0)) / ${whole}`);

test("what --fix repairs comes back through the pipe, and nothing else does", () => {
  const { status, stdout, stderr } = lint(unrepaired, "--fix");

  expect({ status, stdout }).toEqual({ status: 0, stdout: repaired });
  expect(stderr).toContain("1 repaired in 1 file");
});

test("what needs no repair comes back as it is", () => {
  expect(lint(repaired, "--fix").stdout).toBe(repaired);
});

test.each([["--fix"], ["--diff"]])("JSON and what %s prints aren't mixed", (option) => {
  expect(lint(unrepaired, option, "--json")).toMatchObject({
    status: 2,
    stdout: expect.stringMatching(/^\{"error":"--json and .*\}\n$/),
  });
});

test.each(["", "# kind: Rollout\n", "---\n...\n"])("of %j nothing is said, for nothing was found in it", (input) => {
  const { status, stdout, stderr } = lint(input);

  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toContain("no manifest in -: nothing was looked at");
});

test("comments alone come back through the pipe, too", () => {
  expect(lint("# kind: Rollout\n", "--fix")).toMatchObject({ status: 2, stdout: "# kind: Rollout\n" });
});
