import type { Application, Decision, Quarantine } from "@sluice/api";
import { Fault, minutes, seconds } from "@sluice/kernel";
import { describe, expect, test } from "vitest";
import { type Scenario, settles, survivesCrashes, survivesStaleReads, World } from "../laws/index.ts";
import { QuarantineReconciler } from "./reconciler.ts";
import type { RevertResult } from "./revert-result.ts";

const key = { apiVersion: "sluice.dev/v1alpha1", kind: "Quarantine", namespace: "production", name: "shop-x" };

const quarantine = (spec: Partial<Quarantine["spec"]> = {}): Quarantine => ({
  apiVersion: "sluice.dev/v1alpha1",
  kind: "Quarantine",
  metadata: { name: "shop-x", namespace: "production" },
  spec: {
    application: "shop",
    namespace: "production",
    workload: { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: "shop" },
    podTemplateHash: "abc",
    templateDigest: "sha256:bad",
    images: ["shop:v3"],
    reason: "metric error-rate failed",
    decision: "d1",
    ...spec,
  },
});

const application = (revert?: string): Application => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Application",
  metadata: {
    name: "shop",
    namespace: "argocd",
    ...(revert === undefined ? {} : { annotations: { "sluice.dev/revert": revert } }),
  },
  spec: {
    project: "default",
    source: { repoURL: "https://git.example/shop", path: "app" },
    destination: { namespace: "production" },
  },
});

/** A repository that remembers by id what was done to it, as the trailer in a commit does. */
class ModelGit {
  readonly done = new Map<string, RevertResult>();
  readonly asked: Record<string, unknown>[] = [];
  faults: Fault[] = [];
  answer: RevertResult = { is: "committed", message: "safe", commit: "c0ffee", reverts: "bad", branch: "main" };

  readonly handler = async (work: Readonly<Record<string, unknown>>): Promise<RevertResult> => {
    this.asked.push(work);
    const fault = this.faults.shift();
    if (fault !== undefined) throw fault;
    const id = String(work.id);
    if (!this.done.has(id)) this.done.set(id, this.answer);
    return this.done.get(id) as RevertResult;
  };
}

const worldOptions = (git: () => ModelGit) => ({
  reconcilers: (effects: ConstructorParameters<typeof QuarantineReconciler>[0]["effects"]) => [
    new QuarantineReconciler({ effects }),
  ],
  tasks: () => ({ revertInGit: (work: Readonly<Record<string, unknown>>) => git().handler(work) }),
});

async function begin(git: ModelGit, revert?: string): Promise<World> {
  const world = await World.create(worldOptions(() => git));
  for (const name of ["argocd", "production"])
    await world.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  await world.apply(application(revert));
  return world;
}

const revertOf = async (world: World) => (await world.get<Quarantine>(key))?.status?.gitRevert;

describe("what becomes of git", () => {
  test.each([
    [undefined, "branch"],
    ["branch", "branch"],
    ["commit", "commit"],
  ])("annotation %s asks for a %s", async (annotation, mode) => {
    const git = new ModelGit();
    const world = await begin(git, annotation);

    await world.apply(quarantine());

    expect(git.asked).toHaveLength(1);
    expect(git.asked[0]).toMatchObject({
      mode,
      badDigest: "sha256:bad",
      path: "app",
      application: "shop",
      revision: "HEAD",
    });
    expect(await revertOf(world)).toMatchObject({ phase: "Committed", commit: "c0ffee", reverts: "bad" });
  });

  test.each([
    ["off", "Off", "sluice.dev/revert is off"],
    ["always", "Held", "found always, expected branch, commit or off"],
  ])("annotation %s touches nothing", async (annotation, phase, said) => {
    const git = new ModelGit();
    const world = await begin(git, annotation);

    await world.apply(quarantine());

    const revert = await revertOf(world);
    expect(revert?.phase).toBe(phase);
    expect(revert?.message).toContain(said);
    expect(git.asked).toEqual([]);
  });

  test("a workload of no Application isn't ours to put right in git", async () => {
    const git = new ModelGit();
    const world = await begin(git);

    await world.apply(quarantine({ application: "" }));

    const revert = await revertOf(world);
    expect(revert).toMatchObject({ phase: "Off" });
    // The real schema knows no such field, and refused the whole status.
    expect(revert).not.toHaveProperty("is");
  });

  test("the outcome is a condition, a Decision and an Event, with its because", async () => {
    const git = new ModelGit();
    git.answer = {
      is: "branchPushed",
      message: "not committed directly: HEAD has moved since",
      branch: "sluice/revert-shop-bad",
      commit: "c",
      reverts: "bad",
    };
    const world = await begin(git);

    await world.apply(quarantine());

    const stored = await world.get<Quarantine>(key);
    const [decision] = await world.list<Decision>({ apiVersion: "sluice.dev/v1alpha1", kind: "Decision" });
    const events = await world.list<{ reason?: string } & Quarantine>({ apiVersion: "v1", kind: "Event" });
    expect(stored?.status?.conditions?.[0]).toMatchObject({
      type: "GitRepaired",
      status: "False",
      reason: "BranchPushed",
    });
    expect(decision?.spec).toMatchObject({ action: "revert" });
    expect(decision?.spec.because).toContain("HEAD has moved");
    expect(events.map(({ reason }) => reason)).toContain("GitBranchPushed");
  });

  test("a remote that hangs is asked ever later, and says so meanwhile", async () => {
    const git = new ModelGit();
    git.faults = [new Fault("unavailable", "no result within 30 s"), new Fault("unavailable", "no result within 30 s")];
    const world = await begin(git, "commit");

    await world.apply(quarantine());
    const first = await revertOf(world);
    await world.run(seconds(6));
    const second = await revertOf(world);
    await world.run(seconds(11));

    expect(first).toMatchObject({ phase: "Running", attemptId: "1" });
    expect(first?.message).toContain("git can't be reached (attempt 1)");
    expect(second?.attemptId).toBe("2");
    expect(await revertOf(world)).toMatchObject({ phase: "Committed" });
    expect(git.asked).toHaveLength(3);
  });

  test("credentials that are refused wait for a person", async () => {
    const git = new ModelGit();
    git.faults = [new Fault("forbidden", "Authentication failed")];
    const world = await begin(git);

    await world.apply(quarantine());
    await world.run(minutes(60));

    expect(await revertOf(world)).toMatchObject({ phase: "Held", message: "Authentication failed" });
    expect(git.asked).toHaveLength(1);
  });

  test("what is settled isn't done again, whatever happens around it", async () => {
    const git = new ModelGit();
    const world = await begin(git);
    await world.apply(quarantine());

    await world.apply(application("commit"));
    await world.restart();
    await world.run(minutes(60));

    expect(git.asked).toHaveLength(1);
  });
});

describe("laws", () => {
  const scenario = (): Scenario => {
    let git = new ModelGit();
    return {
      world: worldOptions(() => git),
      story: async (world) => {
        git = new ModelGit();
        git.faults = [new Fault("unavailable", "no answer")];
        for (const name of ["argocd", "production"])
          await world.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
        await world.apply(application("commit"));
        await world.apply(quarantine(), {
          ...quarantine({ templateDigest: "sha256:worse" }),
          metadata: { name: "shop-y", namespace: "production" },
        });
        await world.run(minutes(10));
      },
      end: async (world) => ({
        phase: (await revertOf(world))?.phase,
        done: git.done.size,
        decisions: (await world.list({ apiVersion: "sluice.dev/v1alpha1", kind: "Decision" })).map(
          ({ metadata }) => metadata.name,
        ),
      }),
    };
  };

  test("it settles", () => settles(scenario()));

  test("a crash between any two effects changes nothing in the end", () => survivesCrashes(scenario(), { points: 50 }));

  test("late news changes nothing in the end", () => survivesStaleReads(scenario()));
});
