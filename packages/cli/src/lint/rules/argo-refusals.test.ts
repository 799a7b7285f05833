import { argoRefusals, sample } from "@sluice/api/suite";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { fixFiles, lintFiles } from "../index.ts";

test.each(argoRefusals)("%s %j is found, with a repair", (kind, changes, path) => {
  const text = stringify(sample(kind, changes));

  const findings = lintFiles([{ path: "a.yaml", text }]);

  const found = findings.filter((finding) => finding.path === path && finding.severity === "error");
  expect(found.length, JSON.stringify(findings)).toBeGreaterThan(0);
  for (const { what, repair = "" } of found) expect(`${what}: ${repair}`).toMatch(/: .+/);
});

const canary = "spec.strategy.canary";
const template = "spec.template";
const errorsOf = (text: string) =>
  lintFiles([{ path: "a.yaml", text }])
    .filter(({ severity, rule }) => severity === "error" && !rule.startsWith("missing-"))
    .map(({ path }) => path);

/** Where there is only one repair, it is written: then it reads so. */
const written: readonly (readonly [Parameters<typeof sample>[0], Parameters<typeof sample>[1], string])[] = [
  ["Rollout", { [`${template}.spec.restartPolicy`]: "Never" }, "restartPolicy: Always"],
  ["Rollout", { [`${template}.spec.activeDeadlineSeconds`]: 10 }, ""],
  ["Rollout", { "spec.minReadySeconds": 600 }, "progressDeadlineSeconds: 1200"],
  ["Rollout", { [`${template}.metadata.annotations`]: { a: 1 } }, 'a: "1"'],
  ["Rollout", { "spec.revisionHistoryLimi": 3 }, "revisionHistoryLimit: 3"],
  [
    "Rollout",
    {
      [`${canary}.steps.0`]: { setMirrorRoute: { name: "copies" } },
      [`${canary}.steps.1`]: { setHeaderRoute: { name: "testers" } },
    },
    "- { name: testers }",
  ],
  [
    "Rollout",
    {
      "metadata.labels": { "ring-id": "a" },
      [`${canary}.analysis.args`]: [{ name: "ring", value: "{{metadata.labels.ring-id}}" }],
    },
    "valueFrom: {fieldRef: {fieldPath: \"metadata.labels['ring-id']\"}}",
  ],
  ["Rollout", { [`${canary}.dynamicStableScale`]: true, [`${canary}.scaleDownDelaySeconds`]: 30 }, ""],
  ["Rollout", { [`${canary}.steps.0`]: { setWeight: 1, setCanaryScale: { weight: 10 } } }, "- setCanaryScale:"],
  [
    "Rollout",
    { [`${canary}.steps.3`]: { replicaProgressThreshold: { type: "Percent", value: 90 } } },
    "replicaProgressThreshold: { type: Percent, value: 90 }",
  ],
  ["AnalysisTemplate", { "spec.metrics.0.provider": { web: { url: "http://a", body: "x" } } }, "method: POST"],
];

test.each(written)("%s %j is repaired by --fix", (kind, changes, words) => {
  const text = stringify(sample(kind, changes));
  expect(errorsOf(text)).not.toEqual([]);

  const fixed = fixFiles([{ path: "a.yaml", text }], lintFiles).files[0]?.text ?? "";

  expect(errorsOf(fixed)).toEqual([]);
  expect(fixed).toContain(words);
});
