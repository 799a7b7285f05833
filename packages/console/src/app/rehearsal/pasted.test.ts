import { describe, expect, test } from "vitest";
import { refusalOf, resourcesOf } from "./pasted.ts";

const rollout = (name: string, more = "") =>
  `apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata:\n  name: ${name}\n${more}`;

describe("a Helm template is told as that, with what to paste instead", () => {
  test.each([
    [
      "no YAML",
      rollout("{{ .Values.name }}", "{{- if .Values.canary }}\nspec: {}\n{{- end }}\n"),
      /^line \d+: this is no YAML/,
    ],
    ["no manifest", rollout("{{ .Values.name }}"), /^line|^document 1: found Rollout without metadata\.name/],
    [
      "behind another document",
      `${rollout("web")}---\n${rollout('{{ include "web.name" . }}')}`,
      /this is no YAML|document 2/,
    ],
  ])("%s", (_title, text, what) => {
    expect(() => resourcesOf(text)).toThrow(what);
    expect(() => resourcesOf(text)).toThrow(/; this is a Helm template, .* paste what helm template CHART prints$/);
  });
});

test("one that can be read, as its braces are in quotes, is told where it is refused", () => {
  const text = rollout("web", 'spec: { replicas: "{{ .Values.replicas }}" }\n');

  expect(resourcesOf(text)).toHaveLength(1);
  expect(refusalOf(text, "spec.replicas is no number")).toMatch(
    /^spec\.replicas is no number; this is a Helm template/,
  );
  expect(refusalOf(rollout("web"), "spec.replicas is no number")).toBe("spec.replicas is no number");
});

test("arguments of an AnalysisTemplate are no Helm template", () => {
  const text = rollout("web", 'spec: { query: "up{job=\\"{{args.job}}\\"}" }\n');

  expect(resourcesOf(text)).toMatchObject([{ metadata: { name: "web" } }]);
  expect(() => resourcesOf(`${text}---\nkind: [\n`)).not.toThrow(/Helm/);
});
