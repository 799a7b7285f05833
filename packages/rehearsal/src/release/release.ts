import { hasReason, type Resource, type Rollout } from "@sluice/api";
import { after, type Instant, instant, millis, minutes, seededRandom, VirtualClock } from "@sluice/kernel";
import { normal } from "../model/chance.ts";
import { ModelledCluster } from "../model/cluster.ts";
import { startOf } from "../policy/readiness.ts";
import { type Begun, begun, disturbedAfter, warmUp } from "./control-plane/begun.ts";
import { ControlPlane } from "./control-plane/control-plane.ts";
import { deployed, isSwitched, rolloutOf, shownPods, startOf2026 } from "./control-plane/deployed.ts";
import type { Objects, World } from "./control-plane/world.ts";
import {
  abortedEnd,
  askedEnd,
  asksPerson,
  deadEnd,
  type End,
  givenUpEnd,
  isAborted,
  isPromoted,
  isWatchedOn,
} from "./end.ts";
import { judgementIn } from "./judging.ts";
import type { ReleaseOptions } from "./options.ts";
import { decisionsOn, type Outcome } from "./outcome.ts";
import { unnoticedSeconds } from "./unnoticed.ts";
import { Users } from "./users.ts";

const longest = minutes(60 * 24 * 14);
const never = Number.POSITIVE_INFINITY;
/** How much longer slow ones take. */
const slowPodsMillis = 165_000;

/** One release of one version through the real controllers. The same options bring the same outcome. */
export async function rehearseRelease(options: ReleaseOptions): Promise<Outcome> {
  const stands = await deployed(options.policy, options.profile);
  return new Release(options, stands, await begunAlike(options)).run();
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
  readonly #stands: Objects;
  /** Undefined where it has something of its own from the start. */
  readonly #begun: Begun | undefined;
  readonly #clock = new VirtualClock(startOf2026);
  readonly #rollout: Rollout;
  /** Among all objects of a world. */
  readonly #name: string;
  readonly #users: Users;
  #plane: ControlPlane | undefined;
  #canaryHash = "";
  #routedAt = -1;
  #beganAt = startOf2026;
  /** What really went by until then: the wall clock may step. */
  #began = millis(0);
  /** When the platform does something to it, and when it is given up. */
  #disturbAt: number = never;
  #givenUpAt: number = never;
  readonly #weights: Outcome["weights"][number][] = [];
  #isServing = false;
  /** The weight that the controllers have come to, as the judge was told it. */
  #planned = 0;
  #step = 0;
  /** Since when a person is waited for, and how long others were. */
  #askedAt: Instant | undefined;
  #waitedMillis = 0;
  #promotedAt: number | undefined;

  constructor(options: ReleaseOptions, stands: Objects, begun: Begun | undefined) {
    this.#options = options;
    this.#stands = stands;
    this.#begun = begun;
    this.#rollout = rolloutOf(options.policy, options.profile);
    this.#name = `Rollout/${this.#rollout.metadata.name}`;
    this.#users = new Users(options, this.#rollout, this.#clock, () => this.#plane?.rollout ?? this.#rollout);
  }

  async run(): Promise<Outcome> {
    await this.#goOnTo(after(startOf2026, millis(1)));
    this.#users.stand(this.#stands, this.#rolloutIn(this.#stands).status?.currentPodHash ?? "");
    await this.#goOnTo(this.#beginsAt);
    this.#users.meetNew();
    this.#beganAt = this.#clock.now();
    this.#began = this.#clock.elapsed;
    if (this.#options.fault.platform !== undefined) this.#disturbAt = after(this.#beganAt, disturbedAfter);
    this.#givenUpAt = after(this.#beganAt, longest);
    const plane = await this.#comeTo(this.#begun);
    const outcome = await this.#watch(plane);
    plane.stop();
    return outcome;
  }

  /** Where the controllers have come to these moments already only users' time goes by. */
  async #comeTo(begun: Begun | undefined): Promise<ControlPlane> {
    if (begun === undefined || begun.moments.length === 0) {
      const plane = await this.#controllers(begun);
      await plane.release(this.#clock.now());
      this.#knowNew(plane.objects);
      return plane;
    }
    this.#knowNew(begun.objects);
    for (const moment of begun.moments) {
      await this.#goOnTo(moment.at);
      this.#users.routeTo(moment.objects, true);
      this.#noteWeight(this.#rolloutIn(moment.objects).status?.currentStepIndex ?? 0);
    }
    return this.#controllers(begun);
  }

  async #controllers(begun: Begun | undefined): Promise<ControlPlane> {
    const { seed } = this.#options;
    this.#plane = await ControlPlane.start({
      release: this.#rollout,
      outside: this.#users,
      at: begun?.at ?? startOf2026,
      objects: begun?.objects ?? this.#stands,
      decisions: begun?.decisions ?? [],
      cluster: this.#cluster,
      // Releases that share a course have the same uids in it.
      random: () => seededRandom(begun === undefined ? seed : 1),
      course: begun?.course,
    });
    return this.#plane;
  }

  readonly #cluster = (now: () => Instant): ModelledCluster => {
    const { start, fault, policy, seed } = this.#options;
    const later = fault.platform === "slowPods" ? slowPodsMillis : 0;
    const startsIn = (deviation: number) => millis(startOf(start, deviation) + later);
    // Of their own, so that users come as ever.
    const uneven = seededRandom(seed ^ 0x90d5);
    // By the controllers' time: they may come to it long after the users.
    const isNew = () => now() >= this.#beginsAt;
    return new ModelledCluster(
      now,
      (set) => ({
        readyAfter: () => (isNew() ? startsIn(start.spread === 0 ? 0 : normal(uneven)) : millis(0)),
        took: isNew() ? startsIn(0) : millis(0),
        fate: isNew() && this.#users.versionOf(set) === "canary" ? (fault.pods ?? "well") : "well",
      }),
      shownPods(policy),
      this.#begun?.readyAt,
    );
  };

  /** Users' time: the controllers' comes after it. */
  #goOnTo(at: Instant): Promise<void> {
    return this.#clock.advance(millis(at - this.#clock.now()));
  }

  get #beginsAt(): Instant {
    return after(startOf2026, millis(warmUp + (this.#options.secondAgeMillis ?? 0)));
  }

  #knowNew(objects: Objects): void {
    this.#canaryHash = this.#rolloutIn(objects).status?.currentPodHash ?? "";
    this.#users.knowNew(this.#canaryHash);
  }

  async #watch(plane: ControlPlane): Promise<Outcome> {
    for (;;) {
      this.#route(plane);
      const rollout = this.#rolloutIn(plane.objects);
      this.#tellJudge(rollout, plane.objects);
      this.#noteWeight(rollout.status?.currentStepIndex ?? this.#step);
      const over = this.#over(plane, rollout);
      if (over !== undefined) return this.#outcome(plane, over);
      this.#step = rollout.status?.currentStepIndex ?? this.#step;
      const asked = askedEnd(rollout, plane.objects);
      if (asked !== undefined) return this.#outcome(plane, asked);
      const now = this.#clock.now();
      if (asksPerson(rollout)) this.#askedAt ??= now;
      else this.#askedAt = undefined;
      if (this.#askedAt !== undefined && now >= this.#askedAt + this.#options.personMillis) {
        this.#waitedMillis += now - this.#askedAt;
        this.#askedAt = undefined;
        await plane.promote(now);
      } else if (now >= this.#disturbAt) {
        this.#disturbAt = never;
        await this.#disturb(plane);
      } else {
        await this.#goOnTo(instant(Math.max(now, this.#nextLook(plane))));
        await plane.advanceTo(this.#clock.now());
      }
    }
  }

  #tellJudge({ status }: Rollout, objects: Objects): void {
    const { service, judged } = this.#users;
    if (service.split.canary > 0 && !this.#isServing) {
      this.#isServing = true;
      judged.begins(judgementIn(objects.values())?.spec);
    }
    const planned = status?.canary?.weights?.canary.weight ?? 0;
    if (planned === this.#planned) return;
    this.#planned = planned;
    judged.stepped();
  }

  #over({ objects }: ControlPlane, rollout: Rollout): End | undefined {
    const hash = this.#canaryHash;
    if (isAborted(rollout, hash)) return abortedEnd(rollout, objects);
    if (isPromoted(rollout, hash)) {
      this.#promotedAt ??= this.#seconds;
      if (!isWatchedOn(objects)) return { end: "promoted" };
    }
    return this.#clock.now() > this.#givenUpAt ? givenUpEnd : deadEnd(rollout);
  }

  #outcome(plane: ControlPlane, { end, rule }: End): Outcome {
    const { service, judged } = this.#users;
    service.advanceTo(this.#clock.now());
    const seconds = this.#seconds;
    const weights = this.#weights;
    const unnoticed = () => unnoticedSeconds({ weights, seconds }, this.#options.noticeMillis / 1000);
    return {
      end,
      step: this.#step,
      weight: weights.findLast((one) => one.weight > 0)?.weight ?? 0,
      seconds: end === "promoted" ? (this.#promotedAt ?? seconds) : seconds,
      heldSeconds: judged.heldMillis / 1000,
      waitedSeconds: this.#waitedMillis / 1000,
      canaryRequests: service.requestsOf("canary"),
      harmed: Math.round(service.harmed + (end === "promoted" ? service.harmASecond() * unnoticed() : 0)),
      weights,
      decisions: decisionsOn(this.#canaryHash, plane.decisions, this.#beganAt),
      ...(rule === undefined ? {} : { rule }),
    };
  }

  /** Whenever something may be another: for users, the controllers, a person or the platform. */
  #nextLook({ nextDue }: ControlPlane): number {
    return Math.min(
      this.#clock.nextDue() ?? never,
      nextDue ?? never,
      (this.#askedAt ?? never) + this.#options.personMillis,
      this.#disturbAt,
      this.#givenUpAt + 1,
    );
  }

  /** Since it began. */
  get #seconds(): number {
    return (this.#clock.elapsed - this.#began) / 1000;
  }

  #noteWeight(step: number): void {
    const last = this.#weights.at(-1);
    const weight = this.#users.service.split.canary;
    if (last?.weight !== weight || last.step !== step) this.#weights.push({ atSeconds: this.#seconds, weight, step });
  }

  async #disturb(plane: ControlPlane): Promise<void> {
    const { service } = this.#users;
    const now = this.#clock.now();
    service.advanceTo(now);
    switch (this.#options.fault.platform) {
      case "controlPlaneKilled": {
        const { world } = await plane.alone(now);
        return world.restart();
      }
      case "metricsMissing":
        return this.#users.loseMetrics();
      case "nodeLost": {
        const { world, cluster } = await plane.alone(now);
        cluster.loseNode(1 / 3);
        for (const object of [...world.objects.values()]) {
          // Touched, so that its controller looks again.
          if (object.kind === "ReplicaSet") await touch(world, object);
        }
        return world.settle();
      }
      case "clockSteps": {
        const { world, clock } = await plane.alone(now);
        this.#clock.jump(minutes(5));
        clock.jump(minutes(5));
        service.stepClock(minutes(5));
        return world.settle();
      }
      default:
        return;
    }
  }

  #route(plane: ControlPlane): void {
    if (this.#routedAt === plane.routeChanges) return;
    this.#routedAt = plane.routeChanges;
    this.#users.routeTo(plane.objects, plane.isKept);
  }

  #rolloutIn = (objects: Objects): Rollout => (objects.get(this.#name) as Rollout | undefined) ?? this.#rollout;
}

/** What its controllers have deleted meanwhile has lost nothing. */
async function touch(world: World, object: Resource): Promise<void> {
  const { apiVersion, kind, metadata } = object;
  const key = {
    apiVersion,
    kind,
    name: metadata.name,
    ...(metadata.namespace ? { namespace: metadata.namespace } : {}),
  };
  const value = { metadata: { annotations: { "sluice.dev/node": "lost" } } };
  await world.client.patch(key, { type: "merge", value }).catch((thrown: unknown) => {
    if (!hasReason(thrown, "NotFound")) throw thrown;
  });
}
