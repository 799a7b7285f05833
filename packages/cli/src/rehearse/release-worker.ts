// One thread of several: plays the releases that it is sent, one after the other.
import { enableCompileCache } from "node:module";
import { parentPort } from "node:worker_threads";
import { type FaultKind, toFault } from "@sluice/kernel";
import type { Outcome, ReleaseOptions } from "@sluice/rehearsal";

/**
 * What is another than of the release before; undefined where it had what this one doesn't. So what releases of one
 * rehearsal share is sent once, and is then the same object for all of them.
 */
export type ToPlay = { readonly [Field in keyof ReleaseOptions]?: ReleaseOptions[Field] | undefined };

/** A fault's kind would be lost on its way between threads. */
export type Answer =
  | { readonly is: "ended"; readonly outcome: Outcome }
  | { readonly is: "failed"; readonly kind: FaultKind; readonly message: string };

// From source every thread reads hundreds of files; the bundle is one.
if (import.meta.url.endsWith(".ts")) enableCompileCache();
const { rehearseRelease } = await import("@sluice/rehearsal");

let release: ToPlay = {};

async function answered(changes: ToPlay): Promise<Answer> {
  try {
    release = { ...release, ...changes };
    return { is: "ended", outcome: await rehearseRelease(release as ReleaseOptions) };
  } catch (thrown) {
    const { kind, message } = toFault(thrown);
    return { is: "failed", kind, message };
  }
}

parentPort?.on("message", async (work: ToPlay) => parentPort?.postMessage(await answered(work)));
