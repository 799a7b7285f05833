import { controllerOf, type Resource } from "@sluice/api";
import type { Checks } from "./invariant.ts";
import { hashOf, ownerOf, type Remains } from "./picture.ts";

/** What a Rollout writes into what isn't its own. */
const marked = ({ services, rule }: Remains): readonly string[] => [
  ...services.filter((one) => ownerOf(one) === "" && one.spec.selector?.[hashLabel] !== undefined).map(nameOf),
  ...(rule?.spec.subsets?.some(({ labels }) => labels?.[hashLabel] !== undefined) ? [nameOf(rule)] : []),
];
const hashLabel = "rollouts-pod-template-hash";
const nameOf = ({ kind, metadata }: Resource): string => `${kind} ${metadata.name}`;

/** A second, and as often as a story sets its clock back. */
const endingTakesAtMost = 300_000;

/** What belongs to a Rollout that is no more is no more, and what belongs to nobody is still there. */
export function checkGone(now: Remains, before: Remains | undefined, at: number, checks: Checks): void {
  const { rollout, sets, pods, runs, experiments, judgements, jobs, configMaps, services } = now;
  const there = new Set([rollout, ...sets, ...runs, ...experiments, ...jobs].map((one) => one?.metadata.uid));
  const kinds = new Set(["Rollout", "ReplicaSet", "AnalysisRun", "Experiment"]);
  for (const one of [...sets, ...pods, ...runs, ...experiments, ...judgements, ...jobs, ...configMaps, ...services]) {
    const owner = controllerOf(one);
    if (owner === undefined || !kinds.has(owner.kind)) continue;
    // A Pod that ends what it is at goes by the clock, which may be set back.
    const isEnding = one.kind === "Pod" && one.metadata.deletionTimestamp !== undefined;
    const words = () => `${nameOf(one)} is there, and ${owner.kind} ${owner.name} isn't`;
    checks.holdsSoon(
      "gone",
      `${one.metadata.uid} ${isEnding}`,
      there.has(owner.uid),
      at,
      words,
      isEnding ? endingTakesAtMost : undefined,
    );
  }
  const left = new Set(now.services.map(nameOf));
  for (const one of before?.services ?? []) {
    const isKept = ownerOf(one) !== "" || left.has(nameOf(one));
    checks.holds("gone", isKept, () => `${nameOf(one)} was nobody's, and is gone`);
  }
  for (const name of before?.decisionNames ?? [])
    checks.holds("gone", now.decisionNames.has(name), () => `Decision ${name} is gone`);
  for (const one of before?.quarantines ?? []) {
    const isKept = now.quarantines.some(({ metadata }) => metadata.uid === one.metadata.uid);
    checks.holds("gone", isKept, () => `${nameOf(one)} is gone, and nobody lifted it`);
  }
  if (rollout !== undefined) return;
  const leads = [...now.added, ...now.beside.map(({ service }) => service)];
  checks.holdsSoon("gone", "routes", leads.length === 0, at, () => `the routes still have ${leads.join(", ")}`);
  const marks = marked(now);
  // Whoever is sent to Pods that stay, or that come yet, is still sent to them.
  const isServed = pods.some((pod) => pod.metadata.deletionTimestamp === undefined && hashOf(pod) !== "");
  checks.holdsSoon(
    "gone",
    "selectors",
    isServed || marks.length === 0,
    at,
    () => `${marks.join(", ")} select a version, and nobody decides which`,
  );
}
