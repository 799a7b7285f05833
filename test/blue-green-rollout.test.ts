// The example of a Rollout with blueGreen, with real processes: there and back under load.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { type Answer, drive, visit } from "./fixtures/load.ts";
import { rehearsedAgain } from "./fixtures/rehearsed-again.ts";
import { eventually, RunningSluice, repository } from "./fixtures/sluice.ts";
import { runTrials, trials, trialsNamespace } from "./fixtures/trials.ts";

const example = join(repository, "examples", "blue-green-rollout");
const host = "page.default.localhost";
let sluice: RunningSluice;
/** They wait most of the time, as the others do: so they run beside those. */
let ran: Promise<unknown>;

beforeAll(async () => {
  sluice = await RunningSluice.start();
  for (const tag of ["page:v1", "page:v2"]) {
    const command = ["--", "node", "server.mjs"];
    await sluice.ok("image", "build", join(example, "app"), "--tag", tag, "--data", sluice.data, ...command);
  }
  for (const file of ["services", "analysis", "rollout"]) await sluice.ok("apply", "-f", join(example, `${file}.yaml`));
  await eventually(async () => (await versionAt(host)) === "v1", "v1 to answer");
  await eventually(async () => (await status()).phase === "Healthy", "v1 to be stable");
  ran = runTrials(sluice).catch((thrown: unknown) => thrown);
}, 120_000);

afterAll(() => sluice?.stop(), 60_000);

const versionAt = async (name: string) => (await visit((await sluice.controlPlane()).routerPort, name)).version;

interface Status {
  readonly phase?: string;
  readonly message?: string;
  readonly abort?: boolean;
}
const status = async () =>
  (await sluice.json<{ rollout: { status?: Status } }>("rollout", "get", "page")).rollout.status ?? {};

/** The example's Rollout with another version, as a person would edit it. */
async function release(version: string): Promise<void> {
  const text = (await readFile(join(example, "rollout.yaml"), "utf8"))
    .replace("image: page:v1", `image: page:${version}`)
    .replace("value: v1", `value: ${version}`);
  await sluice.apply(...parseAllDocuments(text).map((document) => document.toJS() as object));
}

const isPaused = async () => (await status()).message === "BlueGreenPause";

/** Requests that were sent after somebody had got the new version, and got the old one. */
function strays(answers: readonly Answer[], next: string): readonly Answer[] {
  const first = Math.min(...answers.filter(({ version }) => version === next).map(({ answeredAt }) => answeredAt));
  return answers.filter(({ version, sentAt }) => version !== next && sentAt > first);
}

test("the preview is tried by a Job, and nobody else gets it until a person promotes", async () => {
  await release("v2");
  await eventually(isPaused, "the pause before the switch", 60_000);

  expect(await versionAt(host)).toBe("v1");
  expect(await versionAt("page-preview.default.localhost")).toBe("v2");
}, 90_000);

test("the switch, and an abort after it, under load: no request fails, and nobody goes back and forth", async () => {
  const { routerPort } = await sluice.controlPlane();

  const there = drive(routerPort, host, 300);
  await sluice.ok("rollout", "promote", "page");
  await eventually(async () => (there.tally.byVersion.get("v2") ?? 0) > 300, "v2 to answer");
  const forth = await there.stop();
  const back = drive(routerPort, host, 300);
  await eventually(async () => back.tally.requests > 100, "load");
  await sluice.ok("rollout", "abort", "page");
  await eventually(async () => (back.tally.byVersion.get("v1") ?? 0) > 300, "v1 to answer again");
  const returned = await back.stop();

  expect([forth.failed, returned.failed]).toEqual([[], []]);
  expect([strays(forth.answers, "v2"), strays(returned.answers, "v1")]).toEqual([[], []]);
  expect(await status()).toMatchObject({ phase: "Degraded", abort: true });
}, 90_000);

test("promoted for good, and undone while the old Pods are there, under load: no request fails", async () => {
  const { routerPort } = await sluice.controlPlane();
  await sluice.ok("rollout", "retry", "page");
  await eventually(isPaused, "the pause before the switch", 60_000);

  const there = drive(routerPort, host, 300);
  await sluice.ok("rollout", "promote", "page");
  await eventually(async () => (await status()).phase === "Healthy", "v2 to be stable", 60_000);
  const forth = await there.stop();
  const back = drive(routerPort, host, 300);
  await eventually(async () => back.tally.requests > 100, "load");
  await sluice.ok("rollout", "undo", "page");
  await eventually(async () => (back.tally.byVersion.get("v1") ?? 0) > 300, "v1 to answer again");
  const returned = await back.stop();

  expect([forth.failed, returned.failed]).toEqual([[], []]);
  expect([strays(forth.answers, "v2"), strays(returned.answers, "v1")]).toEqual([[], []]);
}, 150_000);

test("held back for a while or switched, kept or taken back: a rehearsal on the recorded numbers decides the same", async () => {
  const fault = await ran;
  if (fault !== undefined) throw fault;
  await sluice.run(["down", "--data", sluice.data]);

  for (const { name, end, holdbackSeconds } of trials) {
    const [release, ...others] = await rehearsedAgain(sluice.data, trialsNamespace, name);
    const { real = [], rehearsed = [] } = release ?? {};
    expect([name, release?.version, others]).toEqual([name, "v2", []]);
    expect([name, ...rehearsed.map(withoutFigures)]).toEqual([name, ...real.map(withoutFigures)]);
    // Taken back from what everybody had, but for those who were held back.
    const last = end === "Degraded" ? "quarantine" : "promote";
    expect(real.at(-1)).toMatch(holdbackSeconds === undefined ? `${last} at ` : `${last} at 2: `);
    if (end === "Degraded")
      expect(real.join()).toMatch(holdbackSeconds === undefined ? /everybody gets it/ : /advance at 1/);
  }
}, 120_000);

/** Which signal is worse is decided; the rest of the sentence says how much. */
const withoutFigures = (decision: string) => decision.replace(/ (fail|are slower|get slower) .*/, " $1");
