// Weeks of metrics are read in a thread of their own: the control plane that is asked for them goes on meanwhile.
import { enableCompileCache } from "node:module";
import { parentPort, workerData } from "node:worker_threads";
import { toFault } from "@sluice/kernel";
import type { LearnAnswer, ToLearn } from "./learn-thread.ts";

// From source a thread reads hundreds of files; the bundle is one.
if (import.meta.url.endsWith(".ts")) enableCompileCache();
const [{ stateFolder }, { ownHistory }, { learnedTraffic }] = await Promise.all([
  import("../../state/state-folder.ts"),
  import("./door.ts"),
  import("./learned-traffic.ts"),
]);

async function answered({ path, service, now, length }: ToLearn): Promise<LearnAnswer> {
  try {
    const door = await ownHistory(stateFolder(path));
    try {
      return { is: "learned", learned: await learnedTraffic(door, service, { now, length }) };
    } finally {
      await door.close();
    }
  } catch (thrown) {
    const { kind, message } = toFault(thrown);
    return { is: "failed", kind, message };
  }
}

parentPort?.postMessage(await answered(workerData as ToLearn));
