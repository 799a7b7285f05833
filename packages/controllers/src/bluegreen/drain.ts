import { after, type Instant, instant, parseInstant, seconds } from "@sluice/kernel";
import { taskId } from "./names.ts";
import type { UserAnswers } from "./observe.ts";
import { newHashes } from "./outside.ts";
import { type BlueGreenPlan, enter, fail, stay, type Turn } from "./turn.ts";

const lookAgain = seconds(2);
/** The share of failures from which on a version is taken back, whatever it was before. */
const critical = 0.05;

/** The old colour stays for a while after the switch; as long as it does, users whose requests fail get it back. */
export function drain(turn: Turn): BlueGreenPlan {
  const { status, object, answers, now } = turn;
  const switchedAt = parseInstant(status.phaseStartedAt ?? "") ?? now;
  const end = after(switchedAt, seconds(object.spec.drainSeconds ?? 30));
  const waits = `${status.from} stays for a while`;
  if (object.spec.verification?.requests === 0) return now < end ? stay(turn, waits, [], end) : complete(turn);
  const id = taskId(object, "answers");
  const look = { do: "startTask", id, work: workOf(turn, switchedAt) } as const;
  switch (answers.is) {
    case "absent":
      return stay(turn, waits, [look], end);
    case "running":
      return stay(turn, waits);
    case "refused":
    case "done": {
      const harm = answers.is === "done" ? harmOf(answers.result, turn) : undefined;
      if (harm !== undefined) return fail(turn, harm);
      // What came shortly before the end is looked at, too; without an answer there is nothing to wait for.
      if (now >= end && (answers.is === "refused" || answers.startedAt >= end)) return complete(turn);
      const again = instant(Math.min(after(answers.finishedAt, lookAgain), Math.max(end, answers.finishedAt)));
      return now >= again ? stay(turn, waits, [{ do: "cancelTask", id }, look]) : stay(turn, waits, [], again);
    }
  }
}

function workOf(turn: Turn, switchedAt: Instant) {
  const { object, service, now } = turn;
  const { namespace = "default", name } = object.metadata;
  return {
    do: "userAnswers",
    namespace,
    service: service?.metadata.name ?? name,
    hashes: newHashes(turn),
    sinceSeconds: Math.ceil((now - switchedAt) / 1000),
  };
}

/** More failures than chance brings where nothing has changed, and so many that nobody would keep the version. */
function harmOf({ requests, failed, usual }: UserAnswers, { status }: Turn): string | undefined {
  const share = usual.requests === 0 ? 0 : usual.failed / usual.requests;
  const expected = requests * share;
  if (failed < critical * requests || failed < expected + 4 * Math.sqrt(expected) + 5) return undefined;
  return `${failed} of ${requests} requests failed since ${status.to} has the traffic, ${percent(share)} of those to ${status.from}`;
}

const percent = (share: number): string => `${Number((share * 100).toPrecision(2))} %`;

function complete(turn: Turn): BlueGreenPlan {
  const { status } = turn;
  // Once it goes there is no way back but another deploy: said before it is done.
  const message = `${status.to} serves ${status.image}`;
  return enter(turn, "CleaningUp", "complete", message, { phase: "Succeeded", message });
}
