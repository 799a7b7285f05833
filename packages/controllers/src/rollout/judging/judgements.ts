import { controlledBy, type Judgement, type JudgementSpec } from "@sluice/api";
import { formatInstant, type Instant, parseInstant } from "@sluice/kernel";
import type { Effect } from "../../loop/index.ts";
import { imagesOf } from "../../version/index.ts";
import { isTaken, type NamesTaken } from "../adopted/names-taken.ts";
import { isRouted, pauseLength, stepsOf } from "../canary/steps.ts";
import { judgementKind, keyIn } from "../names.ts";
import type { ObservedRollout } from "../observe.ts";
import { availableOf, hashOf, revisionOf, type View } from "../view.ts";
import type { FreshBaseline } from "./fresh-baseline.ts";
import { mayBeJudged } from "./may-be-judged.ts";
import { judgeMode } from "./policy.ts";

/** Ended ones that are kept beside the one under way. */
const keptJudgements = 10;
const defaultWindowSeconds = 5;

/** Begins the Judgement of a version that gets its first traffic, and ends those of other versions. */
export function planJudgement(
  observed: ObservedRollout,
  view: View,
  weight: number | undefined,
  baseline: FreshBaseline,
  now: Instant,
): readonly Effect[] {
  const outlived = isOutlived(view.judgement, baseline) ? view.judgement : undefined;
  const kept = view.isFullyPromoted || outlived !== undefined ? undefined : view.judgement;
  const ended = endJudgements(observed, view, { kept, outlived: view.isFullyPromoted ? undefined : outlived });
  if (view.judgement !== undefined || !mayBeJudged(view) || baseline.is === "coming") return ended;
  const isServing = isRouted(view.rollout) ? (weight ?? 0) > 0 : availableOf(view.canary) > 0;
  const fresh = baseline.is === "there" ? { baseline: baselineOf(view, baseline.hash) } : {};
  return isServing ? [...ended, beginJudgement(observed, view, { plan: judgedPlan(view), ...fresh }, now)] : ended;
}

/** What it compares with is gone: another one begins with what is left. */
function isOutlived(judgement: Judgement | undefined, baseline: FreshBaseline): boolean {
  const { baseline: compared } = judgement?.spec ?? {};
  return compared !== undefined && (baseline.is !== "there" || baseline.hash !== compared.podTemplateHash);
}

const baselineOf = (view: View, podTemplateHash: string): JudgementSpec["stable"] => ({
  podTemplateHash,
  name: `new Pods of ${namesOf(view).stable}`,
});

export const beginJudgement = (
  observed: ObservedRollout,
  view: View,
  judged: Pick<JudgementSpec, "plan" | "comparedWith" | "baseline">,
  now: Instant,
): Effect => ({ do: "create", object: newJudgement(observed, view, judged, now) });

interface Ending {
  readonly kept?: Judgement | undefined;
  /** Its release goes on, and is compared with something else. */
  readonly outlived?: Judgement | undefined;
  /** What ended of this version did so because it was passed. */
  readonly goesOn?: boolean;
  /** What takes this version back says that it is bad. */
  readonly isBlamed?: boolean;
}

/** Ends all but `kept`, and forgets the oldest. */
export function endJudgements(
  observed: ObservedRollout,
  view: View,
  { kept, outlived, goesOn = false, isBlamed = false }: Ending = {},
): readonly Effect[] {
  const stopped = observed.judgements
    .filter((one) => one !== kept && one.spec.terminate !== true)
    .map((one): Effect => {
      const outcome = one === outlived ? "superseded" : outcomeOf(one, view, goesOn);
      const blamed = isBlamed || one.spec.blamed === true || asksPeople(one);
      const spec = { terminate: true, outcome, ...(outcome === "rolledBack" ? { blamed } : {}) };
      return { do: "patch", key: keyOf(one), patch: { type: "merge", value: { spec } } };
    });
  const createdAt = ({ metadata }: Judgement): number => parseInstant(metadata.creationTimestamp ?? "") ?? 0;
  const surplus = observed.judgements
    .filter(({ spec }) => spec.terminate === true)
    .toSorted((a, b) => createdAt(b) - createdAt(a) || (a.metadata.name < b.metadata.name ? 1 : -1))
    .slice(keptJudgements);
  return [...stopped, ...surplus.map((one): Effect => ({ do: "delete", key: keyOf(one) }))];
}

const keyOf = ({ metadata }: Judgement) => keyIn(judgementKind, metadata.namespace, metadata.name);

/** Who takes back what the judge, a rule or a model speaks against says that they are right. */
const asksPeople = ({ status }: Judgement): boolean => status?.action === "alert" || status?.action === "rollback";

/**
 * Says of a version's Judgements that it is blamed: of those that a plain abort has ended, and of the one under way where that
 * doesn't end in this turn.
 */
export function blameIn(
  { judgements }: ObservedRollout,
  { hash }: View,
  { isEnding }: { readonly isEnding: boolean },
): readonly Effect[] {
  const isMeant = ({ spec }: Judgement) => (spec.terminate === true ? spec.outcome === "rolledBack" : !isEnding);
  return judgements
    .filter((one) => one.spec.canary.podTemplateHash === hash && one.spec.blamed !== true && isMeant(one))
    .map((one) => ({ do: "patch", key: keyOf(one), patch: { type: "merge", value: { spec: { blamed: true } } } }));
}

function outcomeOf(
  { spec }: Judgement,
  { hash, status }: View,
  goesOn: boolean,
): NonNullable<JudgementSpec["outcome"]> {
  const { podTemplateHash } = spec.canary;
  if (podTemplateHash === status.stableRS || (podTemplateHash === hash && goesOn)) return "promoted";
  return podTemplateHash === hash ? "rolledBack" : "superseded";
}

function newJudgement(
  { judgements, namesTaken }: ObservedRollout,
  view: View,
  { plan, comparedWith, baseline }: Pick<JudgementSpec, "plan" | "comparedWith" | "baseline">,
  now: Instant,
): Judgement {
  const { rollout, hash, revision, stable, policy } = view;
  const { namespace, name: rolloutName, uid = "" } = rollout.metadata;
  const base = `${rolloutName}-${hash}-${revision}`;
  // A version that was tried before begins with nothing against it.
  const tries = judgements.filter(({ metadata }) => metadata.name === base || metadata.name.startsWith(`${base}.`));
  const { judge, rules, metrics, conversions, model } = policy?.spec ?? {};
  const mode = judgeMode(rollout, policy);
  const names = namesOf(view);
  return {
    apiVersion: "sluice.dev/v1alpha1",
    kind: "Judgement",
    metadata: {
      name: judgementName(base, tries.length, namesTaken),
      ...(namespace === undefined ? {} : { namespace }),
      labels: { "sluice.dev/subject": rolloutName },
      ownerReferences: [controlledBy(rollout)],
    },
    spec: {
      rollout: { name: rolloutName, uid },
      revision: String(revision),
      canary: { podTemplateHash: hash, name: names.canary },
      stable: { podTemplateHash: stable === undefined ? "" : hashOf(stable), name: names.stable },
      ...(baseline === undefined ? {} : { baseline }),
      beganAt: formatInstant(now, "millis"),
      plan,
      ...(comparedWith === undefined ? {} : { comparedWith }),
      windowSeconds: judge?.windowSeconds ?? defaultWindowSeconds,
      mode,
      ...(judge?.tolerances === undefined ? {} : { tolerances: judge.tolerances }),
      ...(policy === undefined ? {} : { policy: policy.metadata.name }),
      ...(rules === undefined ? {} : { rules }),
      ...(metrics === undefined ? {} : { metrics }),
      ...(conversions === undefined ? {} : { conversions }),
      ...(model === undefined ? {} : { model }),
    },
  };
}

function judgementName(base: string, tries: number, taken: NamesTaken): string {
  for (let attempt = tries; ; attempt++) {
    const name = attempt === 0 ? base : `${base}.${attempt}`;
    if (!isTaken(taken, judgementKind, name)) return name;
  }
}

/** By the tag of the image that changes; where none does, as with other settings of the same program, also by revision. */
function namesOf({ rollout, hash, revision, stable }: View): { readonly canary: string; readonly stable: string } {
  const images = imagesOf(rollout.spec.template);
  const before = imagesOf(stable?.spec.template);
  const changed = Math.max(
    0,
    images.findIndex((image, index) => image !== before[index]),
  );
  const canary = tagOf(images[changed]) ?? hash;
  const other = tagOf(before[changed]) ?? (stable === undefined ? "" : hashOf(stable));
  if (stable === undefined || canary !== other) return { canary, stable: other };
  return { canary: `${canary} (revision ${revision})`, stable: `${other} (revision ${revisionOf(stable)})` };
}

/** `v3` rather than `registry/shop:v3`, as people speak of it. */
const tagOf = (image = ""): string | undefined => /:([^/@:]+)(?:@.*)?$/.exec(image)?.[1];

/** The weights of the steps, and how long each is kept. */
function judgedPlan({ rollout, holdback }: View): JudgementSpec["plan"] {
  const plan: { weight: number; seconds: number }[] = [];
  const most = 100 - (holdback?.weight ?? 0);
  for (const step of stepsOf(rollout)) {
    if (step.setWeight !== undefined) plan.push({ weight: Math.min(step.setWeight, most), seconds: 0 });
    const last = plan.at(-1);
    if (last !== undefined && step.pause !== undefined) last.seconds += (pauseLength(step) ?? 0) / 1000;
  }
  if (plan.at(-1)?.weight !== most) plan.push({ weight: most, seconds: 0 });
  const last = plan.at(-1);
  if (last !== undefined && holdback !== undefined) last.seconds = holdback.lasts / 1000;
  return plan;
}
