import type { AnalysisTemplate } from "@sluice/api";
import { expect, test } from "vitest";
import { canary, errors, named, options, policyOf } from "../rehearsal.fixture.ts";
import { rehearse } from "../report/rehearse.ts";

const asksTheJudge: AnalysisTemplate = {
  ...(errors() as AnalysisTemplate),
  spec: {
    args: [{ name: "hash" }],
    metrics: [
      {
        name: "verdict",
        interval: "10s",
        initialDelay: "30s",
        provider: { plugin: { "sluice.dev/judge": { podTemplateHash: "{{args.hash}}" } } },
      },
    ],
  },
};

test("an analysis that asks the judge is told what he says", async () => {
  // Advice alone: nobody but the analysis acts on it.
  const release = canary();
  const advised = {
    ...release,
    metadata: { ...release.metadata, annotations: { "sluice.dev/gate-judge": "advise" } },
  };
  const policy = await policyOf(advised, asksTheJudge);

  const result = await rehearse(policy, { ...options, profiles: ["sluice"], faults: named("error +5pp") });

  expect(result.unanswerable).toEqual([]);
  expect(result.profiles.sluice?.good.falseAborts).toBe(0);
  expect(result.profiles.sluice?.faults).toMatchObject([{ fault: "error +5pp", caught: 1, by: "verdict" }]);
});
