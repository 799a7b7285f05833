import type { Instant } from "@sluice/kernel";
import type { Effect } from "../../loop/index.ts";
import { planAffinity } from "../affinity/anti-affinity.ts";
import { planOldRuns } from "../analysis/runs.ts";
import type { Slot } from "../analysis/slots.ts";
import { endSynthetic } from "../analysis/synthetic.ts";
import { endJobs } from "../analysis/synthetic-job-plan.ts";
import { stoppedStatus } from "../lasting/stop.ts";
import { planMetadata } from "../metadata/ephemeral-metadata.ts";
import { minimumQuestion, type ObservedRollout } from "../observe.ts";
import { planHistory } from "../pods/replica-sets.ts";
import { planWorkload } from "../pods/workload-size.ts";
import type { RestartPlan } from "../restart/restart.ts";
import { startWakes } from "../starting/never-ready.ts";
import { noteStart } from "../starting/start-limit.ts";
import { clockEnd } from "../verdict/deadline.ts";
import { staleWord } from "../verdict/persons-word.ts";
import type { Verdict } from "../verdict/verdict.ts";
import type { View } from "../view.ts";
import type { Turn } from "./finish.ts";
import { type Move, moved, toldBy } from "./move.ts";

interface Going {
  readonly move: Move;
  readonly slots: readonly Slot[];
  readonly restart: RestartPlan;
  readonly stop: Verdict | undefined;
  readonly isWordUsed: boolean;
}

/** What a turn does last, whatever the strategy: old versions and runs go, labels, the workload and questions are put right. */
export function planRest(
  observed: ObservedRollout,
  view: View,
  { runs, restart }: { readonly runs: readonly string[]; readonly restart: RestartPlan },
): readonly Effect[] {
  const kept = view.isFullyPromoted ? runs : [...runs, minimumQuestion(view.hash)];
  const answered = [...observed.traffic].filter(([run, { state }]) => !kept.includes(run) && state.is !== "absent");
  return [
    ...planOldRuns(observed, runs),
    ...planHistory(view),
    ...noteStart(observed, view),
    ...restart.actions,
    ...planMetadata(observed, view),
    ...planAffinity(view),
    ...planWorkload(observed.workload, view),
    ...answered.map(([, { id }]): Effect => ({ do: "cancelTask", id })),
    ...(view.isFullyPromoted ? endSynthetic(observed) : []),
    ...endJobs(observed, (hash) => view.isFullyPromoted || hash !== view.hash),
    ...staleWord(view),
  ];
}

/** What a turn says of its move in status, whatever the strategy, and when to look again. */
export function saidOf(
  observed: ObservedRollout,
  view: View,
  { move, slots, restart, stop, isWordUsed }: Going,
  now: Instant,
): Pick<Turn, "because" | "changes" | "pausedBecause" | "holdsBack" | "heldByJudge" | "wakes"> {
  return {
    because: move.because,
    changes: {
      ...moved(view, move, isWordUsed, now),
      restartedAt: restart.restartedAt,
      ...(stop === undefined ? {} : { notRevertible: stoppedStatus(view, stop) }),
    },
    ...toldBy(move),
    wakes: [
      ...slots.flatMap(({ wakes }) => wakes),
      restart.wakeAt,
      move.is === "waiting" ? move.until : undefined,
      clockEnd(view, now),
      ...startWakes(observed, view, now),
    ],
  };
}
