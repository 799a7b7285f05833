import type { Experiment, ExperimentSpec, ReplicaSet } from "@sluice/api";
import { minutes } from "@sluice/kernel";
import { test } from "vitest";
import { type Scenario, settles, survivesCrashes, survivesStaleReads } from "../laws/index.ts";
import {
  analyses,
  experiment,
  key,
  namespace,
  Outside,
  prepare,
  serviceKind,
  setKind,
  version,
  worldOf,
} from "./experiment.fixture.ts";

function lawful(
  spec: Partial<ExperimentSpec>,
  answers: (elapsed: number) => Readonly<Record<string, number>>,
): Scenario {
  return {
    world: {
      reconcilers: worldOf(new Outside()).reconcilers,
      // By time, not by how often it was asked: a query lost in a crash is asked again.
      tasks: (clock) => {
        const begun = clock.now();
        return {
          queryPrometheus: async ({ query }) => {
            const known = Object.entries(answers(clock.now() - begun));
            const [, value = 0] = known.find(([name]) => String(query).startsWith(name)) ?? [];
            return { value: `[${value}]`, parsed: [value] };
          },
        };
      },
    },
    async story(world) {
      await prepare(world);
      await world.apply(experiment(spec));
      await world.run(minutes(4));
    },
    async end(world) {
      const { phase, message, templateStatuses, analysisRuns } = (await world.get<Experiment>(key))?.status ?? {};
      const sets = await world.list<ReplicaSet>(setKind, { namespace });
      return {
        phase,
        message,
        templates: templateStatuses?.map(({ name, status, replicas }) => [name, status, replicas]),
        analyses: analysisRuns?.map(({ name, phase }) => [name, phase]),
        sets: sets.map(({ metadata, spec }) => [metadata.name, spec.replicas]),
        services: (await world.list(serviceKind, { namespace })).length,
      };
    },
  };
}

const templates = [version("baseline"), version("canary", { service: {} })];
const laws = [
  ["a good one", lawful({ templates, duration: "1m", analyses: analyses("errors", "once") }, () => ({}))],
  [
    "a bad one",
    lawful({ templates, duration: "2m", analyses: analyses("errors", "latency") }, (elapsed) =>
      elapsed > 45_000 ? { latency: 1 } : {},
    ),
  ],
] as const;

test.each(laws)("law: %s settles", (_name, scenario) => settles(scenario));
test.each(laws)("law: a crash at any point of %s changes nothing in the end", (_name, scenario) =>
  survivesCrashes(scenario, { points: 60 }),
);
test.each(laws)("law: stale reads of %s converge to the same end", (_name, scenario) =>
  survivesStaleReads(scenario, { seeds: 5 }),
);
