// One thread of several: plays the releases that it is sent, one after the other.
import { enableCompileCache } from "node:module";
import { parentPort } from "node:worker_threads";
import { type FaultKind, toFault } from "@sluice/kernel";
import type { Outcome, ReleaseOptions } from "@sluice/rehearsal";

/** What releases of one rehearsal share is sent once, and is then the same object for all of them. */
export interface ToPlay {
  readonly release: Omit<ReleaseOptions, "policy">;
  /** Absent: as of the release before. */
  readonly policy?: ReleaseOptions["policy"];
}

/** A fault's kind would be lost on its way between threads. */
export type Answer =
  | { readonly is: "ended"; readonly outcome: Outcome }
  | { readonly is: "failed"; readonly kind: FaultKind; readonly message: string };

// From source every thread reads hundreds of files; the bundle is one.
if (import.meta.url.endsWith(".ts")) enableCompileCache();
const { rehearseRelease } = await import("@sluice/rehearsal");

let known: ReleaseOptions["policy"] | undefined;

async function answered({ release, policy = known }: ToPlay): Promise<Answer> {
  try {
    if (policy === undefined) throw new Error("the first release comes with its policy");
    known = policy;
    return { is: "ended", outcome: await rehearseRelease({ ...release, policy }) };
  } catch (thrown) {
    const { kind, message } = toFault(thrown);
    return { is: "failed", kind, message };
  }
}

parentPort?.on("message", async (work: ToPlay) => parentPort?.postMessage(await answered(work)));
