import type { Rollout } from "@sluice/api";
import {
  analysisRunReconciler,
  type Effects,
  experimentReconciler,
  judgementReconciler,
  rolloutReconciler,
} from "@sluice/controllers";
import { after, Fault, instant, millis, seededRandom, VirtualClock } from "@sluice/kernel";
import { ModelledCluster } from "../../model/cluster.ts";
import { ModelledRoutes, routedWorld } from "../../model/routes.ts";
import type { Policy } from "../../policy/policy.ts";
import { asArgo, type ProfileName, stableOf } from "../../policy/profile.ts";
import { type Objects, World } from "./world.ts";

export const startOf2026 = instant(1_767_225_600_000);

const known = new WeakMap<Policy, Map<ProfileName, Promise<Objects>>>();

/**
 * All objects as they stand once the stable version is deployed: every release of one policy begins with the same ones,
 * so that they are come to once.
 */
export function deployed(policy: Policy, profile: ProfileName): Promise<Objects> {
  const ofPolicy = known.get(policy) ?? new Map<ProfileName, Promise<Objects>>();
  known.set(policy, ofPolicy);
  const objects = ofPolicy.get(profile) ?? deploy(policy, profile);
  ofPolicy.set(profile, objects);
  return objects;
}

async function deploy(policy: Policy, profile: ProfileName): Promise<Objects> {
  const clock = new VirtualClock(startOf2026);
  const rollout = rolloutOf(policy, profile);
  const cluster = new ModelledCluster(
    () => clock.now(),
    () => ({ readyAfter: () => millis(0), took: millis(0), fate: "well" }),
    // How long the stable version's pods took to start is read from one of them.
    Math.max(1, shownPods(policy)),
  );
  const nothingServed = async () => {
    throw new Fault("unavailable", "no metrics yet");
  };
  const world = await World.create({
    random: mirrored(seededRandom(0)),
    clock,
    reconcilers: (effects) => reconcilersOf(effects, cluster),
    tasks: {
      queryPrometheus: nothingServed,
      judgeWindows: nothingServed,
      askJudge: nothingServed,
      ringTraffic: async () => ({ rings: [] }),
      canaryTraffic: async () => ({ requests: 0 }),
      syntheticCheck: nothingServed,
    },
  });
  const { namespace = "default", name } = rollout.metadata;
  await world.client.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }).catch(() => {});
  for (const object of policy.surroundings) await world.client.create(object);
  await world.apply(stableOf(rollout));
  await world.advanceTo(after(clock.now(), millis(1)));
  world.stop();
  refuseInvalid(world.get<Rollout>("Rollout", name) ?? rollout);
  refuseUnreachable(policy, world);
  return world.objects;
}

export const rolloutOf = ({ rollout }: Policy, profile: ProfileName): Rollout =>
  profile === "argo" ? asArgo(rollout) : rollout;

/** Everybody at once: such a Service is asked for its Pods, and what comes after is compared with before. */
export const isSwitched = ({ rollout }: Policy): boolean => rollout.spec.strategy.blueGreen !== undefined;

export const shownPods = (policy: Policy): number => (isSwitched(policy) ? Number.POSITIVE_INFINITY : 0);

export const reconcilersOf = (effects: Effects, cluster: ModelledCluster) => [
  rolloutReconciler(effects),
  analysisRunReconciler(effects),
  experimentReconciler(effects),
  judgementReconciler(effects),
  cluster.reconciler(effects),
];

/** No uid that a release with any seed draws in its turn is one of these. */
export const mirrored = (random: { next(): number }) => ({ next: () => 1 - 2 ** -32 - random.next() });

/** What a controller would refuse when it is applied can't be rehearsed either. */
function refuseInvalid({ status, metadata }: Rollout): void {
  const condition = status?.conditions?.find(({ type }) => type === "InvalidSpec");
  if (condition !== undefined) throw new Fault("invalid", condition.message ?? `Rollout ${metadata.name} is invalid`);
}

/** Where users who come in find no Pod of it, all that follows would be about nobody. */
function refuseUnreachable({ entry }: Policy, world: World): void {
  const { stable } = new ModelledRoutes(entry).split(routedWorld(world.objects), {
    canary: new Set(),
    baseline: new Set(),
  });
  if (stable > 0) return;
  const [kind, repair] =
    entry.is === "virtualService"
      ? ["VirtualService", "a route without match whose destinations are Services and subsets of its Pods"]
      : ["Service", "a selector with labels of its Pods' template"];
  throw new Fault(
    "invalid",
    `${kind} ${entry.namespace}/${entry.name}: found nothing that leads to a Pod of the Rollout, expected ${repair}`,
  );
}
