import type { Quarantine, ReplicaSet, Resource, Rollout } from "@sluice/api";
import {
  type AnyReconciler,
  abortPatch,
  analysisRunReconciler,
  decisionReconciler,
  type Effects,
  experimentReconciler,
  promotePatch,
  type RequestedPatch,
  replicaSetReconciler,
  restartPatch,
  retryPatch,
  rolloutReconciler,
  serviceReconciler,
  undoPatch,
} from "@sluice/controllers";
import { Fault, formatInstant, hours, millis, seconds, seededRandom } from "@sluice/kernel";
import { modelledAgent } from "./agent.ts";
import { checkEnd, checkSettled, type Invariant, type Memory, pictureOf, Violated } from "./invariants.ts";
import { namespace, plans, rolloutOf, surroundings, templateOf } from "./manifests.ts";
import { type Answer, calm, type Step, type Story } from "./story.ts";
import { UnkindWorld } from "./world.ts";

export interface Played {
  /** What was violated first; undefined where everything held. */
  readonly violated: Violated | undefined;
  readonly virtualMillis: number;
  readonly crashes: number;
  readonly releases: number;
  readonly checks: ReadonlyMap<Invariant, number>;
}

/** For plants: another rollout controller in place of the real one. */
export type Sabotage = (reconciler: AnyReconciler) => AnyReconciler;

const key = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", namespace, name: "web" };

/** Tells one story to the real controllers. The same story has the same end. */
export async function play(story: Story, sabotage: Sabotage = (same) => same): Promise<Played> {
  const player = new Player(story, sabotage);
  return player.run();
}

class Player {
  readonly #story: Story;
  readonly #sabotage: Sabotage;
  readonly #checks = new Map<Invariant, number>();
  readonly #memory: Memory = { before: undefined, rises: new Map(), unready: new Map() };
  #answer: Answer = "good";
  #releases = 0;
  #isStopped = false;

  constructor(story: Story, sabotage: Sabotage) {
    this.#story = story;
    this.#sabotage = sabotage;
  }

  async run(): Promise<Played> {
    const story = this.#story;
    const random = seededRandom(story.seed);
    const world = await UnkindWorld.create({
      random,
      disturbance: calm,
      reconcilers: (effects: Effects) => [
        this.#sabotage(rolloutReconciler(effects)),
        decisionReconciler(effects),
        analysisRunReconciler(effects),
        experimentReconciler(effects),
        replicaSetReconciler(effects),
        serviceReconciler(effects, { allocatesAddresses: false }),
        modelledAgent(effects),
      ],
      tasks: {
        queryPrometheus: async () => this.#answered(),
        canaryTraffic: async () => ({ requests: 1000 }),
      },
    });
    let violated: Violated | undefined;
    try {
      for (const object of surroundings(story)) await world.client.create(object);
      await world.client.create(rolloutOf(story));
      world.disturbance = story.disturbance;
      for (const step of story.steps) {
        await this.#do(world, step);
        await world.run(millis(1), () => this.#look(world));
      }
      this.#answer = "good";
      world.disturbance = calm;
      await world.run(hours(3), () => this.#look(world));
      if (this.#memory.before !== undefined) checkEnd(this.#memory.before, this.#count);
    } catch (thrown) {
      violated =
        thrown instanceof Violated ? thrown : new Violated("settles", String((thrown as Error)?.stack ?? thrown));
    }
    this.#isStopped = true;
    world.stop();
    return {
      violated,
      virtualMillis: world.elapsed,
      crashes: world.crashes,
      releases: this.#releases,
      checks: this.#checks,
    };
  }

  readonly #count = (invariant: Invariant): void => {
    this.#checks.set(invariant, (this.#checks.get(invariant) ?? 0) + 1);
  };

  async #look(world: UnkindWorld): Promise<void> {
    if (this.#isStopped) return;
    const now = await pictureOf(world);
    if (now === undefined) return;
    checkSettled(now, this.#memory, world.elapsed, this.#count);
  }

  #answered(): unknown {
    switch (this.#answer) {
      case "good":
        return { value: "[0.01]", parsed: [0.01] };
      case "bad":
        return { value: "[0.5]", parsed: [0.5] };
      case "NaN":
        return { value: "[NaN]", parsed: [Number.NaN] };
      case "empty":
        return { value: "[]", parsed: [] };
      case "fails":
        throw new Fault("unavailable", "connection refused");
    }
  }

  async #do(world: UnkindWorld, step: Step): Promise<void> {
    const { client } = world;
    const merge = (value: unknown) => client.patch(key, { type: "merge", value });
    switch (step.do) {
      case "push":
        await merge({ spec: { template: templateOf(++this.#releases, step.fate) } });
        return;
      case "wait":
        return world.run(seconds(step.seconds), () => this.#look(world));
      case "query":
        this.#answer = step.answer;
        return;
      case "scale":
        await merge({ spec: { replicas: step.replicas } });
        return;
      case "steps":
        if (this.#story.shape !== "blueGreen")
          await merge({ spec: { strategy: { canary: { steps: plans[step.plan] ?? [] } } } });
        return;
      case "clock":
        world.jump(seconds(step.seconds));
        return;
      case "crash":
        return world.crash();
      case "watchGap":
        return world.watchGap();
      case "lift": {
        const { items } = await client.list<Quarantine>({ apiVersion: "sluice.dev/v1alpha1", kind: "Quarantine" }, {});
        const last = items.at(-1);
        if (last === undefined) return;
        const target = { apiVersion: "sluice.dev/v1alpha1", kind: "Quarantine", namespace, name: last.metadata.name };
        await client.patch(target, { type: "merge", value: { spec: { liftedBy: "ada" } } });
        return;
      }
      case "pause":
        await merge({ spec: { paused: true } });
        return;
      case "resume":
        await merge({ spec: { paused: false } });
        return;
      default:
        return this.#ask(world, step.do);
    }
  }

  async #ask(
    world: UnkindWorld,
    word: "promote" | "promoteFull" | "abort" | "callBad" | "retry" | "undo" | "restart",
  ): Promise<void> {
    const { client, clock } = world;
    const rollout = await client.get<Rollout>(key);
    const { items } = await client.list<ReplicaSet>({ apiVersion: "apps/v1", kind: "ReplicaSet" }, {});
    if (rollout === undefined) return;
    const asked = (): readonly RequestedPatch[] => {
      switch (word) {
        case "promote":
          return promotePatch(rollout);
        case "promoteFull":
          return promotePatch(rollout, { full: true });
        case "abort":
          return abortPatch(rollout);
        case "callBad":
          return abortPatch(rollout, { bad: "it looks odd" });
        case "retry":
          return retryPatch(rollout);
        case "undo":
          return undoPatch(rollout, items);
        case "restart":
          return restartPatch(rollout, formatInstant(clock.now()));
      }
    };
    let patches: readonly RequestedPatch[] = [];
    try {
      patches = asked();
    } catch (thrown) {
      // What a person is told there is nothing to do.
      if (!(thrown instanceof Error) || (thrown as Fault).kind !== "invalid") throw thrown;
    }
    for (const { patch, subresource } of patches) {
      await client.patch<Resource>(key, patch, subresource === undefined ? {} : { subresource });
    }
  }
}
