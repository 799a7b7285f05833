import { setTimeout } from "node:timers/promises";
import { Fault } from "@sluice/kernel";
import { parseGoDuration } from "@sluice/languages";
import { connect } from "../connection.ts";
import { getRollout } from "../release/release-picture.ts";
import { type ReleaseStatus, releaseStatus, statusLine } from "../release/release-status.ts";
import type { CommandOptions } from "./options.ts";

interface StatusOptions extends CommandOptions {
  readonly watch: string | boolean;
  readonly timeout: string;
}

const everyMillis = 500;
/** 3 is ours: the kubectl plugin would wait on for the person. 2 is for what can't be asked so. */
const exitCodes = { healthy: 0, degraded: 1, person: 3 } as const;

/** `sluice rollout status NAME`: a line for each change until it is Healthy, Degraded, or waits for a person. */
export async function waitForStatus(name: string, options: StatusOptions): Promise<number> {
  const watches = switchOf(options.watch);
  const timeout = parseGoDuration(options.timeout === "0" ? "0s" : options.timeout);
  if (timeout.is !== "parsed")
    throw new Fault("invalid", `--timeout: write a duration such as 90s, not ${options.timeout}`);
  const deadline = timeout.value === 0 ? Number.POSITIVE_INFINITY : Date.now() + timeout.value;
  const { client, namespace, close } = await connect(options);
  const tell = (status: ReleaseStatus): void => {
    const { phase, message, end } = status;
    const waitsFor = end === "person" ? { waitsFor: "person" } : {};
    console.log(
      options.json ? JSON.stringify({ rollout: name, namespace, phase, message, ...waitsFor }) : statusLine(status),
    );
  };
  try {
    let told: string | undefined;
    for (;;) {
      const status = releaseStatus(await getRollout(client, namespace, name));
      if (statusLine(status) !== told) tell(status);
      told = statusLine(status);
      if (status.end === "degraded") {
        throw new Fault("unavailable", `The rollout is in a degraded state with message: ${status.message ?? ""}`);
      }
      if (!watches) return 0;
      if (status.end !== undefined) return exitCodes[status.end];
      if (Date.now() >= deadline) throw new Fault("unavailable", "Rollout status watch exceeded timeout");
      await setTimeout(Math.min(everyMillis, Math.max(1, deadline - Date.now())));
    }
  } finally {
    await close();
  }
}

function switchOf(watch: string | boolean): boolean {
  if (watch === true || watch === "true") return true;
  if (watch === "false") return false;
  throw new Fault("invalid", `--watch: write true or false, not ${String(watch)}`);
}
