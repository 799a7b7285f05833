import type { Decision, EvidencePolicy, EvidencePolicySpec, Job, Resource } from "@sluice/api";
import { minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { promotePatch, retryPatch } from "../index.ts";
import { analysis, pause, Release, setWeight } from "../release.fixture.ts";

const namespace = "shop";
const careful = { steps: [setWeight(20), analysis(), setWeight(100)] };
const beside = {
  steps: [setWeight(20), pause("30s"), setWeight(100)],
  canary: { analysis: { templates: [{ templateName: "latency" }] } },
};
const check = { name: "home", service: "web", path: "/", count: 20 };

const policy = (spec: EvidencePolicySpec, name = "careful"): EvidencePolicy => ({
  apiVersion: "sluice.dev/v1alpha1",
  kind: "EvidencePolicy",
  metadata: { name, namespace },
  spec,
});

async function released(spec: EvidencePolicySpec, options: object = careful): Promise<Release> {
  const release = await Release.begin();
  await release.world.apply(policy(spec));
  await release.push("web:v1", options);
  await release.world.run(seconds(5));
  return release;
}

const pauses = async (release: Release) => (await release.status()).pauseConditions?.map(({ reason }) => reason);

const nothing = { errors: [], latency: [] };

test.each([
  ["nothing said", {}, { pauses: ["NoData"], weight: 20, stable: "web:v1", aborted: undefined }],
  ["hold", { noData: "hold" }, { pauses: ["NoData"], weight: 20, stable: "web:v1", aborted: undefined }],
  ["fail", { noData: "fail" }, { pauses: undefined, weight: 0, stable: "web:v1", aborted: true }],
  ["pass", { noData: "pass" }, { pauses: undefined, weight: 0, stable: "web:v2", aborted: undefined }],
] as const)("an analysis that sees nothing, with %s", async (_name, spec, expected) => {
  for (const answers of [nothing, { errors: [Number.NaN], latency: [Number.NaN] }]) {
    const release = await released(spec);
    release.outside.answers = answers;

    await release.push("web:v2", careful);
    await release.world.run(minutes(2));

    const { abort } = await release.status();
    expect({
      pauses: await pauses(release),
      weight: await release.weight(),
      stable: await release.stableImage(),
      aborted: abort,
    }).toEqual(expected);
    // Nobody saw anything bad: the version may come again.
    expect(await release.quarantines()).toEqual([]);
  }
});

test("a canary without a request fails where the policy says so, and the words name it", async () => {
  const release = await released({ noData: "fail" });
  release.outside.requests = 0;

  await release.push("web:v2", careful);
  await release.world.run(minutes(2));

  expect((await release.status()).message).toMatch(/the canary got no request .*EvidencePolicy careful takes it back/);
});

test.each(["step", "beside"])("an analysis begins once there were enough requests (%s)", async (kind) => {
  const options = kind === "step" ? careful : beside;
  const release = await released({ minimumRequests: 50, askAfter: "1h" }, options);
  release.outside.requests = 49;

  await release.push("web:v2", options);
  await release.world.run(minutes(12));

  expect(await release.analysisRuns()).toEqual([]);
  expect(await release.weight()).toBe(20);
  expect(await pauses(release)).toBeUndefined();
  // Past its progress deadline of ten minutes, and yet it is on its way.
  expect((await release.status()).phase).toBe("Progressing");
  release.outside.requests = 50;
  await release.world.run(seconds(2));
  expect(await release.analysisRuns()).toHaveLength(1);
  await release.world.run(minutes(3));
  expect(await release.stableImage()).toBe("web:v2");
});

test("one request a second isn't held for ever: a person is asked, and may say go", async () => {
  const release = await released({ minimumRequests: 50, askAfter: "10m" });
  release.outside.requests = 49;
  await release.push("web:v2", careful);
  await release.world.run(minutes(9));
  expect(await pauses(release)).toBeUndefined();

  await release.world.run(minutes(2));

  expect(await pauses(release)).toEqual(["NoData"]);
  expect(JSON.stringify((await release.status()).conditions)).toContain(
    "49 of 50 requests that EvidencePolicy careful asks for",
  );
  await release.ask(promotePatch);
  await release.world.run(minutes(2));
  expect(await release.stableImage()).toBe("web:v2");
});

test("a version that gets its first Pods as its analysis sees nothing is asked by synthetic checks before a person is", async () => {
  const late = {
    isRouted: false,
    steps: [pause("10s"), setWeight(0)],
    canary: { analysis: { templates: [{ templateName: "latency" }], startingStep: 1 } },
  };
  const release = await released({ syntheticChecks: [check] }, late);
  release.outside.answers = { latency: [Number.NaN] };

  await release.push("web:v2", late);
  await release.world.run(minutes(2));

  expect((await release.decisions()).filter((action) => action === "pause")).toHaveLength(1);
  expect(await release.stableImage()).toBe("web:v2");
});

test("synthetic checks that pass are evidence, and the Decision names them", async () => {
  const release = await released({ syntheticChecks: [check], minimumRequests: 20, askAfter: "10m" });
  release.outside.answers = nothing;
  release.outside.requests = 0;

  await release.push("web:v2", careful);
  await release.world.run(minutes(2));

  expect(await release.stableImage()).toBe("web:v2");
  const decisions = await release.world.list<Decision>(
    { apiVersion: "sluice.dev/v1alpha1", kind: "Decision" },
    { namespace },
  );
  const said = decisions.find(({ spec }) => spec.because.includes("synthetic checks passed: home 20 of 20"));
  expect(said?.spec.evidence).toContainEqual(
    expect.objectContaining({ name: "synthetic check home", value: "20 of 20 requests", verdict: "Successful" }),
  );
});

test("where no Pod is to be there yet nobody waits for synthetic checks: a person is asked", async () => {
  const before = { steps: [analysis(), setWeight(20), setWeight(100)] };
  const release = await released({ syntheticChecks: [check] }, before);
  release.outside.answers = nothing;

  await release.push("web:v2", before);
  await release.world.run(minutes(2));

  expect(await pauses(release)).toEqual(["NoData"]);
  await release.ask(promotePatch);
  await release.world.run(minutes(2));
  expect(await release.stableImage()).toBe("web:v2");
});

test("a synthetic check that fails takes the version back, and blames it", async () => {
  const release = await released({ syntheticChecks: [check] });
  release.outside.passing = 19;

  await release.push("web:v2", careful);
  await release.world.run(minutes(1));

  expect(await release.weight()).toBe(0);
  expect((await release.quarantines())[0]?.spec.reason).toBe(
    "synthetic check home: 1 of 20 requests failed: GET / answered 500, expected 200",
  );
});

test("measurements that are bad are bad, whatever the synthetic checks say", async () => {
  const release = await released({ syntheticChecks: [check], noData: "pass" });
  release.outside.answers = { errors: [0.5] };

  await release.push("web:v2", careful);
  await release.world.run(minutes(2));

  expect(await release.status()).toMatchObject({ abort: true });
});

test("a policy is for the Rollouts that it selects, and the first by name counts", async () => {
  const release = await released({ selector: { matchLabels: { team: "other" } }, noData: "pass" });
  await release.world.apply(policy({ noData: "fail" }, "second"), policy({ noData: "pass" }, "third"));
  release.outside.answers = nothing;

  await release.push("web:v2", careful);
  await release.world.run(minutes(2));

  expect((await release.status()).message).toContain("EvidencePolicy second");
});

const smoke = (fields: object = {}) => ({
  name: "smoke",
  job: {
    spec: { template: { spec: { restartPolicy: "Never" as const, containers: [{ name: "smoke", image: "smoke" }] } } },
  },
  ...fields,
});
const jobs = (release: Release) => release.world.list<Job>({ apiVersion: "batch/v1", kind: "Job" }, { namespace });

async function end(release: Release, type: "Complete" | "Failed"): Promise<void> {
  const [job] = await jobs(release);
  const ended = { type, status: "True", reason: "BackoffLimitExceeded", message: "exit code 1" };
  await release.world.client.update({ ...job, status: { conditions: [ended] } } as Resource, { subresource: "status" });
  await release.world.run(seconds(60));
}

test("a Job may be the evidence: while it runs the release waits, Complete lets it go on, then the Job goes", async () => {
  const release = await released({ syntheticChecks: [smoke()] });
  release.outside.answers = nothing;
  await release.push("web:v2", careful);
  await release.world.run(minutes(3));
  const [job] = await jobs(release);
  const waiting = { weight: await release.weight(), pauses: await pauses(release) };

  await end(release, "Complete");

  expect(waiting).toEqual({ weight: 20, pauses: undefined });
  expect(job?.spec.template?.spec.containers[0]?.env).toEqual([
    { name: "SLUICE_POD_TEMPLATE_HASH", value: (await release.status()).stableRS },
  ]);
  expect(job?.spec.activeDeadlineSeconds).toBe(600);
  expect(await release.stableImage()).toBe("web:v2");
  expect(await jobs(release)).toEqual([]);
});

test("a Job that fails takes the version back and blames it; it stays for a look until it is asked anew", async () => {
  const release = await released({ syntheticChecks: [smoke()] });
  release.outside.answers = nothing;
  await release.push("web:v2", { ...careful, annotations: { "sluice.dev/gate-quarantine": "off" } });
  await release.world.run(seconds(10));

  await end(release, "Failed");

  expect(await release.status()).toMatchObject({ abort: true });
  expect((await release.status()).message).toMatch(
    /synthetic check smoke: Job web-.*: BackoffLimitExceeded: exit code 1/,
  );
  const [failed] = await jobs(release);
  await release.ask(retryPatch);
  await release.world.run(seconds(10));
  const [again] = await jobs(release);
  expect(failed).toBeDefined();
  expect(again?.metadata.uid).not.toBe(failed?.metadata.uid);
});

test("a Job that is to know where the Pods answer begins once they do", async () => {
  const release = await released({ syntheticChecks: [smoke({ service: "web" })] });
  release.outside.answers = nothing;
  await release.push("web:v2", careful);
  await release.world.run(minutes(1));

  // Nothing is behind a Service that isn't there.
  expect(await jobs(release)).toEqual([]);
});
