// One thread of several: plays the releases that it is sent, one after the other.
import { parentPort } from "node:worker_threads";
import { type FaultKind, toFault } from "@sluice/kernel";
import { type Outcome, type ReleaseOptions, rehearseRelease } from "@sluice/rehearsal";

/** A fault's kind would be lost on its way between threads. */
export type Answer =
  | { readonly is: "ended"; readonly outcome: Outcome }
  | { readonly is: "failed"; readonly kind: FaultKind; readonly message: string };

async function answered(release: ReleaseOptions): Promise<Answer> {
  try {
    return { is: "ended", outcome: await rehearseRelease(release) };
  } catch (thrown) {
    const { kind, message } = toFault(thrown);
    return { is: "failed", kind, message };
  }
}

parentPort?.on("message", async (release: ReleaseOptions) => parentPort?.postMessage(await answered(release)));
