import { readdirSync } from "node:fs";
import { join } from "node:path";
import { attemptsOf, readRun } from "../process/run-folder.ts";
import { isSafeUid, PodFolder } from "./pod-folder.ts";

/** Whether any process of any Pod of this state folder lives, an agent or none. By the disk and the process table. */
export const hasLiveRuns = (stateFolder: string): boolean =>
  namesIn(join(stateFolder, "pods"))
    .filter(isSafeUid)
    .map((uid) => new PodFolder(stateFolder, uid))
    .some((folder) =>
      namesIn(join(folder.path, "containers")).some((container) =>
        attemptsOf(folder.container(container)).some((attempt) => {
          const run = readRun(folder.run(container, attempt));
          return run !== undefined && run.is !== "ended";
        }),
      ),
    );

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
