import type { Judgement, JudgementEvidence, Pod, Rollout, Secret } from "@sluice/api";
import type { KindKey, Reader, TaskState } from "@sluice/kernel";
import type { Kpis, Prediction, Verdict } from "@sluice/verdict";
import { decodeBase64Text } from "../arguments/index.ts";
import { podHashLabel } from "../version/index.ts";

export const judgementKind: KindKey = { apiVersion: "sluice.dev/v1alpha1", kind: "Judgement" };

/** What the task `judgeWindows` comes back with. */
export interface JudgedWindows {
  /** Windows judged so far, these included. */
  readonly windows: number;
  readonly verdict: Omit<Verdict, "evidence"> & { readonly evidence: readonly JudgementEvidence[] };
  readonly kpis: Kpis;
  /** The business' own numbers, by name. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Absent where no model is asked. */
  readonly model?: { readonly prediction?: Prediction; readonly message: string };
}

export interface Replicas {
  readonly pods: number;
  readonly restarts: number;
  /** Limits of a pod's containers together, as written; undefined where one has none. */
  readonly memoryLimits?: readonly string[];
}

const noReplicas: Replicas = { pods: 0, restarts: 0 };

export interface ObservedJudgement {
  readonly judgement: Judgement;
  /** Undefined where it is gone, or another one has its name; and while windows are being judged. */
  readonly rollout: Rollout | undefined;
  readonly task: { readonly id: string; readonly state: TaskState<JudgedWindows> };
  readonly canary: Replicas;
  readonly stable: Replicas;
  /** Of the remote model, where one is asked with a token. */
  readonly token: string | undefined;
}

const unread = { rollout: undefined, canary: noReplicas, stable: noReplicas, token: undefined };

export async function observe(judgement: Judgement, read: Reader): Promise<ObservedJudgement> {
  const { namespace, uid } = judgement.metadata;
  const { rollout: owner, canary, stable, baseline = stable, model } = judgement.spec;
  const inNamespace = namespace === undefined ? {} : { namespace };
  const id = `judgement/${uid}/${judgement.status?.windows ?? 0}`;
  const task = { id, state: read.task<JudgedWindows>(id) };
  // Kept for people: nothing that its Rollout does wakes it any more.
  if (judgement.status?.phase === "Ended") {
    return { ...unread, judgement, task };
  }
  // Until the windows are judged nothing that its Rollout or the Pods do changes anything: they needn't wake it.
  if (task.state.is === "running") return { ...unread, judgement, task };
  const rollout = await read.get<Rollout>({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    ...inNamespace,
    name: owner.name,
  });
  const replicas = async (hash: string): Promise<Replicas> => {
    const pods = await read.list<Pod>(
      { apiVersion: "v1", kind: "Pod" },
      { ...inNamespace, labels: { [podHashLabel]: hash } },
    );
    const restarts = pods.reduce((sum, pod) => sum + freshRestarts(pod, rollout), 0);
    const limits = (pods[0]?.spec.containers ?? []).map(({ resources }) => resources?.limits?.memory);
    const known = limits.filter((limit) => limit !== undefined).map(String);
    return {
      pods: pods.length,
      restarts,
      ...(known.length > 0 && known.length === limits.length ? { memoryLimits: known } : {}),
    };
  };
  const secretRef = model?.tokenSecretRef;
  const secret =
    secretRef === undefined
      ? undefined
      : await read.get<Secret>({ apiVersion: "v1", kind: "Secret", ...inNamespace, name: secretRef.name });
  const encoded = secret?.data?.[secretRef?.key ?? ""];
  return {
    judgement,
    rollout: rollout?.metadata.uid === owner.uid ? rollout : undefined,
    task,
    canary: await replicas(canary.podTemplateHash),
    stable: await replicas(baseline.podTemplateHash),
    token: encoded === undefined ? undefined : decodeBase64Text(encoded),
  };
}

/** Those of before a person asked for the version again are no evidence of what it does now. */
function freshRestarts({ metadata, status }: Pod, rollout: Rollout | undefined): number {
  const restarts = (status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + (restartCount ?? 0), 0);
  return Math.max(0, restarts - (rollout?.status?.begunAgain?.restarts?.[metadata.name] ?? 0));
}
