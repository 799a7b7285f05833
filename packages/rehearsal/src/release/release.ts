import type { ReplicaSet, Resource, Rollout } from "@sluice/api";
import { askJudge, type Effects, promotePatch, type RequestedPatch } from "@sluice/controllers";
import {
  after,
  Fault as Failure,
  type Instant,
  millis,
  minutes,
  sameJson,
  seededRandom,
  VirtualClock,
} from "@sluice/kernel";
import { type Parsed, type PromqlExpression, parsePromql } from "@sluice/languages";
import { measurementOf, queryInstant } from "@sluice/metrics";
import type { JudgedRelease } from "@sluice/verdict";
import { normal } from "../model/chance.ts";
import { hashOf, ModelledCluster } from "../model/cluster.ts";
import type { Fault } from "../model/fault.ts";
import { Past } from "../model/past.ts";
import type { Recording } from "../model/recording.ts";
import { ModelledRoutes, routedWorld } from "../model/routes.ts";
import { ModelledSeries } from "../model/series.ts";
import { ModelledService, type Version } from "../model/service.ts";
import { periodOf, type Traffic } from "../model/traffic.ts";
import type { Policy } from "../policy/policy.ts";
import { type ProfileName, stableOf } from "../policy/profile.ts";
import { type PodStart, startOf } from "../policy/readiness.ts";
import { type Begun, begun, disturbedAfter, warmUp } from "./begun.ts";
import { deployed, isSwitched, reconcilersOf, rolloutOf, shownPods, startOf2026 } from "./deployed.ts";
import { JudgedModel, judgementIn } from "./judging.ts";
import { namesOf } from "./names.ts";
import { decisionsIn, notOver, type Outcome, ruleOf, ruleOfDoubt, ruleOfJudge } from "./outcome.ts";
import type { Queries } from "./queries.ts";
import { syntheticCheck } from "./synthetic-check.ts";
import { unnoticedSeconds } from "./unnoticed.ts";
import { type Objects, World } from "./world.ts";

export interface ReleaseOptions {
  readonly policy: Policy;
  readonly queries: Queries;
  readonly profile: ProfileName;
  readonly fault: Fault;
  readonly traffic: Traffic;
  readonly seed: number;
  readonly endpoints: readonly string[];
  readonly edgesMs: readonly number[];
  readonly history: JudgedRelease["history"];
  /** How long a person takes who is asked. */
  readonly personMillis: number;
  /** How long nobody notices a harm that no rule caught. */
  readonly noticeMillis: number;
  /** A past release whose numbers come again, instead of the traffic and the fault. */
  readonly recording?: Recording;
  /** How its pods come up where nothing is wrong. */
  readonly start: PodStart;
  /** Into its second it begins: timestamps in objects are whole seconds, so pauses and analyses depend on it. */
  readonly secondAgeMillis?: number;
}

/** Every release of one policy asks the same, but for the hashes of its versions, which are the same too. */
const readQueries = new WeakMap<Policy, Map<string, Parsed<PromqlExpression>>>();

const longest = minutes(60 * 24 * 14);
/** How much longer slow ones take. */
const slowPodsMillis = 165_000;

/** One release of one version through the real controllers. The same options bring the same outcome. */
export async function rehearseRelease(options: ReleaseOptions): Promise<Outcome> {
  const release = new Release(options, await begunAlike(options));
  return release.run();
}

/** Undefined where this one has something of its own before its first traffic. */
async function begunAlike(options: ReleaseOptions): Promise<Begun | undefined> {
  const { policy, profile, fault, start, secondAgeMillis = 0 } = options;
  const isOfItsOwn =
    start.spread !== 0 || fault.pods !== undefined || fault.platform === "slowPods" || isSwitched(policy);
  return isOfItsOwn ? undefined : begun(policy, profile, { readyMillis: startOf(start, 0), secondAgeMillis });
}

class Release {
  readonly #options: ReleaseOptions;
  readonly #clock = new VirtualClock(startOf2026);
  readonly #rollout: Rollout;
  /** Among all objects of a world. */
  readonly #name: string;
  readonly #past: Past | undefined;
  readonly #service: ModelledService;
  readonly #cluster: ModelledCluster;
  readonly #routes: ModelledRoutes;
  #series: ModelledSeries | undefined;
  #canaryHash = "";
  #stableHash = "";
  #routedAt = -1;
  #isNew = false;
  readonly #begun: Begun | undefined;
  #beganAt = startOf2026;
  /** What really went by until then: the wall clock may step. */
  #began = millis(0);
  readonly #weights: Outcome["weights"][number][] = [];

  constructor(options: ReleaseOptions, begun: Begun | undefined) {
    const { policy, profile, fault, traffic, seed, endpoints, edgesMs, queries } = options;
    this.#options = options;
    this.#begun = begun;
    this.#rollout = rolloutOf(policy, profile);
    this.#name = `Rollout/${this.#rollout.metadata.name}`;
    this.#past = isSwitched(policy) && profile === "sluice" ? new Past() : undefined;
    const random = seededRandom(seed);
    this.#service = new ModelledService({
      traffic,
      fault,
      endpoints,
      edgesMs,
      random,
      startsAt: startOf2026,
      startSecond: periodOf(traffic) * random.next(),
      scrapeSeconds: queries.scrapeSeconds,
      ...(this.#past === undefined ? {} : { past: this.#past }),
      drawsLatency: profile === "sluice" || queries.families.has("latencyBucket"),
      ...(options.recording === undefined ? {} : { recording: options.recording }),
    });
    const { start } = options;
    const later = fault.platform === "slowPods" ? slowPodsMillis : 0;
    const startsIn = (deviation: number) => millis(startOf(start, deviation) + later);
    // Of their own, so that users come as ever.
    const uneven = seededRandom(seed ^ 0x90d5);
    this.#cluster = new ModelledCluster(
      () => this.#clock.now(),
      (set) => {
        const isCanary = this.#isNew && this.#versionOf(set) === "canary";
        return {
          readyAfter: () => (this.#isNew ? startsIn(start.spread === 0 ? 0 : normal(uneven)) : millis(0)),
          took: this.#isNew ? startsIn(0) : millis(0),
          fate: isCanary ? (fault.pods ?? "well") : "well",
        };
      },
      shownPods(policy),
      begun?.readyAt,
    );
    this.#routes = new ModelledRoutes(policy.entry);
  }

  async run(): Promise<Outcome> {
    const { policy, profile, seed, history, edgesMs, endpoints } = this.#options;
    const judged = new JudgedModel({
      service: this.#service,
      history,
      edgesMs,
      endpoints,
      past: this.#past,
      isEachWindow: this.#options.recording !== undefined,
      clock: this.#clock,
      rollout: () => this.#rolloutOf(world),
      onNews: () => world.stir(),
    });
    const stands = await deployed(policy, profile);
    if (this.#begun !== undefined) await this.#comeTo(this.#begun, stands);
    const world: World = await World.create({
      random: seededRandom(seed),
      clock: this.#clock,
      holds: this.#begun?.objects ?? stands,
      decided: this.#begun?.decisions ?? [],
      reconcilers: (effects: Effects) => reconcilersOf(effects, this.#cluster),
      tasks: {
        queryPrometheus: async ({ query }) => this.#answer(String(query)),
        judgeWindows: (work, cancellation) =>
          judged.judge(work as unknown as Parameters<JudgedModel["judge"]>[0], cancellation),
        askJudge: (work, cancellation) => askJudge(world.client)(work, cancellation),
        ringTraffic: async () => ({ rings: [] }),
        canaryTraffic: async () => ({ requests: this.#requests() }),
        syntheticCheck: syntheticCheck({
          service: this.#service,
          clock: { now: () => world.timers.now(), after: (wait, task) => world.timers.after(wait, task) },
          random: seededRandom(seed ^ 0x517e),
          endpoints,
        }),
      },
    });
    await world.settle();
    if (this.#begun === undefined) await this.#begin(world);
    const outcome = await this.#watch(world, judged);
    world.stop();
    return outcome;
  }

  /** Users meet the stable version for a while, and then it is released. */
  async #begin(world: World): Promise<void> {
    await world.advanceTo(after(this.#clock.now(), millis(1)));
    this.#stand(world.objects);
    await world.advanceTo(this.#beginsAt);
    this.#release();
    await world.apply(this.#rollout);
    this.#canaryHash = this.#rolloutIn(world.objects).status?.currentPodHash ?? "";
  }

  /** The same, where the controllers have come to the last of these moments already: only users' time goes by. */
  async #comeTo({ moments, objects }: Begun, stands: Objects): Promise<void> {
    const goOnTo = (at: Instant) => this.#clock.advance(millis(at - this.#clock.now()));
    await goOnTo(after(startOf2026, millis(1)));
    this.#stand(stands);
    await goOnTo(this.#beginsAt);
    this.#release();
    this.#canaryHash = this.#rolloutIn(objects).status?.currentPodHash ?? "";
    for (const moment of moments) {
      await goOnTo(moment.at);
      this.#routeTo(moment.objects);
      this.#noteWeight(this.#rolloutIn(moment.objects).status?.currentStepIndex ?? 0);
    }
  }

  get #beginsAt(): Instant {
    return after(startOf2026, millis(warmUp + (this.#options.secondAgeMillis ?? 0)));
  }

  #stand(objects: Objects): void {
    this.#stableHash = this.#rolloutIn(objects).status?.currentPodHash ?? "";
    this.#routeTo(objects);
    this.#openSeries(objects);
  }

  #release(): void {
    this.#service.advanceTo(this.#clock.now());
    this.#isNew = true;
    this.#beganAt = this.#clock.now();
    this.#began = this.#clock.elapsed;
  }

  async #watch(world: World, judged: JudgedModel): Promise<Outcome> {
    const { fault, personMillis } = this.#options;
    const service = this.#service;
    const beganAt = this.#beganAt;
    const disturbAt = fault.platform === undefined ? undefined : after(beganAt, disturbedAfter);
    let disturbed = false;
    let isServing = false;
    let stepped = 0;
    let step = 0;
    let askedAt: Instant | undefined;
    let waitedMillis = 0;
    let promotedAt: number | undefined;
    const weights = this.#weights;
    for (;;) {
      this.#route(world);
      const now = this.#clock.now();
      const rollout = this.#rolloutOf(world);
      const status = rollout.status ?? {};
      const seconds = this.#seconds;
      const weight = service.split.canary;
      if (weight > 0 && !isServing) judged.begins();
      isServing ||= weight > 0;
      const planned = status.canary?.weights?.canary.weight ?? 0;
      if (planned !== stepped) {
        stepped = planned;
        judged.stepped();
        await world.settle();
        continue;
      }
      this.#noteWeight(status.currentStepIndex ?? step);
      const ended = (end: Outcome["end"], rule?: Outcome["rule"]): Outcome => {
        service.advanceTo(now);
        return outcome(end, rule);
      };
      const unnoticed = () => unnoticedSeconds({ weights, seconds }, this.#options.noticeMillis / 1000);
      const outcome = (end: Outcome["end"], rule: Outcome["rule"]): Outcome => ({
        end,
        step,
        weight: weights.findLast((one) => one.weight > 0)?.weight ?? 0,
        seconds: end === "promoted" ? (promotedAt ?? seconds) : seconds,
        heldSeconds: judged.heldMillis / 1000,
        waitedSeconds: waitedMillis / 1000,
        canaryRequests: service.requestsOf("canary"),
        harmed: Math.round(service.harmed + (end === "promoted" ? service.harmASecond() * unnoticed() : 0)),
        weights,
        decisions: decisionsIn(world, this.#canaryHash, beganAt),
        ...(rule === undefined ? {} : { rule }),
      });
      const said = judgementIn(world.objects.values());
      if (status.abort === true && status.currentPodHash === this.#canaryHash) {
        return ended("aborted", ruleOf(status.message ?? "", said?.status, world));
      }
      if (status.stableRS === this.#canaryHash && status.currentPodHash === this.#canaryHash) {
        promotedAt ??= seconds;
        // After a switch the judge looks on for as long as there is a way back.
        if (said?.spec.comparedWith !== "before" || said.status?.phase === "Ended") return ended("promoted");
      }
      if (now - beganAt > longest) return ended("stuck", { by: notOver, isOurs: false });
      const isDead = status.conditions?.some(({ reason }) => reason === "ProgressDeadlineExceeded");
      if (isDead) return ended("stuck", { by: "progress deadline", isOurs: false });
      step = status.currentStepIndex ?? step;

      const reasons = status.pauseConditions?.map(({ reason }) => reason) ?? [];
      const asks = this.#asks(rollout, reasons);
      askedAt = asks === undefined ? undefined : (askedAt ?? now);
      if (said?.status !== undefined && reasons.includes("VerdictAlert"))
        return ended("asked", ruleOfJudge(said.status));
      if (asks === "undecided") return ended("asked", ruleOfDoubt(status.message ?? "no data", world));
      if (askedAt !== undefined && now - askedAt >= personMillis) {
        waitedMillis += now - askedAt;
        askedAt = undefined;
        await this.#write(world, promotePatch(this.#rolloutOf(world)));
        continue;
      }

      if (disturbAt !== undefined && !disturbed && now >= disturbAt) {
        disturbed = true;
        await this.#disturb(world);
        continue;
      }
      const next = Math.min(
        this.#clock.nextDue() ?? Number.POSITIVE_INFINITY,
        askedAt === undefined ? Number.POSITIVE_INFINITY : askedAt + personMillis,
        disturbAt === undefined || disturbed ? Number.POSITIVE_INFINITY : disturbAt,
        beganAt + longest + 1,
      );
      await world.advanceTo(Math.max(now, next) as Instant);
    }
  }

  /** Since it began. */
  get #seconds(): number {
    return (this.#clock.elapsed - this.#began) / 1000;
  }

  #noteWeight(step: number): void {
    const last = this.#weights.at(-1);
    const weight = this.#service.split.canary;
    if (last?.weight !== weight || last.step !== step) this.#weights.push({ atSeconds: this.#seconds, weight, step });
  }

  #asks(rollout: Rollout, reasons: readonly string[]): "person" | "undecided" | undefined {
    if (reasons.some((reason) => reason !== "CanaryPauseStep" && reason !== "BlueGreenPause")) return "undecided";
    if (reasons.length === 0) return undefined;
    const step = rollout.spec.strategy.canary?.steps?.[rollout.status?.currentStepIndex ?? 0];
    const isTimed = step?.pause?.duration !== undefined;
    return isTimed ? undefined : "person";
  }

  async #write(world: World, patches: readonly RequestedPatch[]): Promise<void> {
    const { namespace, name } = this.#rollout.metadata;
    const key = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", ...(namespace ? { namespace } : {}), name };
    for (const { patch, subresource } of patches) {
      await world.client.patch(key, patch, subresource === undefined ? {} : { subresource });
    }
    await world.settle();
  }

  async #disturb(world: World): Promise<void> {
    this.#service.advanceTo(this.#clock.now());
    switch (this.#options.fault.platform) {
      case "controlPlaneKilled":
        return world.restart();
      case "metricsMissing":
        if (this.#series !== undefined) this.#series.isMissing = true;
        return;
      case "nodeLost": {
        this.#cluster.loseNode(1 / 3);
        for (const object of [...world.objects.values()]) {
          // Touched, so that its controller looks again.
          if (object.kind === "ReplicaSet") await touch(world, object);
        }
        return world.settle();
      }
      case "clockSteps":
        this.#clock.jump(minutes(5));
        this.#service.stepClock(minutes(5));
        return world.settle();
      default:
        return;
    }
  }

  #route(world: World): void {
    if (this.#routedAt === world.routeChanges) return;
    this.#routedAt = world.routeChanges;
    this.#routeTo(world.objects);
  }

  #routeTo(objects: Objects): void {
    const seen = routedWorld(objects);
    this.#service.advanceTo(this.#clock.now());
    const hashes = { stable: new Set<string>(), canary: new Set<string>(), baseline: new Set<string>() };
    const pods = { stable: 0, canary: 0, baseline: 0 };
    for (const set of seen.replicaSets) {
      const version = this.#versionOf(set);
      hashes[version].add(hashOf(set));
      pods[version] += set.status?.availableReplicas ?? 0;
      if (version === "canary" && this.#options.fault.pods === "crashing") this.#service.restarts.canary = 4;
    }
    Object.assign(this.#service.pods, pods);
    this.#service.route(this.#routes.split(seen, hashes));
  }

  /** New pods of the stable version have another hash than its own: their template tells. */
  #versionOf(set: ReplicaSet): Version {
    if (hashOf(set) === this.#stableHash) return "stable";
    if (!this.#isNew || hashOf(set) === this.#canaryHash) return this.#isNew ? "canary" : "stable";
    const isOld = sameJson(set.spec.template?.spec, stableOf(this.#rollout).spec.template?.spec);
    return isOld ? "baseline" : "canary";
  }

  /** Canaries' names are known before there is one: the version is a function of its template. */
  #openSeries(objects: Objects): void {
    const { queries, endpoints, edgesMs } = this.#options;
    this.#series = new ModelledSeries({
      service: this.#service,
      names: () => namesOf(this.#rollout, { canary: this.#canaryHash, stable: this.#stableHash }, objects),
      edgesMs,
      endpoints: queries.endpoints === undefined ? undefined : endpoints,
      labels: queries.labels,
      families: queries.families,
    });
  }

  #answer(query: string) {
    this.#service.advanceTo(this.#clock.now());
    const series = this.#series;
    if (series === undefined) throw new Failure("unavailable", "no metrics yet");
    const outcome = queryInstant(series, query, this.#clock.now(), { parse: this.#parse });
    if (outcome.is === "refused") throw new Failure("invalid", outcome.refusal.message);
    const measured = measurementOf(outcome.result);
    if (measured === undefined) throw new Failure("invalid", "a text is no measurement");
    return measured;
  }

  readonly #parse = (query: string): Parsed<PromqlExpression> => {
    const ofPolicy = readQueries.get(this.#options.policy) ?? new Map<string, Parsed<PromqlExpression>>();
    readQueries.set(this.#options.policy, ofPolicy);
    const parsed = ofPolicy.get(query) ?? parsePromql(query);
    ofPolicy.set(query, parsed);
    return parsed;
  };

  #requests(): number {
    this.#service.advanceTo(this.#clock.now());
    return this.#service.requestsOf("canary");
  }

  #rolloutOf = (world: World): Rollout => this.#rolloutIn(world.objects);

  #rolloutIn = (objects: Objects): Rollout => (objects.get(this.#name) as Rollout | undefined) ?? this.#rollout;
}

async function touch(world: World, object: Resource): Promise<void> {
  const { apiVersion, kind, metadata } = object;
  const key = {
    apiVersion,
    kind,
    name: metadata.name,
    ...(metadata.namespace ? { namespace: metadata.namespace } : {}),
  };
  await world.client.patch(key, { type: "merge", value: { metadata: { annotations: { "sluice.dev/node": "lost" } } } });
}
