import { expect, test } from "vitest";
import { lineDiff, withSteps } from "./steps-edit.ts";

const text = `# another document
kind: Service
metadata: { name: web }
---
kind: Rollout
metadata: { name: web, namespace: shop }
spec:
  strategy:
    canary:
      steps:
        - setWeight: 20   # a fifth
        - pause: { duration: 2m }
        - pause: {duration: "10m"} # long
        - setWeight: 100
`;
const steps = [{ setWeight: 8 }, { pause: { duration: "5m" } }, { pause: { duration: "30s" } }, { setWeight: 100 }];

test("weights and pauses change in place, comments and every other byte stay", () => {
  const edited = withSteps(text, { name: "web", namespace: "shop" }, steps) ?? "";

  expect(edited).toBe(
    text.replace("20   # a", "8   # a").replace("duration: 2m", "duration: 5m").replace('"10m"', "30s"),
  );
  expect(lineDiff(text, edited)).toContain("  11 -         - setWeight: 20   # a fifth");
  expect(lineDiff(text, edited)).toHaveLength(6);
});

test("a Rollout of another name or namespace is left alone", () => {
  expect(withSteps(text, { name: "web", namespace: "default" }, steps)).toBeUndefined();
  expect(withSteps(text, { name: "other", namespace: "shop" }, steps)).toBeUndefined();
});
