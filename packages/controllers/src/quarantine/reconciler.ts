import type {
  Application,
  Decision,
  GitRevertPhase,
  GitRevertStatus,
  PodTemplateSpec,
  Quarantine,
  QuarantineStatus,
  Resource,
} from "@sluice/api";
import { isLifted } from "@sluice/api/release";
import {
  after,
  type Fault,
  formatInstant,
  type Instant,
  type KindKey,
  minutes,
  type Plan,
  type Reader,
  type Reconciler,
  type ResourceKey,
  seconds,
  unreachable,
} from "@sluice/kernel";
import { applyEffect, type Effect, type Effects } from "../loop/index.ts";
import { podHashLabel, templateDigest } from "../version/index.ts";
import type { ObservedQuarantine } from "./observed-quarantine.ts";
import type { RevertResult } from "./revert-result.ts";
import { revertWork } from "./revert-work.ts";

const quarantineKind: KindKey = { apiVersion: "sluice.dev/v1alpha1", kind: "Quarantine" };
const applicationKind: KindKey = { apiVersion: "argoproj.io/v1alpha1", kind: "Application" };
const replicaSetKind: KindKey = { apiVersion: "apps/v1", kind: "ReplicaSet" };

export const revertAnnotation = "sluice.dev/revert";

export type QuarantinePlan = Plan<Effect, QuarantineStatus>;

/** Reads Quarantines and puts git right. Needs a handler for the task `revertInGit` (from `sources`). */
export class QuarantineReconciler implements Reconciler<Quarantine, ObservedQuarantine, Effect> {
  readonly kind = quarantineKind;
  readonly #effects: Effects;

  constructor({ effects }: { readonly effects: Effects }) {
    this.#effects = effects;
  }

  async observe(quarantine: Quarantine, read: Reader): Promise<ObservedQuarantine> {
    const revert = quarantine.status?.gitRevert;
    const none = {
      quarantine,
      application: undefined,
      others: [],
      goodDigest: undefined,
      task: { is: "absent" } as const,
    };
    // What is settled depends on nothing any more.
    if (revert !== undefined && !isOpen(revert.phase)) return none;
    const key = applicationKey(quarantine);
    if (key === undefined) return none;
    const application = await read.get<Application>(key);
    if (revert === undefined) return { ...none, application };
    const { kind, name } = quarantine.spec.workload;
    const all = await read.list<Quarantine>(quarantineKind, {
      namespace: quarantine.spec.namespace,
      workload: { kind, name },
    });
    return {
      quarantine,
      application,
      others: all.filter(
        (other) => other.metadata.uid !== quarantine.metadata.uid && isSameWorkload(other, quarantine),
      ),
      goodDigest: await stableDigest(quarantine, read),
      task: read.task<RevertResult>(taskId(quarantine, revert)),
    };
  }

  plan(observed: ObservedQuarantine, now: Instant): QuarantinePlan {
    return planQuarantine(observed, now);
  }

  apply(_quarantine: Quarantine, action: Effect): Promise<void> {
    return applyEffect(action, this.#effects);
  }
}

const isOpen = (phase: GitRevertPhase): boolean => phase === "Pending" || phase === "Running";

const taskId = ({ metadata }: Quarantine, { attemptId }: GitRevertStatus): string =>
  `quarantine/${metadata.uid}/revert/${attemptId ?? ""}`;

const isSameWorkload = (a: Quarantine, b: Quarantine): boolean =>
  a.spec.workload.kind === b.spec.workload.kind &&
  a.spec.workload.name === b.spec.workload.name &&
  a.spec.namespace === b.spec.namespace;

/** Written `namespace/name`, or the name alone where it is in `argocd`. */
function applicationKey({ spec }: Quarantine): ResourceKey | undefined {
  if (spec.application === undefined || spec.application === "") return undefined;
  const slash = spec.application.indexOf("/");
  return slash === -1
    ? { ...applicationKind, namespace: "argocd", name: spec.application }
    : { ...applicationKind, namespace: spec.application.slice(0, slash), name: spec.application.slice(slash + 1) };
}

/** The version that runs as stable: the surest place to go back to. */
async function stableDigest({ spec }: Quarantine, read: Reader): Promise<string | undefined> {
  const { workload, namespace } = spec;
  const owner = await read.get<Resource>({
    apiVersion: workload.apiVersion,
    kind: workload.kind,
    namespace,
    name: workload.name,
  });
  const stable = (owner?.status as { readonly stableRS?: string } | undefined)?.stableRS;
  if (stable === undefined || stable === "" || stable === spec.podTemplateHash) return undefined;
  const replicaSet = await read.get<Resource>({ ...replicaSetKind, namespace, name: `${workload.name}-${stable}` });
  // As written, before the store filled in defaults: only that is equal to what git renders.
  const written = replicaSet?.metadata.annotations?.["sluice.dev/template-digest"];
  if (written !== undefined) return written;
  const template = (replicaSet?.spec as { readonly template?: PodTemplateSpec } | undefined)?.template;
  return template === undefined ? undefined : templateDigest(withoutHash(template));
}

function withoutHash(template: PodTemplateSpec): PodTemplateSpec {
  if (template.metadata?.labels === undefined) return template;
  const { [podHashLabel]: _, ...labels } = template.metadata.labels;
  return { ...template, metadata: { ...template.metadata, labels } };
}

/** Decides what becomes of git. Pure: the id is written first, the act follows in the next turn. */
export function planQuarantine(observed: ObservedQuarantine, now: Instant): QuarantinePlan {
  const { quarantine, application } = observed;
  const { status, metadata } = quarantine;
  const revert = status?.gitRevert;
  if (metadata.deletionTimestamp !== undefined) return { actions: [], because: "being deleted" };
  if (revert !== undefined && !isOpen(revert.phase)) return { actions: [], because: `git: ${revert.phase}` };
  if (isLifted(quarantine))
    return settle(observed, { phase: "Off", message: "lifted by a person before git was touched" }, now);
  const mode = modeOf(application);
  if (mode.is === "none") return settle(observed, { phase: mode.phase, message: mode.message }, now);
  if (revert === undefined) {
    const pending: GitRevertStatus = { phase: "Pending", attemptId: "1", startedAt: formatInstant(now) };
    return { actions: [], status: statusWith(quarantine, pending, now), because: "git will be put right" };
  }
  return carryOut(observed, mode.application, mode.mode, revert, now);
}

type Mode =
  | { readonly is: "none"; readonly phase: GitRevertPhase; readonly message: string }
  | { readonly is: "some"; readonly mode: "branch" | "commit"; readonly application: Application };

function modeOf(application: Application | undefined): Mode {
  if (application === undefined)
    return { is: "none", phase: "Off", message: "no Application asks for this workload: git isn't ours to put right" };
  if (application.spec.source === undefined)
    return { is: "none", phase: "Held", message: "the Application has no spec.source" };
  const asked = application.metadata.annotations?.[revertAnnotation] ?? "branch";
  switch (asked) {
    case "branch":
    case "commit":
      return { is: "some", mode: asked, application };
    case "off":
      return { is: "none", phase: "Off", message: `annotation ${revertAnnotation} is off` };
    default:
      return {
        is: "none",
        phase: "Held",
        message: `annotation ${revertAnnotation}: found ${asked}, expected branch, commit or off`,
      };
  }
}

function carryOut(
  observed: ObservedQuarantine,
  application: Application,
  mode: "branch" | "commit",
  revert: GitRevertStatus,
  now: Instant,
): QuarantinePlan {
  const { quarantine, task } = observed;
  const id = taskId(quarantine, revert);
  switch (task.is) {
    case "absent":
      return {
        actions: [{ do: "startTask", id, work: revertWork(observed, application, mode) }],
        because: "putting git right",
      };
    case "running":
      return { actions: [], because: "putting git right" };
    case "done": {
      const plan = settle(observed, revertStatusOf(task.result), now);
      return { ...plan, actions: [...plan.actions, { do: "cancelTask", id }] };
    }
    case "refused":
      return retryOrHold(observed, revert, task.fault, task.finishedAt, now);
    default:
      return unreachable(task);
  }
}

/** A remote that doesn't answer is asked again, ever later; what can't be read waits for a person. */
function retryOrHold(
  observed: ObservedQuarantine,
  revert: GitRevertStatus,
  fault: Fault,
  failedAt: Instant,
  now: Instant,
): QuarantinePlan {
  const { quarantine } = observed;
  if (fault.kind === "invalid" || fault.kind === "forbidden" || fault.kind === "bug") {
    return settle(observed, { phase: fault.kind === "bug" ? "Failed" : "Held", message: fault.message }, now);
  }
  const attempt = Number(revert.attemptId ?? "1");
  const due = after(failedAt, Math.min(seconds(5) * 2 ** (attempt - 1), minutes(5)) as ReturnType<typeof seconds>);
  const message = `git can't be reached (attempt ${attempt}): ${fault.message}`;
  if (now < due) {
    const waiting: GitRevertStatus = { ...revert, phase: "Running", message };
    return { actions: [], status: statusWith(quarantine, waiting, now), because: message, wakeAt: due };
  }
  const next: GitRevertStatus = { ...revert, phase: "Running", attemptId: String(attempt + 1), message };
  return {
    actions: [{ do: "cancelTask", id: taskId(quarantine, revert) }],
    status: statusWith(quarantine, next, now),
    because: "trying git again",
  };
}

const phases = {
  committed: "Committed",
  branchPushed: "BranchPushed",
  patchWritten: "PatchWritten",
  notNeeded: "NotNeeded",
  held: "Held",
} as const satisfies Record<RevertResult["is"], GitRevertPhase>;

const revertStatusOf = ({ is, ...rest }: RevertResult): GitRevertStatus => ({ phase: phases[is], ...rest });

/** The last word on git, as status, Decision and Event. */
function settle(observed: ObservedQuarantine, settled: GitRevertStatus, now: Instant): QuarantinePlan {
  const { quarantine } = observed;
  const { attemptId, startedAt } = quarantine.status?.gitRevert ?? {};
  const revert: GitRevertStatus = {
    ...settled,
    ...(attemptId === undefined ? {} : { attemptId }),
    ...(startedAt === undefined ? {} : { startedAt }),
    finishedAt: formatInstant(now),
  };
  const isGood =
    revert.phase === "Committed" ||
    revert.phase === "BranchPushed" ||
    revert.phase === "NotNeeded" ||
    revert.phase === "Off";
  const said = sentence(revert);
  return {
    actions: revert.phase === "Off" ? [] : [{ do: "create", object: decisionOf(observed, revert, said, now) }],
    status: statusWith(quarantine, revert, now),
    because: said,
    events: [{ type: isGood ? "Normal" : "Warning", reason: `Git${revert.phase}`, message: said }],
  };
}

function sentence({ phase, branch, commit, reverts, patchPath, message = "" }: GitRevertStatus): string {
  const short = (sha: string | undefined) => sha?.slice(0, 12) ?? "";
  switch (phase) {
    case "Committed":
      return `reverted ${short(reverts)} by ${short(commit)} on ${branch ?? "the branch"}: ${message}`;
    case "BranchPushed":
      return `pushed ${branch}, which reverts ${short(reverts)}; merge it: ${message}`;
    case "PatchWritten":
      return `wrote ${patchPath} in the state folder, which reverts ${short(reverts)}; apply it with git am: ${message}`;
    case "NotNeeded":
      return `git needs no repair: ${message}`;
    default:
      return `git: ${message}`;
  }
}

function statusWith(quarantine: Quarantine, gitRevert: GitRevertStatus, now: Instant): QuarantineStatus {
  const before = quarantine.status?.conditions?.find(({ type }) => type === "GitRepaired");
  const isRepaired = gitRevert.phase === "Committed" || gitRevert.phase === "NotNeeded";
  const status = isRepaired ? "True" : isOpen(gitRevert.phase) ? "Unknown" : "False";
  const others = (quarantine.status?.conditions ?? []).filter(({ type }) => type !== "GitRepaired");
  const { generation } = quarantine.metadata;
  return {
    ...quarantine.status,
    gitRevert,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    conditions: [
      ...others,
      {
        type: "GitRepaired",
        status,
        reason: gitRevert.phase,
        message: sentence(gitRevert),
        lastTransitionTime:
          before?.status === status ? (before.lastTransitionTime ?? formatInstant(now)) : formatInstant(now),
      },
    ],
  };
}

/** Its name is a function of the Quarantine, so that a repeat after a crash finds the first one. */
function decisionOf(
  { quarantine, application }: ObservedQuarantine,
  revert: GitRevertStatus,
  because: string,
  now: Instant,
): Decision {
  const { spec, metadata } = quarantine;
  const { workload, namespace, podTemplateHash } = spec;
  return {
    apiVersion: "sluice.dev/v1alpha1",
    kind: "Decision",
    metadata: {
      name: `${metadata.name}-git`,
      namespace: metadata.namespace ?? namespace,
      labels: { "sluice.dev/subject": workload.name },
    },
    spec: {
      subject: {
        ...workload,
        namespace,
        podTemplateHash,
        ...(revert.reverts === undefined ? {} : { revision: revert.reverts }),
      },
      action: revert.phase === "Held" ? "hold" : "revert",
      at: formatInstant(now),
      because,
      inputs: {
        quarantine: metadata.name,
        application: spec.application ?? "",
        annotation: application?.metadata.annotations?.[revertAnnotation] ?? "branch",
        gitRevert: revert,
      },
    },
  };
}
