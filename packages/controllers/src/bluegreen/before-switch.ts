import { type Container, type Job, keyOf, type Pod } from "@sluice/api";
import type { Effect } from "../loop/index.ts";
import { smokeName, taskId } from "./names.ts";
import { type BlueGreenPlan, enter, fail, stay, type Turn, within } from "./turn.ts";

/** Every Pod is of the new template and takes traffic; one that crashes again and again ends it at once. */
export function waitForReady(turn: Turn): BlueGreenPlan {
  const { to, status, pods, places } = turn;
  if (to === undefined) return fail(turn, `Deployment ${status.toDeployment} is gone`);
  const { updatedReplicas = 0, availableReplicas = 0, replicas = 0, observedGeneration = 0 } = to.status ?? {};
  const wanted = status.replicas ?? 1;
  const isSeen = observedGeneration >= (to.metadata.generation ?? 0);
  const isWhole = isSeen && updatedReplicas === wanted && availableReplicas === wanted && replicas === wanted;
  if (isWhole && places.length >= wanted) {
    return enter(turn, "CheckingHealth", "advance", `${wanted} of ${wanted} Pods of ${status.to} are ready`);
  }
  const crashing = pods.find(isCrashing);
  if (crashing !== undefined) return fail(turn, `Pod ${crashing.metadata.name} crashes again and again`);
  const ready = Math.min(places.length, isSeen ? availableReplicas : 0);
  return within(turn, `${ready} of ${wanted} Pods of ${status.to} are ready`);
}

const isCrashing = ({ status }: Pod): boolean =>
  status?.containerStatuses?.some(
    ({ state, restartCount }) => restartCount >= 2 && state?.waiting?.reason === "CrashLoopBackOff",
  ) ?? false;

export function checkHealth(turn: Turn): BlueGreenPlan {
  const { object, places, status } = turn;
  const wanted = status.replicas ?? 1;
  const bad = places.find(({ check }) => check.is === "refused");
  if (bad?.check.is === "refused") return fail(turn, `Pod ${bad.pod} isn't healthy: ${bad.check.fault.message}`);
  const path = healthPath(turn);
  const missing = places.filter(({ check }) => check.is === "absent");
  const actions = missing.map(({ uid, host, port }): Effect => {
    const id = taskId(object, `health/${uid}`);
    return { do: "startTask", id, work: { do: "checkHttp", host, port, path, attempts: 30, intervalMillis: 1000 } };
  });
  const healthy = places.filter(({ check }) => check.is === "done").length;
  if (healthy < wanted) return within(turn, `${healthy} of ${wanted} Pods answer ${path}`, actions);
  return object.spec.smoke === undefined
    ? enter(turn, "Switching", "advance", `${healthy} of ${wanted} Pods answer ${path}`)
    : enter(turn, "SmokeTesting", "advance", `${healthy} of ${wanted} Pods answer ${path}: the smoke test comes`);
}

/** As asked for; else of the Pods' own probes. */
export function healthPath({ object, to }: Pick<Turn, "object" | "to">): string {
  if (object.spec.healthPath !== undefined) return object.spec.healthPath;
  const containers = to?.spec.template.spec.containers ?? [];
  const of = (probe: (container: Container) => Container["livenessProbe"]) =>
    containers.map((container) => probe(container)?.httpGet?.path).find((path) => path !== undefined);
  return of(({ livenessProbe }) => livenessProbe) ?? of(({ readinessProbe }) => readinessProbe) ?? "/";
}

export function smokeTest(turn: Turn): BlueGreenPlan {
  const { object, smoke, status } = turn;
  if (object.spec.smoke === undefined) return enter(turn, "Switching", "advance", "there is no smoke test");
  if (smoke === undefined) return stay(turn, "the smoke test begins", [{ do: "create", object: smokeJob(turn) }]);
  const ended = (type: string) =>
    smoke.status?.conditions?.find((condition) => condition.type === type && condition.status === "True");
  if (ended("Complete") !== undefined) {
    return enter(turn, "Switching", "advance", `the smoke test of ${status.to} succeeded`);
  }
  const failed = ended("Failed");
  if (failed !== undefined) {
    const { name } = keyOf(smoke);
    return fail(turn, `the smoke test failed (${failed.reason}): sluice get job ${name}`);
  }
  return stay(turn, "the smoke test runs");
}

function smokeJob({ object, preview, status }: Turn): Job {
  const { namespace = "default", name, uid = "" } = object.metadata;
  const { image = "", command, timeoutSeconds = 300 } = object.spec.smoke ?? {};
  const host = preview?.metadata.name ?? "";
  const variable = `${host.toUpperCase().replaceAll("-", "_")}_SERVICE`;
  const { apiVersion, kind } = object;
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: smokeName(object),
      namespace,
      labels: { "sluice.dev/subject": name },
      ownerReferences: [{ apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true }],
    },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: timeoutSeconds,
      ttlSecondsAfterFinished: 24 * 3600,
      template: {
        spec: {
          restartPolicy: "Never",
          containers: [
            {
              name: "smoke-test",
              image,
              ...(command === undefined ? {} : { command }),
              env: [
                // Processes of one machine have no cluster DNS: the Service's address comes from the agent's variables.
                { name: "TARGET_URL", value: `http://$(${variable}_HOST):$(${variable}_PORT)` },
                { name: "TARGET_SERVICE", value: `${host}.${namespace}` },
                { name: "TARGET_VERSION", value: status.to ?? "" },
              ],
            },
          ],
        },
      },
    },
  };
}
