import type { Resource, Rollout } from "@sluice/api";
import { expect, test } from "vitest";
import { readPolicies } from "./policy/policy.ts";
import { canary, errors, named, options, policyOf } from "./rehearsal.fixture.ts";
import type { ReleaseOptions } from "./release/options.ts";
import type { Outcome } from "./release/outcome.ts";
import { rehearseRelease } from "./release/release.ts";
import { rehearse } from "./report/rehearse.ts";

const faultOf = (result: Awaited<ReturnType<typeof rehearse>>, profile: "argo" | "sluice", fault: string) =>
  result.profiles[profile]?.faults.find((one) => one.fault === fault);

test("a good release goes through under both profiles, and Sluice's takes the holdback longer", async () => {
  const policy = await policyOf(canary(), errors());

  const { profiles } = await rehearse(policy, { ...options, faults: [] });

  expect(profiles.argo?.good).toMatchObject({ falseAborts: 0, asked: 0 });
  expect(profiles.sluice?.good).toMatchObject({ falseAborts: 0, asked: 0 });
  expect(profiles.argo?.good.seconds).toBeGreaterThan(600);
  expect(profiles.argo?.good.seconds).toBeLessThan(700);
  const longer = (profiles.sluice?.good.seconds ?? 0) - (profiles.argo?.good.seconds ?? 0);
  expect(Math.round(longer)).toBeGreaterThanOrEqual(600);
});

test("a template of the new version alone sees half of its requests fail in the first step", async () => {
  const policy = await policyOf(canary(), errors());

  const result = await rehearse(policy, { ...options, faults: named("error +50pp") });

  const caught = faultOf(result, "argo", "error +50pp");
  expect(caught).toMatchObject({ caught: 1, by: "errors", weight: 0.1 });
  expect(caught?.harmedMedian).toBeGreaterThan(100);
});

test("a query that pools both versions doesn't see five points, and the judge does", async () => {
  const policy = await policyOf(canary(), errors('namespace="shop"'));

  const result = await rehearse(policy, { ...options, faults: named("error +5pp") });

  expect(faultOf(result, "argo", "error +5pp")).toMatchObject({ caught: 0 });
  expect(faultOf(result, "sluice", "error +5pp")).toMatchObject({ caught: 1, by: "judge: failures" });
  expect(result.words.join("\n")).toContain("Sluice catches 1 that these analyses miss: error +5pp");
});

test("what nobody catches is noticed no later for a holdback: it harms no more as Sluice than as Argo Rollouts", async () => {
  const policy = await policyOf(canary(), errors());

  const result = await rehearse(policy, { ...options, faults: named("error +0.2pp") });

  const [argo, sluice] = (["argo", "sluice"] as const).map((profile) => faultOf(result, profile, "error +0.2pp"));
  expect([argo?.caught, sluice?.caught]).toEqual([0, 0]);
  expect(sluice?.harmedMedian).toBeLessThan(1.05 * (argo?.harmedMedian ?? 0));
});

test("pods that never get ready get no traffic: Argo Rollouts waits for ever, Sluice takes it back", async () => {
  const policy = await policyOf(canary({ analysis: undefined }));

  const result = await rehearse(policy, { ...options, faults: named("never ready", "crash loop") });

  expect(faultOf(result, "argo", "never ready")).toMatchObject({ by: "progress deadline", harmedP95: 0 });
  expect(faultOf(result, "sluice", "never ready")).toMatchObject({ by: "never ready", harmedP95: 0 });
  expect(faultOf(result, "sluice", "never ready")?.seconds).toBeLessThan(90);
  expect(faultOf(result, "sluice", "crash loop")).toMatchObject({ by: "crash loop", harmedP95: 0 });
});

test("a control plane that dies in the middle changes no end", async () => {
  const policy = await policyOf(canary(), errors());

  const result = await rehearse(policy, { ...options, faults: named("controller killed", "node lost") });

  for (const profile of ["argo", "sluice"] as const) {
    for (const { fault, caught } of result.profiles[profile]?.faults ?? []) expect([fault, caught]).toEqual([fault, 0]);
  }
});

test("a node that is lost while an old experiment is taken down is no failure of the rehearsal", async () => {
  const templates = [{ name: "base", specRef: "stable", replicas: 1 }];
  const experiment = { duration: "1m", templates };
  const steps = [{ experiment }, { experiment }, { setWeight: 100 }];
  const release = canary({ steps, analysis: undefined, trafficRouting: undefined }) as Rollout;
  const forgetful = { successfulRunHistoryLimit: 0, unsuccessfulRunHistoryLimit: 0 };
  const policy = await policyOf({ ...release, spec: { ...release.spec, analysis: forgetful } });

  const result = await rehearse(policy, { ...options, runs: 1, goodRuns: 1, faults: named("node lost") });

  expect(faultOf(result, "argo", "node lost")).toMatchObject({ caught: 0 });
});

test("a clock that steps by five minutes empties short windows: Argo Rollouts aborts, Sluice asks; long ones bridge it", async () => {
  const long = JSON.parse(JSON.stringify(errors()).replaceAll("[2m]", "[10m]")) as Resource;
  const outcomes: Outcome[] = [];
  const play = async (release: ReleaseOptions) => {
    const outcome = await rehearseRelease(release);
    if (release.fault.platform === "clockSteps") outcomes.push(outcome);
    return outcome;
  };
  const chosen = { ...options, runs: 1, goodRuns: 1, play, faults: named("clock steps") };

  const short = await rehearse(await policyOf(canary(), errors()), chosen);
  const bridged = await rehearse(await policyOf(canary(), long), chosen);

  expect(faultOf(short, "argo", "clock steps")).toMatchObject({ caught: 1, asked: 0, by: "errors", harmedP95: 0 });
  expect(faultOf(short, "sluice", "clock steps")).toMatchObject({ caught: 1, asked: 1, by: "NoData", harmedP95: 0 });
  for (const profile of ["argo", "sluice"] as const) {
    expect(faultOf(bridged, profile, "clock steps")).toMatchObject({ caught: 0, harmedP95: 0 });
  }
  // What is written of them says five minutes more than really went by.
  for (const { seconds, decisions } of outcomes) {
    expect((decisions.at(-1)?.atSeconds ?? 0) - seconds).toBeGreaterThan(290);
  }
});

test("a query that nobody can answer is named and decides nothing", async () => {
  const policy = await policyOf(canary(), errors(undefined, "queue_depth"));

  const result = await rehearse(policy, { ...options, faults: [] });

  expect(result.unanswerable).toEqual([
    { template: "errors", metric: "errors", because: "nobody can tell from its name what queue_depth counts" },
  ]);
  expect(result.profiles.argo?.good.falseAborts).toBe(0);
});

test("a rule that stops every good release is no noise: it is asked what it measures", async () => {
  const hasty = JSON.parse(JSON.stringify(errors()).replace('"initialDelay":"1m",', "")) as Resource;

  const { words } = await rehearse(await policyOf(canary(), hasty), { ...options, faults: [], profiles: ["argo"] });

  expect(words.join("\n")).toContain("errors stops 100 % of good releases: it can't tell them from bad ones");
});

test("what the files don't hold is made up and said", async () => {
  const policy = await policyOf(canary());

  expect(policy.madeUp.map((words) => words.split(",")[0])).toEqual([
    "DestinationRule web",
    "VirtualService web",
    "Service web",
    "AnalysisTemplate errors",
    "RollbackPolicy web-rehearsed",
  ]);
});

test("a template that only an experiment names is made up, too, and the release goes on", async () => {
  const experiment = {
    duration: "1m",
    templates: [{ name: "canary", specRef: "canary" }],
    analyses: [{ name: "compare", templateName: "compare", args: [{ name: "hash", value: "a" }] }],
  };
  const steps = [{ experiment }, { setWeight: 20 }, { pause: { duration: "1m" } }];
  const policy = await policyOf(canary({ steps, analysis: undefined }));

  const { profiles, madeUp } = await rehearse(policy, { ...options, faults: [] });

  expect(madeUp).toContain(
    "AnalysisTemplate compare, which decides nothing here: without it the experiment, and the release with it, would fail",
  );
  expect(profiles.argo?.good).toMatchObject({ falseAborts: 0, rules: {} });
});

test("a Secret that a template's argument reads is seldom among the files, or encrypted there: it is made up, and the release is judged", async () => {
  const args = [{ name: "hash" }, { name: "token", valueFrom: { secretKeyRef: { name: "prometheus", key: "token" } } }];
  const template = errors() as Resource & { readonly spec: object };
  const encrypted = { apiVersion: "v1", kind: "Secret", metadata: { name: "prometheus", namespace: "shop" }, sops: {} };
  const policy = await policyOf(
    canary(),
    { ...template, spec: { ...template.spec, args } } as Resource,
    encrypted as Resource,
  );

  const result = await rehearse(policy, { ...options, faults: named("error +50pp"), profiles: ["argo"] });

  expect(result.madeUp).toContain("Secret prometheus");
  expect(result.profiles.argo?.good.falseAborts).toBe(0);
  expect(faultOf(result, "argo", "error +50pp")).toMatchObject({ caught: 1, by: "errors" });
});

test("without routing pods are the weight", async () => {
  const policy = await policyOf(canary({ trafficRouting: undefined, analysis: undefined }));

  const result = await rehearse(policy, { ...options, faults: named("error +50pp"), profiles: ["sluice"] });

  expect(faultOf(result, "sluice", "error +50pp")).toMatchObject({ caught: 1, by: "judge: failures" });
  expect(faultOf(result, "sluice", "error +50pp")?.weight).toBeCloseTo(0.25, 1);
});

test("after a step of a day the holdback is looked at as closely as any step: what begins there is caught", async () => {
  const steps = [{ setWeight: 25 }, { pause: { duration: "24h" } }, { setWeight: 100 }];
  const policy = await policyOf(canary({ steps, analysis: undefined }));
  const chosen = { ...options, runs: 1, goodRuns: 1, faults: named("only under load"), profiles: ["sluice"] as const };

  const result = await rehearse(policy, chosen);

  const caught = faultOf(result, "sluice", "only under load");
  expect(caught).toMatchObject({ caught: 1, by: "judge: failures" });
  expect((caught?.seconds ?? 0) - 86_400).toBeLessThan(180);
});

test("rings that a RingSet names are rehearsed with it", async () => {
  const { metadata, ...rest } = canary();
  const annotated = { ...rest, metadata: { ...metadata, annotations: { "sluice.dev/rings": "global" } } };
  const ringSet = {
    apiVersion: "sluice.dev/v1alpha1",
    kind: "RingSet",
    metadata: { name: "global", namespace: "shop" },
    spec: {
      user: { header: "x-user-id" },
      rings: [
        { name: "internal", weight: 10 },
        { name: "everyone", weight: 100 },
      ],
    },
  } as Resource;

  const policy = await policyOf(annotated as Resource, errors(), ringSet);
  const result = await rehearse(policy, { ...options, runs: 1, goodRuns: 1, faults: named("error +50pp") });

  expect(policy.madeUp.join()).not.toContain("RingSet");
  expect(faultOf(result, "argo", "error +50pp")).toMatchObject({ caught: 1, weight: 0.1 });
});

test("blue-green goes to everybody at once: a failing version gets through, and Sluice, which compares with before, takes it back", async () => {
  const { spec, ...rest } = canary();
  const strategy = { blueGreen: { activeService: "web", previewService: "web-preview" } };
  const policy = await policyOf({ ...rest, spec: { ...(spec as object), strategy } });

  const result = await rehearse(policy, { ...options, faults: named("error +50pp", "never ready") });

  expect(result.profiles.argo?.good).toMatchObject({ falseAborts: 0, asked: 0 });
  expect(faultOf(result, "argo", "error +50pp")?.caught).toBe(0);
  expect(faultOf(result, "sluice", "error +50pp")).toMatchObject({ caught: 1, by: "judge: failures" });
  expect(faultOf(result, "sluice", "error +50pp")?.seconds).toBeLessThan(60);
  expect(faultOf(result, "sluice", "never ready")).toMatchObject({ by: "never ready", harmedP95: 0 });
});

test("a pause without an end waits for a person, and says how long", async () => {
  const steps = [{ setWeight: 10 }, { pause: {} }, { setWeight: 100 }];
  const policy = await policyOf(canary({ steps }), errors());

  const { profiles } = await rehearse(policy, { ...options, faults: [] });

  expect(profiles.argo?.good.waitedSeconds).toBe(600);
});

test("the same seed brings the same bytes, another one others", async () => {
  const policy = await policyOf(canary(), errors());
  const bytes = async (seed: number) =>
    JSON.stringify(await rehearse(policy, { ...options, seed, faults: named("error +1pp", "p95 x1.5") }));

  const first = await bytes(1);

  expect(await bytes(1)).toBe(first);
  expect(await bytes(2)).not.toBe(first);
});

test("a fresh baseline comes and goes in a rehearsal, too, and as cold as the canary it shows sooner that this is slow", async () => {
  const policyWith = (freshBaseline: boolean) => {
    const own = {
      apiVersion: "sluice.dev/v1alpha1",
      kind: "RollbackPolicy",
      metadata: { name: "own", namespace: "shop" },
      spec: { freshBaseline, holdback: { weight: 0 }, rules: [] },
    } as Resource;
    // A Service of theirs needs a port.
    const listening = JSON.parse(
      JSON.stringify(canary()).replace('"image":"web:v2"', '"image":"web:v2","ports":[{"containerPort":80}]'),
    ) as Resource;
    return policyOf(listening, errors('namespace="shop"'), own);
  };
  const chosen = { ...options, profiles: ["sluice"] as const, faults: named("p95 x3") };

  const warm = await rehearse(await policyWith(false), { ...chosen, goodRuns: 1 });
  const cold = await rehearse(await policyWith(true), {
    ...chosen,
    faults: named("p95 x3", "error +5pp", "crash loop", "controller killed"),
  });

  const secondsOf = (result: typeof warm) => faultOf(result, "sluice", "p95 x3")?.seconds ?? Number.NaN;
  expect(cold.profiles.sluice?.good).toMatchObject({ falseAborts: 0, asked: 0 });
  expect(cold.profiles.sluice?.good.seconds).toBeLessThan(800);
  expect(faultOf(cold, "sluice", "error +5pp")).toMatchObject({ caught: 1, by: "judge: failures" });
  expect(faultOf(cold, "sluice", "crash loop")).toMatchObject({ caught: 1 });
  expect(secondsOf(cold)).toBeLessThan(secondsOf(warm) - 20);
});

test("a team's own RollbackPolicy judges and holds back as it says, and none is made up", async () => {
  const own = (spec: object) =>
    policyOf(canary({ analysis: undefined }), {
      apiVersion: "sluice.dev/v1alpha1",
      kind: "RollbackPolicy",
      metadata: { name: "own", namespace: "shop" },
      spec,
    } as Resource);
  const chosen = { ...options, runs: 1, goodRuns: 1, faults: named("error +50pp") };

  const off = await rehearse(await own({ judge: { mode: "off" } }), chosen);
  const ruled = await rehearse(await own({ holdback: { weight: 0 } }), chosen);

  expect(off.madeUp.join()).not.toContain("RollbackPolicy");
  expect(faultOf(off, "sluice", "error +50pp")?.caught).toBe(0);
  expect(faultOf(ruled, "sluice", "error +50pp")?.caught).toBe(1);
  expect(ruled.profiles.sluice?.good.seconds).toBeLessThan(700);
});

test("the rules that a RollbackPolicy has without naming any are asked at every look, not only where a step begins", async () => {
  const policy = await policyOf(canary({ analysis: undefined }), {
    apiVersion: "sluice.dev/v1alpha1",
    kind: "RollbackPolicy",
    metadata: { name: "own", namespace: "shop" },
    spec: {},
  } as Resource);

  const { profiles } = await rehearse(policy, {
    ...options,
    runs: 1,
    goodRuns: 1,
    profiles: ["sluice"],
    // Both versions fail alike: the judge has nothing against the new one.
    faults: named("dependency down"),
  });

  expect(profiles.sluice?.faults[0]).toMatchObject({ by: "policy: error-rate-threshold", weight: 0.1 });
});

test("beside one that would be refused the others are rehearsed, and every field is told", async () => {
  const { metadata, ...rest } = canary({ steps: [{ setWeight: 400 }, { setWeight: 10, pause: {} }] });
  const broken = { ...rest, metadata: { ...metadata, name: "broken" } };

  const { policies, refused } = await readPolicies([broken, canary()]);

  expect(policies.map(({ rollout }) => rollout.metadata.name)).toEqual(["web"]);
  expect(refused.map(({ message }) => message.split("\n")[0])).toEqual(["Rollout shop/broken: it would be refused:"]);
  expect(refused[0]?.message).toMatch(/steps\[0\].*\n.*steps\[1\].*\n.*sluice lint/);
});

test("a Rollout that the store would refuse is refused with the field", async () => {
  await expect(policyOf(canary({ steps: [{ setWeight: 400 }] }))).rejects.toThrow("Rollout shop/web");
});

test("without routes the steps' table has the shares that Pods make up, and counts there what was caught there", async () => {
  const steps = [{ setWeight: 10 }, { pause: { duration: "2m" } }, { setWeight: 50 }, { pause: { duration: "5m" } }];
  const policy = await policyOf(canary({ steps, trafficRouting: undefined, analysis: undefined }));

  const result = await rehearse(policy, { ...options, runs: 1, goodRuns: 1, profiles: ["sluice"] });

  // Of 4 Pods and one more while they change.
  expect(result.steps[0]).toMatchObject({ index: 0, setWeight: 10, weight: 0.2, canaryRequests: 2400 });
  expect(result.steps[0]?.seconds).toBeCloseTo(120, 0);
  expect(result.steps[1]).toMatchObject({ index: 2, setWeight: 50, weight: 0.5 });
  expect(faultOf(result, "sluice", "error +5pp")).toMatchObject({ caught: 1, weight: 0.2 });
  expect(result.steps[0]?.smallest.sluice).toBeLessThanOrEqual(0.05);
  expect(result.steps[0]?.caught.sluice).toBeGreaterThan(0);
  expect(result.words[0]).toMatch(/^At 100 requests a second your 2-minute step at 20 % \(setWeight: 10\) sees/);
});
