import type { Decision, Event } from "@sluice/api";
import { minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { abortPatch, promotePatch, undoPatch } from "../index.ts";
import { analysis, pause, Release, type ReleaseOptions, setWeight } from "../release.fixture.ts";

const steps = [setWeight(20), pause("1m"), analysis(), setWeight(60), pause(), setWeight(100)];

/** A version whose template says what can't be undone. */
const lasting = (image: string, reason: string, options: ReleaseOptions = { steps }): ReleaseOptions => ({
  ...options,
  spec: {
    ...options.spec,
    template: {
      metadata: { labels: { app: "web" }, annotations: { "sluice.dev/not-revertible": reason } },
      spec: { containers: [{ name: "web", image }] },
    },
  },
});

async function released(options: ReleaseOptions = { steps }): Promise<Release> {
  const release = await Release.begin();
  await release.push("web:v1", options);
  await release.world.run(seconds(30));
  return release;
}

const pausedMessage = async (release: Release) =>
  (await release.status()).conditions?.find(({ type }) => type === "Paused")?.message;

/** V2 can't be undone, a person let it in, and it has 20 %. */
async function letIn(): Promise<Release> {
  const release = await released();
  await release.push("web:v2", lasting("web:v2", "migrates orders"));
  await release.ask(promotePatch);
  await release.world.run(seconds(5));
  return release;
}

test("a version that can't be undone isn't begun before a person says so", async () => {
  const release = await released();

  await release.push("web:v2", lasting("web:v2", "migrates orders"));
  await release.world.run(minutes(10));

  expect(await release.pods()).toEqual({ "web:v1": 4 });
  await expect(release.ask((rollout) => promotePatch(rollout, { full: true }))).rejects.toThrow(
    "waits to be let in: promote rollout web without --full first",
  );
  expect(await release.status()).toMatchObject({ phase: "Paused", message: "NotRevertible" });
  expect(await pausedMessage(release)).toMatch(
    /^version \w+ can't be undone \(migrates orders\): to go on, sluice rollout promote web$/,
  );
  const events = await release.world.list<Event>({ apiVersion: "v1", kind: "Event" });
  expect(events.filter(({ message }) => message?.includes("NotRevertible"))).toHaveLength(1);

  await release.ask(promotePatch);
  expect(await release.weight()).toBe(20);
  expect(await release.pods()).toEqual({ "web:v1": 4, "web:v2": 1 });
  await release.world.run(seconds(90));
  await release.ask(promotePatch);
  await release.world.run(minutes(1));
  expect(await release.stableImage()).toBe("web:v2");
  expect((await release.status()).notRevertible).toBeUndefined();
});

test("while it waits the version before it is kept up as ever, and a wish withdrawn leaves nothing behind", async () => {
  const release = await released();
  await release.push("web:v2", lasting("web:v2", "migrates orders", { steps, spec: { replicas: 6 } }));
  await release.world.run(minutes(1));
  const waiting = await release.pods();

  await release.push("web:v1", { steps, spec: { replicas: 6 } });
  await release.world.run(minutes(1));

  expect(waiting).toEqual({ "web:v1": 6 });
  const status = await release.status();
  expect(status).toMatchObject({ phase: "Healthy" });
  expect([status.pauseConditions, status.controllerPause, status.notRevertible]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test("what can't be undone keeps its share while nobody asks for Pods, and its steps go on", async () => {
  const release = await letIn();

  await release.push("web:v2", lasting("web:v2", "migrates orders", { steps, spec: { replicas: 0 } }));
  await release.world.run(minutes(5));

  expect(await release.status()).toMatchObject({ phase: "Paused", currentStepIndex: 4 });
  expect(await release.weight()).toBe(20);
});

const toldLast = async (release: Release) => {
  const kind = { apiVersion: "sluice.dev/v1alpha1", kind: "Decision" };
  const order = ({ metadata }: Decision) => Number(metadata.resourceVersion);
  const told = (await release.world.list<Decision>(kind)).toSorted((one, other) => order(one) - order(other));
  return told.filter(({ spec }) => spec.because.includes("withdrawn")).map(({ spec }) => [spec.action, spec.because]);
};

test.each<[string, (release: Release) => Promise<unknown>, RegExp]>([
  [
    "the version that everybody has is wanted again",
    (release) => release.push("web:v1"),
    /^the question about version \w+ is withdrawn: version \w+ is wanted instead, which everybody has$/,
  ],
  [
    "another version is wanted",
    (release) => release.push("web:v3"),
    /^the question about version \w+ is withdrawn: version \w+ is wanted instead$/,
  ],
  [
    "another one that can't be undone is wanted",
    (release) => release.push("web:v3", lasting("web:v3", "drops a table")),
    /^the question about version \w+ is withdrawn: version \w+ is wanted instead$/,
  ],
  [
    "the mark is taken off",
    (release) => release.push("web:v2", { steps }),
    /^the question about version \w+ is withdrawn: version \w+ is wanted instead$/,
  ],
])("a question that is withdrawn is on record, once: %s", async (_words, withdraw, because) => {
  const release = await released();
  await release.push("web:v2", lasting("web:v2", "migrates orders"));
  await release.world.run(seconds(5));

  await withdraw(release);
  await release.world.run(seconds(30));

  expect(await toldLast(release)).toEqual([["resume", expect.stringMatching(because)]]);
});

test("each time that a question about the same version is withdrawn is on record", async () => {
  const release = await released();

  for (const image of ["web:v2", "web:v3", "web:v2", "web:v3"]) {
    await release.push(image, lasting(image, "migrates orders"));
    await release.world.run(seconds(5));
  }

  expect(await toldLast(release)).toHaveLength(3);
});

test.each([
  ["first version", async () => Release.begin(), "web:v2", "migrates orders", 4],
  [
    "the same words as the stable version's",
    async () => stableLasting("migrates orders"),
    "web:v3",
    "migrates orders",
    1,
  ],
] as const)("nobody is asked about %s", async (_name, begin, image, reason, pods) => {
  const release = await begin();

  await release.push(image, lasting(image, reason));
  await release.world.run(seconds(10));

  expect((await release.pods())[image]).toBe(pods);
});

/** V2 said so and is stable. */
async function stableLasting(reason: string): Promise<Release> {
  const short = { steps: [setWeight(20)] };
  const release = await released(short);
  await release.push("web:v2", lasting("web:v2", reason, short));
  await release.ask(promotePatch);
  await release.world.run(minutes(2));
  expect(await release.stableImage()).toBe("web:v2");
  return release;
}

test("bare marks name no change: each is asked about", async () => {
  const release = await stableLasting("true");

  await release.push("web:v3", lasting("web:v3", "true"));
  await release.world.run(seconds(10));

  expect(await release.status()).toMatchObject({ phase: "Paused", message: "NotRevertible" });
});

test("a bad verdict on what can't be undone takes nothing back by itself: a person goes on or back", async () => {
  const release = await letIn();
  release.outside.answers = { errors: [0.5] };
  await release.world.run(minutes(5));

  expect(await release.weight()).toBe(20);
  expect(await release.status()).toMatchObject({ phase: "Paused", message: "NotRevertible" });
  expect(await pausedMessage(release)).toContain(
    "it isn't taken back, since that can't be undone (migrates orders): to go on, sluice rollout promote web; to go back all " +
      "the same, sluice rollout abort web",
  );
  expect(await release.quarantines()).toEqual([]);

  await release.ask((rollout) => abortPatch(rollout));
  expect(await release.weight()).toBe(0);
  expect(await release.status()).toMatchObject({ phase: "Degraded", abort: true });
});

test("promoted in spite of the verdict it goes on, and is asked about the next one", async () => {
  const release = await letIn();
  release.outside.answers = { errors: [0.5] };
  await release.world.run(minutes(5));

  await release.ask(promotePatch);
  await release.world.run(seconds(5));

  expect(await release.weight()).toBe(60);
  expect(await release.status()).toMatchObject({ phase: "Paused", message: "CanaryPauseStep" });
});

test("promoted in full in spite of a verdict it asks again at the next one, and gets no traffic meanwhile", async () => {
  const release = await released();
  await release.push("web:v2-crashing", lasting("web:v2-crashing", "migrates orders"));
  await release.ask(promotePatch);
  await release.world.run(seconds(5));
  const first = await pausedMessage(release);

  await release.ask((rollout) => promotePatch(rollout, { full: true }));
  await release.world.run(minutes(15));

  const status = await release.status();
  expect(first).toContain("crash loop");
  expect(status).toMatchObject({ phase: "Paused", message: "NotRevertible" });
  expect(status.promoteFull).toBeUndefined();
  expect(await pausedMessage(release)).toContain("timed out progressing");
  expect(await release.weight()).toBe(0);
});

test("a canary that loses its Pods keeps its share: requests don't fall back to old code by themselves", async () => {
  const release = await letIn();

  await release.limit("web:v2", 0);
  await release.world.run(seconds(5));

  expect(await release.weight()).toBe(20);
});

test("the fix of it isn't asked about, and isn't taken back past it either", async () => {
  const release = await letIn();
  release.outside.answers = { errors: [0.5] };
  await release.world.run(minutes(5));

  await release.push("web:v3", { steps });
  await release.world.run(minutes(5));

  expect((await release.pods())["web:v3"]).toBe(1);
  expect(await release.weight()).toBe(20);
  expect(await release.status()).toMatchObject({ phase: "Paused", message: "NotRevertible" });
});

test("a template of before it asks: traffic stays where it is until a person says so", async () => {
  const release = await letIn();

  await release.push("web:v1", { steps });
  await release.world.run(minutes(1));

  expect(await release.weight()).toBe(20);
  expect(await pausedMessage(release)).toMatch(
    /^going back to version \w+ goes past what can't be undone \(revision 2: migrates orders\) and may harm data/,
  );
  await release.ask(promotePatch);
  await release.world.run(seconds(5));
  expect(await release.weight()).toBe(0);
  expect(await release.status()).toMatchObject({ phase: "Healthy" });
});

test("what a person took back is no question any more: the stable version may be wanted again", async () => {
  const release = await letIn();
  await release.ask((rollout) => abortPatch(rollout));

  await release.push("web:v1", { steps });
  await release.world.run(minutes(1));

  expect(await release.status()).toMatchObject({ phase: "Healthy" });
});

test("once it is stable, an earlier version asks; an undo past it that was said on purpose doesn't ask twice", async () => {
  const release = await stableLasting("migrates orders");
  const [sets, rollout] = [await release.replicaSets(), await release.rollout()];

  expect(() => undoPatch(rollout, sets, 1)).toThrow(
    "revision 2 is marked sluice.dev/not-revertible (migrates orders): going back past it may harm data",
  );
  await release.push("web:v1", { steps: [setWeight(20)] });
  await release.world.run(minutes(1));
  const asked = await release.status();
  await release.push("web:v2", lasting("web:v2", "migrates orders", { steps: [setWeight(20)] }));
  await release.ask((current) => undoPatch(current, sets, 1, { isPastLasting: true }));
  await release.world.run(minutes(1));

  expect(asked).toMatchObject({ phase: "Paused", message: "NotRevertible" });
  expect(await release.stableImage()).toBe("web:v1");
  expect((await release.rollout()).metadata.annotations?.["sluice.dev/past-not-revertible"]).toBeUndefined();
});
