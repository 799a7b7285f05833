import { expect, test } from "vitest";
import { deviance } from "./deviance.ts";
import { withUsual } from "./usual-control.ts";

/** A canary with a nineteenth of the control's requests, and 2 events in the history's as many. */
const ofHistory = 2;
const compared = (canary: number, control: number) => ({
  observed: canary,
  expected: (canary + control) / 20,
  total: canary + control,
});
const usual = { ofHistory, events: 10 };
const nats = ({ observed, expected, total }: ReturnType<typeof compared>) => deviance(observed, expected, total);

test("a control with fewer events than usual speaks less against the canary, the more the luckier it is", () => {
  const lost = [30, 15, 5, 0].map((control) => {
    const one = compared(8, control);
    return nats(one) - nats(withUsual(one, usual) ?? one);
  });

  expect(lost.every((one, index) => one > (lost[index - 1] ?? 0))).toBe(true);
  expect(lost.at(-1)).toBeGreaterThan(5);
});

test("a control with as many as usual, or more, stands alone: what hits both versions isn't forgiven twice", () => {
  expect(withUsual(compared(8, 38), usual)).toBeUndefined();
  expect(withUsual(compared(80, 380), usual)).toBeUndefined();
});

test("the better it is known what is usual, the less a lucky control counts", () => {
  const [unsure, sure] = [1, 1000].map((events) => withUsual(compared(8, 4), { ofHistory, events }));

  expect(unsure && sure && nats(unsure) > nats(sure)).toBe(true);
  // The canary's rate against what is usual.
  expect(sure && nats(sure)).toBeCloseTo(8 * Math.log(8 / 2) - 6, 0);
});

test("nothing in the history says nothing", () => {
  expect(withUsual(compared(8, 4), { ofHistory: 0, events: 10 })).toBeUndefined();
});
