import type { AnalysisTemplate, Resource, Rollout } from "@sluice/api";
import { minutes, seconds } from "@sluice/kernel";
import { describe, expect, test } from "vitest";
import { canary, errors, named, options, policyOf } from "../rehearsal.fixture.ts";
import { queriesOf } from "../release/queries.ts";
import { policyWords } from "./policy-words.ts";
import { rehearse } from "./rehearse.ts";

/** The template's query with another range. */
function over(range: string, job = "web"): Resource {
  const template = errors() as unknown as AnalysisTemplate;
  const text = JSON.stringify(template)
    .replaceAll("[2m]", `[${range}]`)
    .replaceAll("service=", `job=\\"${job}\\",service=`);
  return JSON.parse(text) as Resource;
}

async function wordsOf(template: Resource, scrapeMillis?: number) {
  const policy = await policyOf(canary(), template);
  return policyWords(policy, queriesOf(policy, scrapeMillis), scrapeMillis);
}

describe("a rate over so short a time that a Prometheus may have no two samples in it", () => {
  test.each([
    [
      "1m",
      undefined,
      /^errors\/errors takes a rate over 1m, .* by default, it has no data\. Here one was taken each 12s;/,
    ],
    ["90s", undefined, /by default, it has none now and then/],
    ["5m", seconds(200), /with one each 3m20s it has none now and then\.$/],
    ["30s", seconds(30), /with one each 30s it has no data\.$/],
  ])("%s, scraped each %s", async (range, scrape, words) => {
    expect(await wordsOf(over(range), scrape)).toEqual([expect.stringMatching(words)]);
  });

  test("two minutes hold two, a said scrape may be short, and Sluice's own router is asked each second", async () => {
    expect(await wordsOf(over("2m"))).toEqual([]);
    expect(await wordsOf(over("1m"), seconds(15))).toEqual([]);
    expect(await wordsOf(over("10s", "sluice-router"))).toEqual([]);
  });

  test("as often as it was said to be scraped: then a good release has no data either", async () => {
    const policy = await policyOf(canary(), over("1m"));
    const few = { ...options, runs: 1, goodRuns: 1, faults: named("error +50pp"), profiles: ["argo"] as const };

    const often = await rehearse(policy, few);
    const seldom = await rehearse(policy, { ...few, scrapeMillis: minutes(1) });

    expect(often.profiles.argo?.good.falseAborts).toBe(0);
    expect(seldom.profiles.argo?.good.falseAborts).toBe(1);
    expect(seldom.words.join()).toContain("with one each 1m it has no data");
  });
});

describe("an experiment whose Pods no user meets", () => {
  const experiment = (weight: object) => ({
    experiment: {
      templates: [{ name: "baseline", specRef: "stable", ...weight }],
      analyses: [{ name: "compare", templateName: "errors" }],
    },
  });
  const told = async (weight: object, strategy: object = {}) => {
    const rollout = canary({ steps: [{ setWeight: 5 }, experiment(weight)], ...strategy }) as unknown as Rollout;
    const container = { name: "web", image: "web:v2", ports: [{ containerPort: 8080 }] };
    const template = { ...rollout.spec.template, spec: { containers: [container] } };
    const policy = await policyOf({ ...rollout, spec: { ...rollout.spec, template } } as Resource, errors());
    return policyWords(policy, queriesOf(policy));
  };

  test("is told with its templates and what looks at them", async () => {
    expect(await told({})).toEqual([
      "The experiment of step 2 sees no users: without a weight its template baseline gets no traffic, so that what compare asks of its Pods' requests is about nobody's.",
    ]);
  });

  test("a weight brings users, and so does a Service without routes", async () => {
    expect(await told({ weight: 5 })).toEqual([]);
    expect(await told({}, { trafficRouting: undefined })).toEqual([]);
  });
});
