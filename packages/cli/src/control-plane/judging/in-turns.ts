import type { JudgedWindows, TaskHandler } from "@sluice/controllers";
import { Fault, type TaskWork } from "@sluice/kernel";

/** Reading a long log again may outlast whoever asked for it: who asks meanwhile about the same release comes after. */
export function inTurns(judge: (work: TaskWork) => Promise<JudgedWindows>): TaskHandler {
  const turns = new Map<string, Promise<JudgedWindows>>();
  return async (work, cancellation) => {
    const uid = String(work.uid);
    const before = turns.get(uid);
    const turn = (async () => {
      await before?.catch(() => {});
      if (cancellation.isCancelled) throw new Fault("unavailable", "nobody waits for this verdict any more");
      return judge(work);
    })();
    turns.set(uid, turn);
    try {
      return await turn;
    } finally {
      if (turns.get(uid) === turn) turns.delete(uid);
    }
  };
}
