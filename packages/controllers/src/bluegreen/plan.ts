import { type BlueGreenDeployment, isUnderWay } from "@sluice/api";
import { imageOf } from "@sluice/api/release";
import { formatInstant, type Instant, unreachable } from "@sluice/kernel";
import { checkHealth, smokeTest, waitForReady } from "./before-switch.ts";
import { drain } from "./drain.ts";
import type { ObservedBlueGreen } from "./observe.ts";
import { notify, verify } from "./outside.ts";
import { type BlueGreenPlan, enter, fail, stay, type Turn, within } from "./turn.ts";
import { ensurePreview, prepared, scaled, switchTo } from "./writes.ts";

/** A deploy from its beginning to its end, one phase after another; each can be entered again after a crash. */
export function planBlueGreen(observed: ObservedBlueGreen, now: Instant): BlueGreenPlan {
  const { object } = observed;
  if (object.metadata.deletionTimestamp !== undefined) return { actions: [], because: "it is being deleted" };
  if (!isUnderWay(object)) return { actions: [], because: `it has ended: ${object.status?.phase}` };
  if (object.status?.release !== object.spec.release) return begin(observed, now);
  const turn: Turn = { ...observed, status: object.status, now };
  const isStoppable = turn.status.outcome === undefined;
  if (object.spec.abort === true && isStoppable) return fail(turn, `taken back${byWhom(object)}`, "Aborted");
  return planPhase(turn);
}

const byWhom = ({ spec }: BlueGreenDeployment): string => (spec.by === undefined ? "" : ` by ${spec.by}`);

function planPhase(turn: Turn): BlueGreenPlan {
  const { status } = turn;
  const phase = status.phase ?? "Preparing";
  switch (phase) {
    case "Preparing":
      return prepare(turn);
    case "WaitingForReady":
      return waitForReady(turn);
    case "CheckingHealth":
      return checkHealth(turn);
    case "SmokeTesting":
      return smokeTest(turn);
    case "Switching":
      return switchOver(turn);
    case "Verifying":
      return verify(turn);
    case "Draining":
      return drain(turn);
    case "SwitchingBack":
      return switchBack(turn);
    case "CleaningUp":
      return cleanUp(turn);
    case "Notifying":
      return notify(turn);
    case "Succeeded":
    case "Failed":
    case "Aborted":
      return { actions: [], because: `it has ended: ${phase}` };
    default:
      return unreachable(phase);
  }
}

function begin(observed: ObservedBlueGreen, now: Instant): BlueGreenPlan {
  const { object, found } = observed;
  const { release, image } = object.spec;
  const status = { release, startedAt: formatInstant(now) };
  const turn: Turn = { ...observed, status, now };
  if (found.is === "refused") {
    return enter(turn, "Failed", "refuse", found.because, { phase: "Failed", message: found.because });
  }
  const { active, idle, from, to, container } = found.pair;
  if (image !== undefined && imageOf(active, container) === image) {
    const because = `${from} serves ${image} already`;
    return enter({ ...turn, status: { ...status, from, to: from, image } }, "Succeeded", "complete", because, {
      phase: "Succeeded",
      message: because,
    });
  }
  const taken = image ?? imageOf(idle, container) ?? "";
  const colours = { from, to, fromDeployment: active.metadata.name, toDeployment: idle.metadata.name };
  const replicas = Math.max(1, active.spec.replicas ?? 1);
  const begun = { ...turn, status: { ...status, ...colours, image: taken, replicas } };
  return enter(begun, "Preparing", "begin", `${from} has the traffic: ${to} gets ${taken} and ${replicas} Pods`);
}

function prepare(turn: Turn): BlueGreenPlan {
  const { status } = turn;
  const write = prepared(turn) ?? ensurePreview(turn);
  if (write === "gone") return fail(turn, `Deployment ${status.toDeployment} is gone`);
  if (write !== undefined) return within(turn, `${status.toDeployment} is scaled up`, [write]);
  return enter(turn, "WaitingForReady", "advance", `${status.to} starts`);
}

function switchOver(turn: Turn): BlueGreenPlan {
  const { status, object, places } = turn;
  const { replicas = 1 } = status;
  const write = switchTo(turn, status.to ?? "", status.from ?? "");
  if (write === "elsewhere") return fail(turn, `somebody else changed the selector of Service ${object.metadata.name}`);
  if (write !== undefined && places.length < replicas) {
    return within(turn, `${places.length} of ${replicas} Pods of ${status.to} are ready to be switched to`);
  }
  if (write !== undefined) return stay(turn, `the traffic goes to ${status.to}`, [write]);
  return enter(turn, "Verifying", "promote", `${status.to} has the traffic`);
}

function switchBack(turn: Turn): BlueGreenPlan {
  const { status, object } = turn;
  const write = switchTo(turn, status.from ?? "", status.to ?? "");
  if (write !== undefined && write !== "elsewhere")
    return stay(turn, `the traffic goes back to ${status.from}`, [write]);
  const because =
    write === "elsewhere"
      ? `Service ${object.metadata.name} picks neither colour: it is left as somebody set it`
      : `${status.from} has the traffic again`;
  return enter(turn, "CleaningUp", "rollback", because);
}

/** The colour that isn't wanted goes; on success it is the old one. */
function cleanUp(turn: Turn): BlueGreenPlan {
  const { status } = turn;
  const unwanted = status.outcome?.phase === "Succeeded" ? turn.from : turn.to;
  const write = scaled(turn, unwanted);
  if (write !== undefined) return stay(turn, `${unwanted?.metadata.name} is scaled down`, [write]);
  return enter(turn, "Notifying", "advance", status.outcome?.message ?? "");
}
