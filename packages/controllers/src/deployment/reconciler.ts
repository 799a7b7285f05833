import type { Deployment, Pod, ReplicaSet } from "@sluice/api";
import type { Reader, Reconciler } from "@sluice/kernel";
import { applyEffect, type Effects, type StoreAction } from "../loop/index.ts";
import { readClaims } from "../ownership/index.ts";
import { planDeployment, replicaSetName } from "./plan.ts";
import { byAge, findNewest, type ObservedDeployment } from "./view.ts";

const replicaSetKind = { apiVersion: "apps/v1", kind: "ReplicaSet" };
const podKind = { apiVersion: "v1", kind: "Pod" };

/** https://kubernetes.io/docs/concepts/workloads/controllers/deployment/ */
export const deploymentReconciler = (effects: Effects): Reconciler<Deployment, ObservedDeployment, StoreAction> => ({
  kind: { apiVersion: "apps/v1", kind: "Deployment" },
  observe,
  plan: planDeployment,
  apply: (_deployment, action) => applyEffect(action, effects),
});

async function observe(deployment: Deployment, read: Reader): Promise<ObservedDeployment> {
  const { namespace } = deployment.metadata;
  const { selector, strategy } = deployment.spec;
  const inNamespace = namespace === undefined ? {} : { namespace };
  const { own, orphans, strays } = await readClaims<ReplicaSet>(deployment, replicaSetKind, selector, read);
  const replicaSets = [...own].sort(byAge);
  const newest = findNewest(deployment, replicaSets);
  const name = replicaSetName(deployment, deployment.status?.collisionCount);
  const namesake =
    newest === undefined ? await read.get<ReplicaSet>({ ...replicaSetKind, ...inNamespace, name }) : undefined;
  const oldPodsRunning = strategy?.type === "Recreate" ? await countRunning(replicaSets, newest, read) : 0;
  return {
    deployment,
    replicaSets,
    orphans,
    strays,
    ...(namesake === undefined ? {} : { nameTakenBy: namesake }),
    oldPodsRunning,
  };
}

async function countRunning(
  replicaSets: readonly ReplicaSet[],
  newest: ReplicaSet | undefined,
  read: Reader,
): Promise<number> {
  let running = 0;
  for (const { metadata } of replicaSets) {
    if (metadata.uid === newest?.metadata.uid) continue;
    const pods = await read.list<Pod>(podKind, {
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      ownerUid: metadata.uid ?? "",
    });
    running += pods.filter(({ status }) => status?.phase !== "Succeeded" && status?.phase !== "Failed").length;
  }
  return running;
}
