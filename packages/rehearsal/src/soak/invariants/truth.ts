import type { Decision, DecisionAction } from "@sluice/api";
import { sameJson } from "@sluice/kernel";
import { templateKey } from "../manifests/release.ts";
import type { Saying } from "../story/story.ts";
import type { Checks } from "./invariant.ts";
import { hashOf, isLifted, type Picture } from "./picture.ts";

interface Claim {
  readonly decision: Decision;
  /** Undefined while it was true at no look. */
  readonly since: number;
  /** A person had asked for all of it before it was made. */
  readonly wasFull: boolean;
}

/** What a Decision says was done, as it can be seen in what is stored. Those that aren't here say nothing that could. */
const claims: Partial<Record<DecisionAction, (now: Picture, decision: Decision, wasFull: boolean) => boolean>> = {
  abort: ({ rollout }) => rollout.status?.abort === true,
  quarantine: ({ quarantines }, { metadata }) =>
    quarantines.some((one) => one.spec.podTemplateHash === hashOf({ metadata } as Decision)),
  complete: ({ rollout }, decision) => rollout.status?.stableRS === hashOf(decision),
  // What a person asks for in full still waits for its pods.
  promote: ({ rollout, activeHash }, decision) =>
    rollout.status?.promoteFull === true || [rollout.status?.stableRS, activeHash].includes(hashOf(decision)),
  // Who asks for all of it in the same moment ends the pause, and is on record once everybody has it.
  pause: ({ rollout: { spec, status } }, _decision, wasFull) =>
    spec.paused === true || (status?.pauseConditions?.length ?? 0) > 0 || (status?.promoteFull === true && !wasFull),
  retry: ({ rollout }) => rollout.status?.abort !== true,
  lift: ({ rollout }) => rollout.status?.abort !== true,
};

/** Which words of people may be behind what a Decision says that a person did. */
const words: Partial<Record<DecisionAction, readonly Saying[]>> = {
  abort: ["abort", "callBad"],
  retry: ["retry", "promoteFull"],
  lift: ["lift"],
};

/** What `why` says is what was done, by whom it was. */
export class Truth {
  readonly #open = new Map<string, Claim>();
  readonly #known = new Set<string>();

  look(now: Picture, before: Picture | undefined, said: ReadonlySet<string>, at: number, checks: Checks): void {
    for (const decision of now.decisions) {
      const { name } = decision.metadata;
      if (this.#known.has(name)) continue;
      this.#known.add(name);
      const { action, by, subject } = decision.spec;
      if (subject.kind !== "Rollout") continue;
      const possible = words[action];
      checks.holds(
        "why",
        by !== "a person" || possible === undefined || possible.some((word) => said.has(word)),
        () => `Decision ${name} says that a person did ${action}, and nobody did`,
      );
      // Nobody in a story writes into routes but the Rollout, and syncs that leave its weights alone.
      const meddled = () =>
        `Decision ${name} says that somebody changed the routes, and nobody did: ${decision.spec.because}`;
      checks.holds("why", action !== "restore", meddled);
      // It is written before what it is about, which may be decided anew where somebody edits in between.
      if (claims[action] !== undefined && before !== undefined && !mayBeAnew(decision, now, before)) {
        this.#open.set(name, { decision, since: at, wasFull: before.rollout.status?.promoteFull === true });
      }
    }
    for (const { metadata } of now.quarantines.filter(isLifted)) {
      checks.holds("quarantine", said.has("lift"), () => `Quarantine ${metadata.name} is lifted, and nobody did`);
    }
    for (const [name, { decision, since, wasFull }] of this.#open) {
      const { action } = decision.spec;
      // Another version is wanted, or something else was decided about this one since.
      const isOvertaken =
        now.rollout.status?.currentPodHash !== hashOf(decision) ||
        now.decisions.some((other) => hashOf(other) === hashOf(decision) && orderOf(other) > orderOf(decision));
      if (isOvertaken || claims[action]?.(now, decision, wasFull) === true) this.#open.delete(name);
      else {
        checks.holds(
          "why",
          at - since <= newsTakesAtMost,
          () => `Decision ${name} says ${action} (${decision.spec.because}), and it wasn't done`,
        );
      }
    }
  }
}

/**
 * Another template or other steps begin all anew, also where they were back by the next look. Another number of Pods, a hold
 * or a restart takes back no verdict but that Pods are missing; a version may be due no promotion or pause any more.
 */
function mayBeAnew({ spec: { action, because } }: Decision, now: Picture, before: Picture): boolean {
  const generations = [now, before].map(({ rollout }) => rollout.metadata.generation ?? 0) as [number, number];
  const edits = generations[0] - generations[1];
  const partsOf = ({ rollout: { spec }, deployments }: Picture) => [
    spec.template,
    spec.strategy,
    deployments.find(({ metadata }) => metadata.name === templateKey.name)?.metadata.generation,
  ];
  if (edits > 1 || !sameJson(partsOf(now), partsOf(before))) return true;
  const isOfPods = ["promote", "complete", "pause"].includes(action) || because.includes("timed out progressing");
  return edits > 0 && isOfPods;
}

/** They are never changed: the later one was written later. */
const orderOf = ({ metadata }: Decision): number => Number(metadata.resourceVersion);

const newsTakesAtMost = 1000;
