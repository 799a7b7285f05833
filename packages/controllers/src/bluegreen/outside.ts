import { healthPath } from "./before-switch.ts";
import { taskId } from "./names.ts";
import { type BlueGreenPlan, enter, fail, stay, type Turn } from "./turn.ts";

/** Real requests through the router, each answered by the new colour. */
export function verify(turn: Turn): BlueGreenPlan {
  const { object, verification, status, service } = turn;
  const { requests = 20, timeoutSeconds = 60, path = healthPath(turn) } = object.spec.verification ?? {};
  const done = `${status.to} answers through the router`;
  if (requests === 0)
    return enter(turn, "Draining", "advance", `${status.to} has the traffic: nothing is to be verified`);
  switch (verification.is) {
    case "running":
      return stay(turn, "it is verified through the router");
    case "done":
      return enter(turn, "Draining", "advance", `${done}: ${requests} requests, none failed`);
    case "refused":
      return fail(turn, `the switch isn't verified: ${verification.fault.message}`);
    case "absent": {
      const { namespace = "default", name } = object.metadata;
      const work = {
        do: "verifySwitch",
        namespace,
        service: service?.metadata.name ?? name,
        path,
        requests,
        timeoutSeconds,
        hashes: newHashes(turn),
      };
      const id = taskId(object, "verify");
      return stay(turn, "it is verified through the router", [{ do: "startTask", id, work }]);
    }
  }
}

/** By which the router tells the new colour. */
export const newHashes = ({ pods }: Turn): readonly string[] => [
  ...new Set(pods.flatMap(({ metadata }) => metadata.labels?.["pod-template-hash"] ?? [])),
];

/** Whoever is to be told; that nobody could be told changes nothing. */
export function notify(turn: Turn): BlueGreenPlan {
  const { object, status, notification, webhook } = turn;
  const { phase, message } = status.outcome ?? { phase: "Failed" as const, message: "" };
  const action = phase === "Succeeded" ? "complete" : "abort";
  const end = () => enter(turn, phase, action, message, { phase, message });
  if (object.spec.notify === undefined) return end();
  if (webhook === undefined) return untold(end(), `there is no Secret ${object.spec.notify.secretName} with the URL`);
  switch (notification.is) {
    case "running":
      return stay(turn, message);
    case "done":
      return end();
    case "refused":
      return untold(end(), notification.fault.message);
    case "absent": {
      const { namespace = "default", name } = object.metadata;
      const text = `${phase}: ${namespace}/${name}: ${message}`;
      const work = { do: "postWebhook", url: webhook, body: { text } };
      return stay(turn, message, [{ do: "startTask", id: taskId(object, "notify"), work }]);
    }
  }
}

const untold = (plan: BlueGreenPlan, why: string): BlueGreenPlan => ({
  ...plan,
  events: [...(plan.events ?? []), { type: "Warning", reason: "NotificationFailed", message: why }],
});
