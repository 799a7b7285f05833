import type { Decision, Rollout } from "@sluice/api";
import { after, Fault, type Instant, type Millis, millis, minutes, seededRandom, VirtualClock } from "@sluice/kernel";
import { hashOf, ModelledCluster } from "../../model/cluster.ts";
import { routedWorld } from "../../model/routes.ts";
import type { Policy } from "../../policy/policy.ts";
import type { ProfileName } from "../../policy/profile.ts";
import { type Course, newCourse } from "./course.ts";
import { deployed, mirrored, reconcilersOf, rolloutOf, shownPods, startOf2026 } from "./deployed.ts";
import { type Objects, World } from "./world.ts";

/** Before the release: enough samples for the queries' windows. */
export const warmUp = minutes(10);

/** What the platform does to a release, it does so long after its begin. */
export const disturbedAfter = minutes(2);

/** What there is at an instant at which everything has come to rest. */
interface Moment {
  readonly at: Instant;
  readonly objects: Objects;
}

/** A release from its begin until the last moment at which nothing was asked of anybody. */
export interface Begun {
  /** None where somebody is asked at once. */
  readonly moments: readonly Moment[];
  readonly at: Instant;
  /** At that time, as all that follows. */
  readonly objects: Objects;
  readonly decisions: readonly Decision[];
  /** By the uid of a ReplicaSet: when each of its pods is ready. */
  readonly readyAt: ReadonlyMap<string, readonly Instant[]>;
  /** What the controllers do from there on. */
  readonly course: Course;
}

/** How each release of a policy begins that has nothing of its own before its first traffic. */
export interface Beginning {
  readonly readyMillis: Millis;
  /** Into its second it begins. */
  readonly secondAgeMillis: number;
}

const known = new WeakMap<Policy, Map<string, Promise<Begun>>>();

/**
 * What the controllers do until somebody must be asked (users, metrics, the judge, a person) is the same for every release
 * of one policy whose pods start alike: it is come to once. A release that goes on from there is one whose control plane was
 * started again at that moment, which changes nothing.
 */
export function begun(policy: Policy, profile: ProfileName, beginning: Beginning): Promise<Begun> {
  const ofPolicy = known.get(policy) ?? new Map<string, Promise<Begun>>();
  known.set(policy, ofPolicy);
  const key = `${profile} ${beginning.readyMillis} ${beginning.secondAgeMillis}`;
  const release = ofPolicy.get(key) ?? begin(policy, profile, beginning);
  ofPolicy.set(key, release);
  return release;
}

async function begin(policy: Policy, profile: ProfileName, beginning: Beginning): Promise<Begun> {
  const clock = new VirtualClock(startOf2026);
  const rollout = rolloutOf(policy, profile);
  const stands = await deployed(policy, profile);
  let isNew = false;
  let isAsked = false;
  const start = () => (isNew ? beginning.readyMillis : millis(0));
  const cluster = new ModelledCluster(
    () => clock.now(),
    () => ({ readyAfter: start, took: start(), fate: "well" }),
    shownPods(policy),
  );
  const asked = async () => {
    isAsked = true;
    throw new Fault("unavailable", "nobody answers yet");
  };
  const world = await World.create({
    random: mirrored(seededRandom(1)),
    clock,
    holds: stands,
    reconcilers: (effects) => reconcilersOf(effects, cluster),
    tasks: {
      queryPrometheus: asked,
      judgeWindows: asked,
      askJudge: asked,
      ringTraffic: asked,
      canaryTraffic: asked,
      syntheticCheck: asked,
    },
  });
  await world.settle();
  await world.advanceTo(after(startOf2026, millis(warmUp + beginning.secondAgeMillis)));
  isNew = true;
  const moments: Moment[] = [];
  const course = newCourse();
  let last: Begun = { moments, at: startOf2026, objects: stands, decisions: [], readyAt: new Map(), course };
  const until = after(clock.now(), disturbedAfter);
  await world.apply(rollout);
  while (!isAsked) {
    const [at, objects] = [clock.now(), new Map(world.objects)];
    moments.push({ at, objects });
    last = { moments, at, objects, decisions: [...world.decisions.values()], readyAt: cluster.readyAt, course };
    const next = clock.nextDue();
    if (next === undefined || next >= until || !isOnlyStarting(world, rollout.metadata.name)) break;
    await world.advanceTo(next);
  }
  world.stop();
  return last;
}

/** No new Pod is ready, an experiment's neither, nobody is waited for and nothing has gone wrong: users have no part in it yet. */
function isOnlyStarting(world: World, name: string): boolean {
  const { stableRS, abort, pauseConditions = [], conditions = [] } = world.get<Rollout>("Rollout", name)?.status ?? {};
  if (abort === true || pauseConditions.length > 0) return false;
  if (conditions.some(({ type, status }) => type === "Progressing" && status === "False")) return false;
  const { replicaSets } = routedWorld(world.objects);
  return replicaSets.every((set) => hashOf(set) === stableRS || (set.status?.availableReplicas ?? 0) === 0);
}
