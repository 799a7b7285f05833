import { type CanaryStep, didYouMean, type RingSet, ringsAnnotation } from "@sluice/api";
import { list } from "../analysis/analysis-arguments.ts";
import { canaryOf } from "../analysis/analysis-uses.ts";
import type { Finding } from "../finding.ts";
import type { Manifest } from "../manifests/manifest.ts";
import { findingAt, type World } from "../manifests/world.ts";
import { annotation, replacement, withFix } from "../repairs/repairs.ts";

/** Whether rings are there, come on, and say whom they mean. */
export const ringFindings = (world: World): readonly Finding[] =>
  world.of("Rollout").flatMap((manifest) => {
    const weights = weightsOf(manifest);
    const name = manifest.resource.metadata.annotations?.[ringsAnnotation];
    if (name === undefined || name === "") return isCalledRing(manifest) ? nameless(world, manifest, weights) : [];
    const ringSet = world.find("RingSet", name, manifest.resource.metadata.namespace);
    if (ringSet === undefined) return [missingSet(world, manifest, name)];
    return unmatched(manifest, ringSet, weights);
  });

interface StepWeight {
  readonly index: number;
  readonly weight: number;
}

const weightsOf = (manifest: Manifest): readonly StepWeight[] =>
  list<CanaryStep>(canaryOf(manifest)?.steps).flatMap((step, index) =>
    typeof step?.setWeight === "number" ? [{ index, weight: step.setWeight }] : [],
  );

/** Its name, or an argument of its analysis, says that somebody thinks of rings. */
function isCalledRing(manifest: Manifest): boolean {
  const { metadata } = manifest.resource;
  const args = list<{ name?: string }>(canaryOf(manifest)?.analysis?.args).map(({ name }) => name ?? "");
  return [metadata.name ?? "", ...args].some((text) => /(^|[-_.])rings?([-_.]|$)/.test(text));
}

function nameless(world: World, manifest: Manifest, weights: readonly StepWeight[]): readonly Finding[] {
  const [first] = weights;
  if (first === undefined || first.weight >= 100) return [];
  const near = world.inNamespace("RingSet", manifest.resource.metadata.namespace);
  const [only] = near.flatMap(({ resource }) => resource.metadata.name ?? []);
  const finding = findingAt(manifest, `spec.strategy.canary.steps[${first.index}].setWeight`, {
    severity: "warning",
    rule: "ring-without-who",
    what:
      `these rings name nobody: ${first.weight} % of the requests are dealt one by one, so that no employee is sure of ` +
      "the new version, and no user keeps the one that they had",
    found: `setWeight: ${first.weight}`,
    expected: `the annotation ${ringsAnnotation} with the name of a RingSet`,
    repair:
      only === undefined
        ? "write a RingSet: user says by what users are told apart, rings[].who whom each ring names"
        : `annotate it with ${ringsAnnotation}: ${only}`,
  });
  const isSure = near.length === 1 && only !== undefined;
  return [isSure ? withFix(finding, annotation(manifest, ringsAnnotation, only)) : finding];
}

function missingSet(world: World, manifest: Manifest, name: string): Finding {
  const known = world.of("RingSet").flatMap(({ resource }) => resource.metadata.name ?? []);
  const path = `metadata.annotations[${ringsAnnotation}]`;
  const meant = didYouMean(name, known);
  const finding = findingAt(manifest, path, {
    severity: known.length > 0 ? "error" : "warning",
    rule: "missing-reference",
    what: `there is no RingSet ${name} among the files`,
    found: name,
    expected: known.length === 0 ? "a RingSet of that name" : `one of ${known.join(", ")}`,
    repair: meant === undefined ? `add the RingSet ${name}` : `use ${meant}`,
  });
  return meant === undefined ? finding : withFix(finding, replacement(manifest, path, meant));
}

function unmatched(manifest: Manifest, ringSet: Manifest, weights: readonly StepWeight[]): readonly Finding[] {
  const rings = list<Partial<RingSet["spec"]["rings"][number]>>((ringSet.resource as Partial<RingSet>).spec?.rings);
  const known = rings.flatMap(({ name = "", weight }) => (typeof weight === "number" ? [{ name, weight }] : []));
  const findings: Finding[] = [];
  const lowest = Math.min(...known.map(({ weight }) => weight));
  const reached = weights.map(({ weight }) => weight);
  for (const { index, weight } of weights) {
    if (weight === 0 || weight >= lowest) continue;
    const path = `spec.strategy.canary.steps[${index}].setWeight`;
    const finding = findingAt(manifest, path, {
      severity: "warning",
      rule: "no-ring-on",
      what: `at ${weight} % no ring of ${ringSet.describe()} is on: nobody gets the new version, and nothing is measured`,
      found: `setWeight: ${weight}`,
      expected: `at least ${lowest}, where its first ring is on`,
      repair: `set it to ${lowest}, or let the first ring begin at ${weight}`,
    });
    // The step was meant for the first ring, which no other one reaches; the RingSet may be other Rollouts', too.
    const isSure = reached.filter((other) => other < lowest).length === 1 && !reached.includes(lowest);
    findings.push(isSure ? withFix(finding, replacement(manifest, path, String(lowest))) : finding);
  }
  for (const [place, { name, weight }] of known.entries()) {
    const next = known[place + 1]?.weight ?? Number.POSITIVE_INFINITY;
    if (weight >= 100 || reached.some((step) => step >= weight && step < next)) continue;
    findings.push(
      findingAt(manifest, `metadata.annotations[${ringsAnnotation}]`, {
        severity: "warning",
        rule: "ring-without-step",
        what: `the ring ${name} (${weight} %) comes on with a later one: no step is between them`,
        found: `setWeight ${reached.join(", ")}`,
        expected: `a step with setWeight: ${weight}`,
        repair: `add - setWeight: ${weight}, and a pause behind it`,
      }),
    );
  }
  return findings;
}
