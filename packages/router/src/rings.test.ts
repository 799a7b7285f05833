import { expect, test } from "vitest";
import { ringChoice } from "./rings.ts";
import type { CohortEntry, RingsEntry } from "./table.ts";

const request = (headers: Readonly<Record<string, string>>, cookies?: string) => ({
  cookies,
  header: (name: string) => headers[name],
});

const employees: CohortEntry = { header: "x-employee", operator: "equals", values: ["yes"] };
const beta: CohortEntry = { cookie: "program", operator: "in", values: ["beta", "canary"] };

const rings = (reached: number, share: number, more: Partial<RingsEntry> = {}): RingsEntry => ({
  rollout: "web",
  namespace: "shop",
  canary: 1,
  stable: 0,
  user: { cookie: "user" },
  salt: "",
  share,
  rings: [
    { name: "employees", isOn: reached > 0, who: [employees] },
    { name: "beta", isOn: reached > 1, who: [beta] },
    { name: "everyone", isOn: reached > 2, who: [] },
  ],
  ...more,
});

test.each([
  ["an employee is in the first ring", 1, 0, { "x-employee": "yes" }, "", 1, "who", "employees"],
  ["a stranger isn't", 1, 0, {}, "user=dana", 0, "share", "employees"],
  ["a beta user waits for the second", 1, 0, {}, "program=beta; user=dana", 0, "who", "beta"],
  ["a beta user is in the second", 2, 5, {}, "program=beta", 1, "who", "beta"],
  ["a beta user waits, however high the share", 1, 100, {}, "program=beta; user=dana", 0, "who", "beta"],
  [
    "who is named twice needs one ring that is on",
    1,
    0,
    { "x-employee": "yes" },
    "program=beta",
    1,
    "who",
    "employees",
  ],
  ["dana, in bucket 16,758, isn't among 16.7 %", 3, 16.7, {}, "user=dana", 0, "share", "everyone"],
  ["dana is among 16.8 %", 3, 16.8, {}, "user=dana", 1, "share", "everyone"],
  ["who says no name goes by weight", 3, 16.8, {}, "", undefined, "weight", "everyone"],
  ["an empty name is none", 3, 100, {}, "user=", undefined, "weight", "everyone"],
] as const)("%s", (_, reached, share, headers, cookies, place, by, ring) => {
  expect(ringChoice(rings(reached, share), request(headers, cookies))).toEqual({ place, by, ring });
});

test.each([
  ["equals", ["eu"], "eu", true],
  ["equals", ["eu"], "eu-west", false],
  ["in", ["eu", "us"], "us", true],
  ["in", ["eu", "us"], "asia", false],
  ["contains", ["@example.com"], "dana@example.com", true],
  ["contains", ["@example.com"], "dana@example.org", false],
  ["not_in", ["eu", "us"], "asia", true],
  ["not_in", ["eu", "us"], "us", false],
  // Of whom nothing is known, nothing is said.
  ["not_in", ["eu", "us"], undefined, false],
  ["contains", [""], undefined, false],
] as const)("%s %j of %j is %s", (operator, values, value, isMet) => {
  const who: CohortEntry[] = [{ header: "x-region", operator, values }];
  const table = rings(0, 0, { rings: [{ name: "region", isOn: true, who }] });

  const { by } = ringChoice(table, request(value === undefined ? {} : { "x-region": value }, "user=dana"));

  expect(by === "who").toBe(isMet);
});

test.each([
  ["bytes of UTF-8", "user=jos\u00c3\u00a9@example.com"],
  ["escaped, as cookies usually are", "user=jos%C3%A9%40example.com"],
  ["in Latin 1", "user=jos\u00e9@example.com"],
])("a user is the same %s", (_, cookies) => {
  // Bucket 55,093.
  expect(ringChoice(rings(3, 55), request({}, cookies)).place).toBe(0);
  expect(ringChoice(rings(3, 55.1), request({}, cookies)).place).toBe(1);
  expect(ringChoice(rings(3, 55), request({}, "user=100%")).by).toBe("share");
});

test("whoever is in the 1 % is in the 5 % and the 25 %, with each release anew", () => {
  const users = Array.from({ length: 20_000 }, (_, index) => `user=user-${String(index).padStart(6, "0")}`);
  const inRing = (share: number, more = {}) =>
    new Set(users.filter((user) => ringChoice(rings(3, share, more), request({}, user)).place === 1));

  let before = new Set<string>();
  for (const share of [0, 1, 5, 25, 100]) {
    const now = inRing(share);
    for (const user of before) expect(now.has(user)).toBe(true);
    expect(Math.abs(now.size / users.length - share / 100)).toBeLessThan(0.005);
    before = now;
  }
  expect(before.size).toBe(users.length);
  expect(inRing(5)).toEqual(inRing(5));
  expect(inRing(5, { salt: "2027" })).not.toEqual(inRing(5));
});
