import type { Client, Pod, ReplicaSet, Resource, Rollout } from "@sluice/api";
import type { ConsoleHandlerOptions } from "@sluice/console/server";
import { hours } from "@sluice/kernel";
import { readCalibration } from "../rehearse/calibration/read-calibration.ts";
import { learnInThread } from "../rehearse/history/learn-thread.ts";
import type { LearnedTraffic } from "../rehearse/history/learned-traffic.ts";
import { readinessOfPods } from "../rehearse/history/readiness.ts";
import type { StateFolder } from "../state/state-folder.ts";
import { wallClock } from "./real-clock.ts";

const weeks = hours(4 * 7 * 24);

/** What the console's page of rehearsals knows of releases that were and of users that are. */
export function consoleRehearsals(
  client: Client,
  state: StateFolder,
): Pick<ConsoleHandlerOptions, "calibration" | "learnedDay"> {
  /** One at a time: each reads weeks. */
  let before: Promise<unknown> = Promise.resolve();
  return {
    calibration: (namespace) => readCalibration(client, state, namespace),
    async learnedDay(namespace, name) {
      const rollout = await client.get<Rollout>({
        apiVersion: "argoproj.io/v1alpha1",
        kind: "Rollout",
        namespace,
        name,
      });
      if (rollout === undefined) return undefined;
      const { items } = await client.list<Resource>({ apiVersion: "v1", kind: "Service" }, { namespace });
      const surroundings = items.map((item) => ({ ...item, apiVersion: "v1", kind: "Service" }));
      const learn = (): Promise<LearnedTraffic> =>
        learnInThread({ path: state.path, service: { rollout, surroundings }, now: wallClock.now(), length: weeks });
      const learned = before.then(learn, learn);
      before = learned;
      const day = await learned;
      const pods = await client.list<Pod>({ apiVersion: "v1", kind: "Pod" }, { namespace });
      const sets = await client.list<ReplicaSet>({ apiVersion: "apps/v1", kind: "ReplicaSet" }, { namespace });
      const stored = { pods: pods.items, replicaSets: sets.items };
      const { readiness, words } = readinessOfPods(rollout, stored, "Sluice's store");
      return { ...day, ...(readiness === undefined ? {} : { readiness }), words: [...day.words, ...words] };
    },
  };
}
