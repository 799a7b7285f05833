import type { Resource } from "@sluice/api";
import { afterEach, expect, test, vi } from "vitest";
import type { Fault } from "../../model/fault.ts";
import type { Policy } from "../../policy/policy.ts";
import type { ProfileName } from "../../policy/profile.ts";
import { canary, errors, named, options, policyOf } from "../../rehearsal.fixture.ts";
import { rehearse } from "../../report/rehearse.ts";
import type { ReleaseOptions } from "../options.ts";
import type { Outcome } from "../outcome.ts";
import { rehearseRelease } from "../release.ts";
import { begun } from "./begun.ts";
import { type Course, mostRests, type Way } from "./course.ts";
import { World } from "./world.ts";

afterEach(() => vi.restoreAllMocks());

/** Its Pods lie apart by less than a millisecond: so they do as ever, but nobody else's are known to. */
const alone = (release: ReleaseOptions): ReleaseOptions => ({
  ...release,
  start: { ...release.start, spread: 1e-12 },
});

/** How its releases are played. */
async function releaseOf(policy: Policy, profile: ProfileName): Promise<ReleaseOptions> {
  let found: ReleaseOptions | undefined;
  const play = async (release: ReleaseOptions): Promise<Outcome> => {
    found = release;
    return rehearseRelease(alone(release));
  };
  await rehearse(policy, { ...options, faults: [], goodRuns: 1, profiles: [profile], play });
  if (found === undefined) throw new Error("nothing was played");
  return found;
}

/** How often controllers were started for it. */
async function startsOf(release: ReleaseOptions): Promise<number> {
  const create = vi.spyOn(World, "create");
  await rehearseRelease(release);
  const starts = create.mock.calls.length;
  create.mockRestore();
  return starts;
}

const courseOf = async ({ policy, profile, start }: ReleaseOptions): Promise<Course> =>
  (await begun(policy, profile, { readyMillis: start.usual, secondAgeMillis: 0 })).course;

const fiveOfHundred = named("error +5pp")[0] as Fault;

test("of releases that go the same way only the first has controllers that run", async () => {
  const release = await releaseOf(await policyOf(canary(), errors()), "argo");
  await rehearseRelease(release);

  expect(await startsOf({ ...release, seed: release.seed + 1 })).toBe(0);
  expect(await startsOf({ ...release, seed: release.seed + 2 })).toBe(0);
});

test("those that the judge doubts on their way have controllers of their own, the others none", async () => {
  const release = await releaseOf(await policyOf(canary(), errors()), "sluice");
  const starts: (readonly [isDoubted: boolean, number])[] = [];
  for (let seed = 1; seed <= 12; seed++) {
    const { heldSeconds } = await rehearseRelease({ ...release, seed });
    starts.push([heldSeconds > 0, await startsOf({ ...release, seed })]);
  }

  const [doubted, calm] = [starts.filter(([isDoubted]) => isDoubted), starts.filter(([isDoubted]) => !isDoubted)];
  expect(doubted.every(([, count]) => count === 1)).toBe(true);
  expect(calm.every(([, count]) => count === 0)).toBe(true);
  expect(calm.length).toBeGreaterThan(6);
});

test("one that is told what no other was has controllers of its own from there on", async () => {
  const release = await releaseOf(await policyOf(canary(), errors()), "sluice");
  await rehearseRelease(release);

  expect(await startsOf({ ...release, fault: fiveOfHundred })).toBe(1);
});

const persons: Resource = canary({ steps: [{ setWeight: 20 }, { pause: {} }, { setWeight: 60 }, { pause: {} }] });
const blue = (release: Resource): Resource => {
  const { spec } = release as Resource & { readonly spec: object };
  const strategy = { blueGreen: { activeService: "web", autoPromotionEnabled: true } };
  return { ...release, spec: { ...spec, strategy } } as Resource;
};
const impatient = (template: Resource): Resource =>
  JSON.parse(JSON.stringify(template).replace("< 0.05", "< 0.004")) as Resource;
const asked: Resource = {
  apiVersion: "sluice.dev/v1alpha1",
  kind: "EvidencePolicy",
  metadata: { name: "some", namespace: "shop" },
  spec: { minimumRequests: 300 },
} as Resource;
const checked: Resource = {
  ...asked,
  spec: { syntheticChecks: [{ name: "home", service: "web", path: "/" }] },
} as Resource;
/** Asked at each look. */
const ruled = (above: number): Resource =>
  ({
    apiVersion: "sluice.dev/v1alpha1",
    kind: "RollbackPolicy",
    metadata: { name: "rules", namespace: "shop" },
    spec: {
      rules: [
        { name: "own", when: [{ signal: "errorRate", above }], action: "immediate_rollback", minimumRequests: 10 },
      ],
    },
  }) as Resource;
const ofTheJudge: Resource = {
  ...errors(),
  spec: {
    args: [{ name: "hash" }],
    metrics: [
      {
        name: "sure",
        interval: "1m",
        initialDelay: "1m",
        successCondition: "result.nats < -1",
        provider: { plugin: { "sluice.dev/judge": { podTemplateHash: "{{args.hash}}" } } },
      },
    ],
  },
} as Resource;

test.each<[string, readonly Resource[]]>([
  ["an analysis beside the steps", [canary(), errors()]],
  ["a person who is asked", [persons, errors()]],
  ["an analysis that noise ends", [canary(), impatient(errors())]],
  ["a number of requests that is waited for", [canary(), errors(), asked]],
  ["requests of our own", [canary(), errors(), checked]],
  ["a rule of the team that noise breaks", [canary(), errors(), ruled(0.6)]],
  ["a rule of the team that nothing breaks", [canary(), errors(), ruled(99)]],
  ["conditions on the judge's figures", [canary(), ofTheJudge]],
  ["a switch", [blue(canary())]],
])("a release ends as it would have ended alone, whatever others did before: %s", async (_, manifests) => {
  const policy = await policyOf(...manifests);
  const shared: Outcome[] = [];
  const own: Outcome[] = [];

  await rehearse(policy, {
    ...options,
    runs: 2,
    goodRuns: 5,
    faults: named("error +0.5pp", "error +5pp", "late onset", "metrics missing", "controller killed"),
    play: async (one) => {
      const outcome = await rehearseRelease(one);
      const itself = await rehearseRelease(alone(one));
      // Several are played at once, and end in any order.
      shared.push(outcome);
      own.push(itself);
      return outcome;
    },
  });

  expect(shared).toEqual(own);
});

/** How many places of a course are kept from this way on. */
function placesFrom({ turn }: Way): number {
  if (turn === undefined) return 1;
  if (turn.is === "drops") return 1 + placesFrom(turn.way);
  const ways = turn.is === "asks" ? turn.ways : turn.rest.ways;
  return [...ways.values()].reduce((sum, way) => sum + placesFrom(way), 1);
}

test("a course that is full keeps no more, and who leaves it ends as alone", async () => {
  const release = await releaseOf(await policyOf(canary(), errors()), "argo");
  await rehearseRelease(release);
  const course = await courseOf(release);
  course.rests = mostRests;
  const places = placesFrom(course.start);
  const other = { ...release, fault: fiveOfHundred };

  const outcome = await rehearseRelease(other);

  expect(outcome).toEqual(await rehearseRelease(alone(other)));
  expect(placesFrom(course.start)).toBe(places);
});

test("controllers that were told the same and do something else are a bug that is said", async () => {
  const policy = await policyOf(canary(), errors());
  const release = await releaseOf(policy, "argo");
  await rehearseRelease(release);
  const start = (await courseOf(release)).start.turn;
  if (start?.is !== "rests") throw new Error("it begins with a rest");
  for (const way of start.rest.ways.values()) way.turn = { is: "drops", question: 0, way: { turn: undefined } };

  await expect(rehearseRelease({ ...release, fault: fiveOfHundred })).rejects.toThrow("did something else");
});
