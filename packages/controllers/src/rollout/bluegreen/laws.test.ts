import type { Decision } from "@sluice/api";
import { seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { type Scenario, settles, survivesCrashes, survivesStaleReads, type World } from "../../laws/index.ts";
import { abortPatch, promotePatch } from "../index.ts";
import { handlers, Outside } from "../release.fixture.ts";
import { analysed, BlueGreenRelease, blueGreenReconcilers, byHand } from "./blue-green.fixture.ts";

const whole = {
  previewReplicaCount: 1,
  autoPromotionSeconds: 10,
  prePromotionAnalysis: analysed("errors"),
  postPromotionAnalysis: analysed("errors"),
};

/** What stands in the log as a person's, in order. */
async function wordsOfPeople(world: World): Promise<readonly string[]> {
  const found = await world.list<Decision>({ apiVersion: "sluice.dev/v1alpha1", kind: "Decision" });
  return found
    .filter(({ spec }) => spec.by === "a person")
    .map(({ spec }) => `${spec.subject.revision}: ${spec.action}: ${spec.because}`)
    .toSorted();
}

/** A story told in a world that may crash or hear late; `outside` is the same for every telling. */
function scenario(tell: (release: BlueGreenRelease) => Promise<void>): Scenario {
  const outsides = new WeakMap<object, Outside>();
  return {
    world: {
      reconcilers: blueGreenReconcilers,
      tasks: (clock) => {
        const outside = outsides.get(clock) ?? new Outside();
        outsides.set(clock, outside);
        return handlers(outside)(clock);
      },
    },
    async story(world: World) {
      const release = new BlueGreenRelease(world, outsides.get(world.clock) ?? new Outside());
      await release.prepare();
      await tell(release);
    },
    async end(world: World) {
      const release = new BlueGreenRelease(world, new Outside());
      const { phase, message, abort, pauseConditions, promoteFull } = await release.status();
      return {
        active: await release.selected(),
        preview: await release.selected("web-preview"),
        answering: await release.answering(),
        pods: await release.pods(),
        stable: await release.stableImage(),
        status: { phase, message: message?.replaceAll(/web-[a-z0-9]+/g, "web"), abort, promoteFull },
        pauses: pauseConditions?.map(({ reason }) => reason),
        quarantines: (await release.quarantines()).map(({ spec }) => [spec.images, spec.reason]),
        runsGoOn: (await release.analysisRuns()).filter(({ status }) => status?.phase === "Running").length,
        decisions: (await release.decisions()).filter((action) =>
          ["advance", "promote", "abort", "quarantine"].includes(action),
        ),
        words: await wordsOfPeople(world),
      };
    },
  };
}

const good = scenario(async (release) => {
  await release.pushBlueGreen("web:v1", whole);
  await release.world.run(seconds(5));
  await release.pushBlueGreen("web:v2", whole);
  await release.world.run(seconds(60));
});

const takenBack = scenario(async (release) => {
  const strategy = { postPromotionAnalysis: analysed("errors"), scaleDownDelaySeconds: 0 };
  await release.pushBlueGreen("web:v1", strategy);
  release.outside.answers = { errors: [0.5] };
  await release.pushBlueGreen("web:v2", strategy);
  await release.world.run(seconds(40));
});

const persons = scenario(async (release) => {
  await release.pushBlueGreen("web:v1", byHand);
  await release.world.run(seconds(5));
  await release.pushBlueGreen("web:v2", byHand);
  await release.world.run(seconds(5));
  await release.ask(promotePatch);
  await release.world.run(seconds(5));
  await release.pushBlueGreen("web:v1", byHand);
  await release.world.run(seconds(5));
  await release.pushBlueGreen("web:v3", byHand);
  await release.world.run(seconds(5));
  await release.ask((rollout) => abortPatch(rollout, { bad: "no" }));
  await release.world.run(seconds(60));
});

const withoutData = scenario(async (release) => {
  const strategy = { prePromotionAnalysis: analysed("errors") };
  await release.pushBlueGreen("web:v1", strategy);
  await release.world.run(seconds(5));
  release.outside.answers = { errors: [Number.NaN] };
  await release.pushBlueGreen("web:v2", strategy);
  await release.ask(promotePatch);
  await release.world.run(seconds(5));
});

const laws = [
  ["a good release", good, 30],

  ["a release that fails after the switch", takenBack, 60],
  ["a release that people steer", persons, 20],
  ["a release that a person lets go on without data", withoutData, 60],
] as const;

test.each(laws)("law: %s settles", (_name, law) => settles(law));
test.each(laws)("law: a crash at any point of %s changes nothing in the end", (_name, law, points) =>
  survivesCrashes(law, { points }),
);
test.each(laws)("law: stale reads of %s converge to the same end", (_name, law) =>
  survivesStaleReads(law, { seeds: 4 }),
);

test.each([1, 2, 3, 4])("invariant: at no moment is nobody there, whoever hears late (seed %i)", async (seed) => {
  const release = await BlueGreenRelease.begin({ stale: true, seed });
  const strategy = {
    postPromotionAnalysis: analysed("latency"),
    scaleDownDelaySeconds: 0,
    abortScaleDownDelaySeconds: 1,
  };
  await release.pushBlueGreen("web:v1", strategy);
  await release.world.run(seconds(2));
  const empty: string[] = [];
  let hasEnded = false;
  // Looks at the store as each write lands, not only once all is calm.
  const looking = (async () => {
    for await (const _ of release.world.client.watch({ apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice" })) {
      if (hasEnded) return;
      if ((await release.answering()).length === 0) empty.push(release.world.story.at(-1) ?? "");
    }
  })();

  await release.pushBlueGreen("web:v2", strategy);
  await release.world.run(seconds(15));
  release.outside.answers = { latency: [0.5] };
  await release.world.run(seconds(30));
  release.outside.answers = { latency: [0] };
  hasEnded = true;
  await release.pushBlueGreen("web:v3", strategy);
  await looking;

  expect(empty).toEqual([]);
  expect((await release.quarantines()).length).toBe(1);
});
