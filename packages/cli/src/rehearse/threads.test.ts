import { join } from "node:path";
import { minutes } from "@sluice/kernel";
import { defaultTraffic, faults, policiesOf, rehearse } from "@sluice/rehearsal";
import { expect, test } from "vitest";
import { readManifests } from "../manifests.ts";
import { examplesFolder } from "../program.ts";
import { ReleaseThreads } from "./threads.ts";

const shop = async () => {
  const manifests = await readManifests([join(examplesFolder(), "shop", "manifests")]);
  const [policy] = await policiesOf(manifests.map(({ resource }) => resource));
  if (policy === undefined) throw new Error("the example has no Rollout");
  return policy;
};

const options = {
  traffic: defaultTraffic,
  seed: 3,
  runs: 2,
  goodRuns: 3,
  personMillis: minutes(10),
  noticeMillis: minutes(60),
  faults: faults.filter(({ name }) => name === "error +5pp" || name === "p95 x1.5"),
};

test("releases that threads play end as those that are played one by one, to the byte", async () => {
  const policy = await shop();
  const threads = new ReleaseThreads(2);

  const threaded = await rehearse(policy, { ...options, play: threads.play });
  await threads.close();

  expect(JSON.stringify(threaded)).toBe(JSON.stringify(await rehearse(policy, options)));
});

test("a release that fails in its thread fails the rehearsal, as what it is", async () => {
  const policy = await shop();
  const threads = new ReleaseThreads(1);
  const invalid = { ...policy, surroundings: policy.surroundings.filter(({ kind }) => kind !== "AnalysisTemplate") };

  await expect(rehearse(invalid, { ...options, play: threads.play })).rejects.toMatchObject({ kind: "invalid" });
  await threads.close();
});
