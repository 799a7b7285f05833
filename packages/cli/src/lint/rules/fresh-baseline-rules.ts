import { matchesSelector, type RollbackPolicy, type Rollout, ringsAnnotation } from "@sluice/api";
import { list } from "../analysis/analysis-arguments.ts";
import type { Finding } from "../finding.ts";
import type { Manifest } from "../manifests/manifest.ts";
import { findingAt, type World } from "../manifests/world.ts";
import { removal, withFix } from "../repairs/repairs.ts";

/** Policies that ask for a fresh baseline where there can't be one: else only a condition says so, once a release runs. */
export const freshBaselineFindings = (world: World): readonly Finding[] =>
  world.of("RollbackPolicy").flatMap((policy) => {
    const { spec } = policy.resource as Partial<RollbackPolicy>;
    if (spec?.freshBaseline !== true) return [];
    const selected = world
      .inNamespace("Rollout", policy.resource.metadata.namespace)
      .filter(
        ({ resource }) => spec.selector === undefined || matchesSelector(spec.selector, resource.metadata.labels ?? {}),
      );
    const without = selected.flatMap((rollout) => {
      const hindrance = hindranceOf(rollout);
      return hindrance === undefined ? [] : [{ rollout, hindrance }];
    });
    // Another Rollout of this policy has use for it.
    const isOfNoUse = without.length === selected.length && without.every(({ hindrance }) => hindrance.isForGood);
    return without.map(({ rollout, hindrance }) => {
      const finding = findingAt(policy, "spec.freshBaseline", {
        severity: "warning",
        rule: "ignored-fresh-baseline",
        what: `it does nothing for Rollout ${rollout.resource.metadata.name}: ${hindrance.because}`,
        found: `freshBaseline: true, and ${hindrance.found}`,
        expected: hindrance.expected,
        repair: isOfNoUse || !hindrance.isForGood ? hindrance.repair : `${hindrance.repair}, in a policy of its own`,
      });
      return isOfNoUse ? withFix(finding, removal(policy, "spec.freshBaseline")) : finding;
    });
  });

interface Hindrance {
  readonly because: string;
  readonly found: string;
  readonly expected: string;
  readonly repair: string;
  /** Nothing could be written into the Rollout that helps. */
  readonly isForGood: boolean;
}

function hindranceOf({ resource }: Manifest): Hindrance | undefined {
  const { spec, metadata } = resource as Partial<Rollout>;
  const name = metadata?.name ?? "";
  const ringSet = metadata?.annotations?.[ringsAnnotation];
  if (spec?.strategy?.blueGreen !== undefined) {
    return {
      because: "after a switch nobody gets the stable version any more",
      found: `spec.strategy.blueGreen of Rollout ${name}`,
      expected: "a canary",
      repair: "remove freshBaseline: a switch is judged against what was served before it",
      isForGood: true,
    };
  }
  if (ringSet !== undefined && ringSet !== "") {
    return {
      because: "a ring's users get one of two versions, and nobody is left for a third",
      found: `${ringsAnnotation}: ${ringSet} of Rollout ${name}`,
      expected: "a canary without rings",
      repair: "remove freshBaseline: rings are compared with the stable version as it runs",
      isForGood: true,
    };
  }
  const containers = list<{ ports?: unknown }>(spec?.template?.spec?.containers);
  const isRouted = spec?.strategy?.canary?.trafficRouting !== undefined;
  if (!isRouted || containers.length === 0 || containers.some(({ ports }) => list(ports).length > 0)) return undefined;
  return {
    because: "its new Pods get a Service of their own, which needs a port, and no container names one",
    found: `no ports in spec.template.spec.containers of Rollout ${name}`,
    expected: "the port that the container serves on",
    repair: `name it in Rollout ${name}: ports: [{ containerPort: 8080 }]`,
    isForGood: false,
  };
}
