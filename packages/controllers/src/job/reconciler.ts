import type { Job, Pod } from "@sluice/api";
import type { Reader, Reconciler } from "@sluice/kernel";
import { applyEffect, type Effects, type StoreAction } from "../loop/index.ts";
import { type ObservedJob, planJob } from "./plan.ts";

const podKind = { apiVersion: "v1", kind: "Pod" };

/** https://kubernetes.io/docs/concepts/workloads/controllers/job/ */
export const jobReconciler = (effects: Effects): Reconciler<Job, ObservedJob, StoreAction> => ({
  kind: { apiVersion: "batch/v1", kind: "Job" },
  observe,
  plan: planJob,
  apply: (_job, action) => applyEffect(action, effects),
});

async function observe(job: Job, read: Reader): Promise<ObservedJob> {
  const { namespace, uid = "" } = job.metadata;
  const inNamespace = namespace === undefined ? {} : { namespace };
  return { job, pods: await read.list<Pod>(podKind, { ...inNamespace, ownerUid: uid }) };
}
