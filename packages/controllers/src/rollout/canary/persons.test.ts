import { type Decision, keyOf, type Rollout } from "@sluice/api";
import { type Random, seconds, seededRandom } from "@sluice/kernel";
import { expect, test } from "vitest";
import { abortPatch, pausePatch, promotePatch, type RequestedPatch, restartPatch, retryPatch } from "../index.ts";
import { rolloutKind } from "../names.ts";
import { analysis, pause, Release, type ReleaseOptions, setWeight } from "../release.fixture.ts";

const options: ReleaseOptions = {
  steps: [setWeight(20), pause(), setWeight(50), pause("30s"), setWeight(70), pause()],
};

async function underway(): Promise<Release> {
  const release = await Release.begin();
  await release.push("web:v1", options);
  await release.world.run(seconds(60));
  await release.push("web:v2", options);
  return release;
}

const status = (fields: object): readonly RequestedPatch[] => [
  { patch: { type: "merge", value: { status: fields } }, subresource: "status" },
];

/** As kubectl's plugin writes them, whatever the Rollout is at. */
const commands = {
  promote: () => status({ pauseConditions: null }),
  full: () => status({ promoteFull: true }),
  abort: () => status({ abort: true }),
  retry: () => status({ abort: false }),
  skip: (index: number) => status({ currentStepIndex: Math.min(index + 1, 6) }),
} as const;

const names = Object.keys(commands) as readonly (keyof typeof commands)[];
const pick = (random: Random) => names[Math.floor(random.next() * names.length)] ?? "promote";

/** Two people look at the same moment and write one after the other, before anybody acts on it. */
async function together(release: Release, asked: readonly (keyof typeof commands)[]): Promise<void> {
  const { currentStepIndex = 0 } = await release.status();
  await release.ask(() => asked.flatMap((name) => commands[name](currentStepIndex)));
}

async function outcome(release: Release) {
  const { phase, message, abort = false, currentStepIndex = 0 } = await release.status();
  return {
    phase,
    message,
    abort,
    currentStepIndex,
    weight: await release.weight(),
    stable: await release.stableImage(),
  };
}

test.each(Array.from({ length: 40 }, (_, seed) => seed + 1))(
  "whatever two people ask for, in any order, twice: one clear outcome (seed %d)",
  async (seed) => {
    const random = seededRandom(seed);
    const release = await underway();
    for (let turn = 0; turn < 5; turn++) {
      await together(release, random.next() < 0.5 ? [pick(random)] : [pick(random), pick(random)]);
      await release.world.run(seconds(Math.floor(random.next() * 40)));
    }
    await release.world.run(seconds(120));

    const end = await outcome(release);
    await release.world.run(seconds(120));

    expect(await outcome(release)).toEqual(end);
    if (end.abort) expect(end).toMatchObject({ phase: "Degraded", weight: 0, stable: "web:v1" });
    else if (end.stable === "web:v2") expect(end).toMatchObject({ phase: "Healthy", weight: 0, currentStepIndex: 6 });
    else
      expect([
        [1, 20],
        [5, 70],
      ]).toContainEqual([end.currentStepIndex, end.weight]);
  },
);

test.each(names)("abort at the same moment as %s takes traffic back, whoever was first", async (name) => {
  for (const asked of [
    ["abort", name],
    [name, "abort"],
  ] as const) {
    if (name === "retry" && asked[1] === "retry") continue;
    const release = await underway();

    await together(release, asked);

    expect(await outcome(release)).toMatchObject({ abort: true, weight: 0, stable: "web:v1", phase: "Degraded" });
  }
});

test("a full promotion of what was aborted before is what a person wants now", async () => {
  const release = await underway();
  await release.ask(abortPatch);

  await release.ask((rollout) => promotePatch(rollout, { full: true }));

  expect(await release.stableImage()).toBe("web:v2");
});

test("the current step is skipped, then all that are left", async () => {
  const release = await underway();

  await release.ask((rollout) => promotePatch(rollout, { skip: "current" }));
  expect(await release.status()).toMatchObject({ phase: "Paused", currentStepIndex: 3 });
  expect(await release.weight()).toBe(50);
  await release.ask((rollout) => promotePatch(rollout, { skip: "all" }));

  expect(await release.stableImage()).toBe("web:v2");
  const done = await release.rollout();
  expect(() => promotePatch(done, { skip: "current" })).toThrow("no step left to skip");
});

test.each<[string, (rollout: Rollout) => readonly RequestedPatch[]]>([
  ["promote", (rollout) => promotePatch(rollout)],
  ["promote --skip-current-step", (rollout) => promotePatch(rollout, { skip: "current" })],
  ["promote --skip-all-steps", (rollout) => promotePatch(rollout, { skip: "all" })],
])("a %s meant for one pause doesn't end the next, which somebody else led to", async (_, request) => {
  const release = await underway();
  const meant = request(await release.rollout());
  await release.ask(promotePatch);
  await release.world.run(seconds(60));
  const before = await release.status();

  await expect(release.ask(() => meant)).rejects.toMatchObject({ kind: "invalid" });
  await release.world.run(seconds(60));

  expect(before).toMatchObject({ phase: "Paused", currentStepIndex: 5 });
  expect(await release.status()).toEqual(before);
});

test.each<[string, (rollout: Rollout) => readonly RequestedPatch[]]>([
  ["abort", (rollout) => abortPatch(rollout)],
  ["abort --bad", (rollout) => abortPatch(rollout, { bad: "slow" })],
  ["promote --full", (rollout) => promotePatch(rollout, { full: true })],
])("an %s meant for one version does nothing to the next", async (_, request) => {
  const release = await underway();
  const meant = request(await release.rollout());
  await release.push("web:v3", options);
  await release.world.run(seconds(60));

  await expect(release.ask(() => meant)).rejects.toMatchObject({ kind: "invalid" });
  await release.world.run(seconds(60));

  expect(await outcome(release)).toMatchObject({
    phase: "Paused",
    abort: false,
    currentStepIndex: 1,
    stable: "web:v1",
  });
});

const restarted = "2026-01-01T00:01:30Z";
const whys = async (release: Release): Promise<readonly string[]> => {
  const found = await release.world.list<Decision>({ apiVersion: "sluice.dev/v1alpha1", kind: "Decision" });
  return found.flatMap(({ spec: { action, because, by } }) => (by === undefined ? [] : [`${action}: ${because}`]));
};

test("who skips all steps amid an analysis is on record with the analysis and with the steps", async () => {
  const steps = [setWeight(20), analysis("latency"), setWeight(50), pause()];
  const release = await Release.begin();
  await release.push("web:v1", { steps });
  await release.world.run(seconds(60));
  await release.push("web:v2", { steps });
  await release.world.run(seconds(5));

  await release.ask((rollout) => promotePatch(rollout, { skip: "all" }));
  await release.world.run(seconds(5));

  expect(await whys(release)).toEqual([
    expect.stringMatching(/^advance: a person went on past analysis web-.*, which is Running$/),
    "advance: a person went on past steps 3 to 4 (setWeight: 50, pause)",
  ]);
});

test("a full promotion is told at once, while its Pods are waited for", async () => {
  const release = await Release.begin();
  await release.push("web:v1", options);
  await release.world.run(seconds(60));
  await release.push("web:stuck", options);

  await release.ask((rollout) => promotePatch(rollout, { full: true }));
  await release.world.run(seconds(30));

  expect(await release.stableImage()).toBe("web:v1");
  expect(await whys(release)).toEqual([expect.stringMatching(/^advance: a person asked for full promotion: /)]);
});

test.each<[string, readonly ((rollout: Rollout) => readonly RequestedPatch[])[], readonly string[]]>([
  ["promote", [(rollout) => promotePatch(rollout)], ["advance: a person promoted it"]],
  [
    "promote --skip-current-step",
    [(rollout) => promotePatch(rollout, { skip: "current" })],
    ["advance: a person went on past step 2 (pause)"],
  ],
  [
    "promote --skip-all-steps",
    [(rollout) => promotePatch(rollout, { skip: "all" })],
    ["advance: a person went on past steps 2 to 6 (pause, setWeight: 50, pause: 30s, setWeight: 70, pause)"],
  ],
  [
    "the same step skipped in two tries of one version",
    [
      (rollout) => promotePatch(rollout, { skip: "current" }),
      (rollout) => abortPatch(rollout),
      (rollout) => retryPatch(rollout),
      (rollout) => promotePatch(rollout, { skip: "current" }),
    ],
    [
      "advance: a person went on past step 2 (pause)",
      "abort: a person aborted it: traffic is taken back, the version is not blamed",
      "retry: a person asked for it again: it begins again",
      "advance: a person went on past step 2 (pause)",
    ],
  ],
  [
    "the index that a script writes",
    [() => commands.skip(2)],
    ["advance: a person went on past steps 2 to 3 (pause, setWeight: 50)"],
  ],
  [
    "promote --full",
    [(rollout) => promotePatch(rollout, { full: true })],
    [
      "advance: a person asked for full promotion: it goes on past steps 2 to 6 (pause, setWeight: 50, pause: 30s, setWeight: 70, pause) without pause or analysis",
      "promote: Full promotion requested",
    ],
  ],
  [
    "abort",
    [(rollout) => abortPatch(rollout)],
    ["abort: a person aborted it: traffic is taken back, the version is not blamed"],
  ],
  [
    "pause, and promote",
    [pausePatch, (rollout) => promotePatch(rollout)],
    ["pause: spec.paused holds it", "resume: spec.paused holds it no longer", "advance: a person promoted it"],
  ],
  [
    "restart",
    [(rollout) => restartPatch(rollout, restarted)],
    [`restart: no Pod is older than ${restarted}, as asked`],
  ],
])("%s stands in the log of decisions, once, with a person as who asked", async (_, asked, told) => {
  const release = await underway();
  expect(await whys(release)).toEqual([]);

  for (const ask of asked) {
    await release.ask(ask);
    await release.world.run(seconds(10));
  }
  await release.world.run(seconds(120));

  expect((await whys(release)).toSorted()).toEqual([...told].toSorted());
});

/** Skips the first step as soon as status says that the release is at it, before anybody acts on that. */
async function skipAtOnce(release: Release): Promise<void> {
  for await (const event of release.world.client.watch<Rollout>(rolloutKind)) {
    if (!("object" in event)) continue;
    const { object } = event;
    const { currentStepIndex, abort, abortedAt } = object.status ?? {};
    if (currentStepIndex !== 0 || abort !== undefined || abortedAt !== undefined) continue;
    for (const { patch } of promotePatch(object, { skip: "current" })) {
      await release.world.client.patch(keyOf(object), patch, { subresource: "status" });
    }
    return;
  }
}

test.each<[string, (release: Release) => Promise<void>]>([
  ["begun", (release) => release.push("web:v3", options)],
  [
    "begun again, having come further before",
    async (release) => {
      await release.ask(abortPatch);
      await release.ask(retryPatch);
    },
  ],
])("a first step that a person skips as soon as a version has %s stands in the log", async (_, begin) => {
  const release = await underway();
  const skipping = skipAtOnce(release);

  await begin(release);
  await skipping;
  await release.world.settle();

  expect(await release.status()).toMatchObject({ phase: "Paused", currentStepIndex: 1 });
  expect(await whys(release)).toContain("advance: a person went on past step 1 (setWeight: 20)");
});

test("a release that nobody touches has nobody's word in its log", async () => {
  const steps = [setWeight(20), pause("30s"), setWeight(50), pause("30s")];
  const release = await Release.begin();
  for (const image of ["web:v1", "web:v2"]) {
    await release.push(image, { steps });
    await release.world.run(seconds(120));
  }

  expect(await release.stableImage()).toBe("web:v2");
  expect(await whys(release)).toEqual([]);
});

test("a person's word that a version is bad meets no later one, also where nothing is quarantined", async () => {
  const unquarantined = { steps: [setWeight(20), pause("30s")], annotations: { "sluice.dev/gate-quarantine": "off" } };
  const release = await Release.begin();
  await release.push("web:v1", unquarantined);
  await release.world.run(seconds(60));
  await release.push("web:v2", unquarantined);

  await release.ask((rollout) => abortPatch(rollout, { bad: "slow" }));
  await release.world.run(seconds(60));

  expect((await release.status()).abort).toBe(true);
  expect(Object.keys((await release.rollout()).metadata.annotations ?? {})).not.toContain("sluice.dev/bad");
});
