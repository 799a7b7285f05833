import { ratio } from "@sluice/kernel";
import { expect, test } from "vitest";
import { rollbackNats } from "./learned/bar.ts";
import { Story } from "./story.fixture.ts";

test("what holds the weight before the last step is told, however little it is", () => {
  const story = new Story();

  const held = story
    .steps(50, 40, { weight: ratio(0.5), step: 1 }, { failing: 0.006 })
    .filter(({ suspects }) => suspects);

  expect(held.some(({ nats }) => nats < 1.9)).toBe(true);
  for (const { because } of held) expect(because).toMatch(/not (yet )?proven/);
});

test("the weight isn't raised while a harm is suspected but unproven", () => {
  const story = new Story();

  story.run(400, () => ({ failing: 0.0075 }));

  expect(story.last?.evidence[0]?.signal).toContain("failures");
  expect(["monitor", "rollback"]).toContain(story.last?.action);
});

test.each([
  ["few requests", "ends it", 4, 0.008, "rollback", /it was waited for as long as may be/],
  ["many, where it would have been proven,", "doesn't", 20, 0.0061, "continue", /fail .*; not proven$/],
] as const)("after all waiting a suspicion of %s %s", (_, _end, rate, failing, action, because) => {
  const story = new Story();
  story.steps(rate, 60, { weight: ratio(0.2), step: 0 }, { failing });

  const verdicts = story.steps(rate, 250, { weight: ratio(0.5), step: 1 }, { failing });

  expect(verdicts.filter((verdict) => verdict.action === "monitor").length).toBe(160);
  expect(verdicts.at(-1)).toMatchObject({ action });
  expect(verdicts.at(-1)?.nats).toBeGreaterThan(4);
  expect(verdicts.at(-1)?.nats).toBeLessThan(rollbackNats);
  expect(verdicts.at(-1)?.because).toMatch(because);
});
