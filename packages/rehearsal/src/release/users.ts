import type { ReplicaSet, Rollout } from "@sluice/api";
import type { TaskHandler } from "@sluice/controllers";
import { type Clock, Fault as Failure, type Random, sameJson, seededRandom } from "@sluice/kernel";
import { type Parsed, type PromqlExpression, parsePromql } from "@sluice/languages";
import { measurementOf, queryInstant } from "@sluice/metrics";
import { hashOf } from "../model/cluster.ts";
import { Past } from "../model/past.ts";
import { ModelledRoutes, routedWorld } from "../model/routes.ts";
import { ModelledSeries } from "../model/series.ts";
import { ModelledService, type Split, type Version } from "../model/service.ts";
import { periodOf } from "../model/traffic.ts";
import type { Policy } from "../policy/policy.ts";
import { stableOf } from "../policy/profile.ts";
import type { Ask, Reply } from "./control-plane/ask.ts";
import type { Outside } from "./control-plane/control-plane.ts";
import { isSwitched, startOf2026 } from "./control-plane/deployed.ts";
import type { Objects } from "./control-plane/world.ts";
import { JudgedModel, type JudgeWork } from "./judging.ts";
import { namesOf } from "./names.ts";
import type { ReleaseOptions } from "./options.ts";
import { syntheticCheck } from "./synthetic-check.ts";

/** Every release of one policy asks the same, but for the hashes of its versions, which are the same too. */
const readQueries = new WeakMap<Policy, Map<string, Parsed<PromqlExpression>>>();

/** Where users go, by objects that stay as they are. */
interface Routed {
  readonly split: Split;
  readonly pods: Readonly<Record<Version, number>>;
  readonly hasCanary: boolean;
}

const routedBy = new WeakMap<Objects, Routed>();

/** The modelled users of one release, and whoever watches what they meet: metrics, the router's counters, the judge. */
export class Users implements Outside {
  readonly service: ModelledService;
  readonly judged: JudgedModel;
  readonly #options: ReleaseOptions;
  readonly #clock: Clock;
  readonly #rollout: Rollout;
  readonly #routes: ModelledRoutes;
  #series: ModelledSeries | undefined;
  #canaryHash = "";
  #stableHash = "";
  #isNew = false;
  #checks: Random | undefined;

  /** `rolloutNow`: as the controllers have it. */
  constructor(options: ReleaseOptions, rollout: Rollout, clock: Clock, rolloutNow: () => Rollout) {
    const { policy, profile, fault, traffic, seed, history, endpoints, edgesMs, queries, recording } = options;
    this.#options = options;
    this.#clock = clock;
    this.#rollout = rollout;
    this.#routes = new ModelledRoutes(policy.entry);
    const past = isSwitched(policy) && profile === "sluice" ? new Past() : undefined;
    const random = seededRandom(seed);
    this.service = new ModelledService({
      traffic,
      fault,
      endpoints,
      edgesMs,
      random,
      startsAt: startOf2026,
      startSecond: periodOf(traffic) * random.next(),
      scrapeSeconds: queries.scrapeSeconds,
      ...(past === undefined ? {} : { past }),
      drawsLatency: profile === "sluice" || queries.families.has("latencyBucket"),
      ...(recording === undefined ? {} : { recording }),
    });
    this.judged = new JudgedModel({
      service: this.service,
      history,
      starts: recording?.release.starts,
      edgesMs,
      endpoints,
      past,
      isEachWindow: recording !== undefined || queries.asksJudge,
      isReplay: recording !== undefined,
      names: recording?.release.names,
      clock,
      rollout: rolloutNow,
    });
  }

  /** Only the stable version is there. */
  stand(objects: Objects, stableHash: string): void {
    this.#stableHash = stableHash;
    this.routeTo(objects, false);
    const { queries, endpoints, edgesMs } = this.#options;
    this.#series = new ModelledSeries({
      service: this.service,
      // Canaries' names are known before there is one: the version is a function of its template.
      names: () => namesOf(this.#rollout, { canary: this.#canaryHash, stable: stableHash }, objects),
      edgesMs,
      endpoints: queries.endpoints === undefined ? undefined : endpoints,
      labels: queries.labels,
      families: queries.families,
    });
  }

  /** From now on there is another version. */
  meetNew(): void {
    this.service.advanceTo(this.#clock.now());
    this.#isNew = true;
  }

  knowNew(canaryHash: string): void {
    this.#canaryHash = canaryHash;
  }

  loseMetrics(): void {
    if (this.#series !== undefined) this.#series.isMissing = true;
  }

  /** `isKept`: those objects stay as they are, for all releases of the policy. */
  routeTo(objects: Objects, isKept: boolean): void {
    this.service.advanceTo(this.#clock.now());
    const routed = (isKept ? routedBy.get(objects) : undefined) ?? this.#routed(objects);
    if (isKept) routedBy.set(objects, routed);
    Object.assign(this.service.pods, routed.pods);
    if (this.#options.fault.pods === "crashing" && routed.hasCanary) this.service.restarts.canary = 4;
    this.service.route(routed.split);
  }

  /** New pods of the stable version have another hash than its own: their template tells. */
  versionOf(set: ReplicaSet): Version {
    if (hashOf(set) === this.#stableHash) return "stable";
    if (!this.#isNew || hashOf(set) === this.#canaryHash) return this.#isNew ? "canary" : "stable";
    const isOld = sameJson(set.spec.template?.spec, stableOf(this.#rollout).spec.template?.spec);
    return isOld ? "baseline" : "canary";
  }

  ask({ does, work }: Ask, tell: (reply: Reply) => void): () => void {
    switch (does) {
      case "queryPrometheus":
        tell(attempted(() => this.#measured(String(work.query))));
        return () => {};
      case "canaryTraffic":
        this.service.advanceTo(this.#clock.now());
        tell({ is: "done", result: { requests: this.service.requestsOf("canary") } });
        return () => {};
      case "judgeWindows":
        return this.judged.judge(work as unknown as JudgeWork, tell);
    }
  }

  syntheticCheck(timers: Clock): TaskHandler {
    const { seed, endpoints } = this.#options;
    this.#checks ??= seededRandom(seed ^ 0x517e);
    return syntheticCheck({
      service: this.service,
      clock: timers,
      random: this.#checks,
      endpoints,
    });
  }

  #routed(objects: Objects): Routed {
    const seen = routedWorld(objects);
    const hashes = { stable: new Set<string>(), canary: new Set<string>(), baseline: new Set<string>() };
    const pods = { stable: 0, canary: 0, baseline: 0 };
    for (const set of seen.replicaSets) {
      const version = this.versionOf(set);
      hashes[version].add(hashOf(set));
      pods[version] += set.status?.availableReplicas ?? 0;
    }
    return { split: this.#routes.split(seen, hashes), pods, hasCanary: hashes.canary.size > 0 };
  }

  #measured(query: string) {
    this.service.advanceTo(this.#clock.now());
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
}

function attempted(work: () => unknown): Reply {
  try {
    return { is: "done", result: work() };
  } catch (cause) {
    return { is: "refused", cause };
  }
}
