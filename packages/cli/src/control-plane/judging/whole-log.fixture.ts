import type { Judgement, RollbackPolicy } from "@sluice/api";
import { Replaying } from "../../commands/why-replay.ts";
import type { Begun, Kept, LoggedWindow } from "./window-log.ts";
import type { WindowLogs } from "./window-logs.ts";

export interface WholeLog extends Begun, Kept {
  readonly windows: readonly LoggedWindow[];
}

/** All that was kept of a release, which only tests keep in memory. */
export async function wholeLog(logs: WindowLogs, uid: string): Promise<WholeLog | undefined> {
  let begun: Begun | undefined;
  const windows: LoggedWindow[] = [];
  const kept = await logs.read(uid, (found) => {
    begun = found;
    return (window) => windows.push(window);
  });
  return begun === undefined || kept === undefined ? undefined : { ...begun, ...kept, windows };
}

export function replayedOf(judgement: Judgement, { windows, unreadable, ...begun }: WholeLog, other?: RollbackPolicy) {
  const replaying = new Replaying(judgement, begun, other);
  for (const window of windows) replaying.show(window);
  return replaying.replayed(unreadable);
}
