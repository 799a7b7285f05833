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

test("where its files name no namespace it is still the one that was rehearsed, also in a List", () => {
  const item = text.split("---\n")[1]?.replace(", namespace: shop", "").replaceAll(/^/gm, "    ").trimStart() ?? "";
  const list = `kind: List\nitems:\n  - ${item}`;

  expect(withSteps(list, { name: "web", namespace: "shop" }, steps)).toBe(
    list.replace("20   # a", "8   # a").replace("duration: 2m", "duration: 5m").replace('"10m"', "30s"),
  );
});

test("of two of one name the last is changed: it counts", () => {
  const edited = withSteps(`${text}---\n${text}`, { name: "web", namespace: "shop" }, steps) ?? "";

  expect(edited.startsWith(text)).toBe(true);
  expect(edited).toContain("8   # a fifth");
});

test("weights of maxTrafficWeight stay in its unit", () => {
  const thousand = text.replace("      steps:", "      trafficRouting: { maxTrafficWeight: 1000 }\n      steps:");

  expect(withSteps(thousand, { name: "web", namespace: "shop" }, steps)).toContain("setWeight: 80   # a fifth");
});

test("numbers behind an alias aren't changed for others, too", () => {
  const anchored = text.replace("kind: Rollout", "kind: Rollout\nweight: &weight 20");
  const web = { name: "web", namespace: "shop" };

  expect(withSteps(anchored, web, steps)).toContain("setWeight: 8 ");
  expect(withSteps(anchored.replace("setWeight: 20", "setWeight: *weight"), web, steps)).toBeUndefined();
});
