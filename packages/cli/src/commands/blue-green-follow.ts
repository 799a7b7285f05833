import type { BlueGreenDeployment } from "@sluice/api";
import { isUnderWay } from "@sluice/api";
import { Fault, toFault } from "@sluice/kernel";
import { connect } from "../connection.ts";
import { paint, paintState } from "../terminal/style.ts";
import type { CommandOptions } from "./options.ts";

export interface BlueGreenOptions extends CommandOptions {
  readonly service: string;
}

/**
 * Prints what a deploy does until it ends. A control plane that is gone meanwhile is waited for: the deploy goes on where it
 * stood when there is one again. Faults: conflict where another one has begun in its place.
 */
export async function follow(options: BlueGreenOptions, namespace: string, release: string): Promise<Ending> {
  let said = "";
  let isAway = false;
  for (;;) {
    const seen = await look(options, namespace).catch((thrown: unknown) => toFault(thrown));
    if (seen === undefined) throw new Error(`the deploy of ${options.service} was deleted`);
    if (seen instanceof Error) {
      if (!isAway && !options.json) console.log(paint("yellow", `no control plane: ${seen.message}; waiting for it`));
      isAway = true;
    } else {
      isAway = false;
      const end = endOf(seen, release);
      const { phase = "", message = "" } = seen.status?.release === release ? seen.status : {};
      const line = `${phase}: ${message}`;
      if (line !== said && phase !== "" && !options.json) console.log(`${paintState(phase)}  ${message}`);
      said = line;
      if (end === "superseded") {
        const next = `deploy ${seen.spec.release} of ${seen.spec.image ?? "what was there before"}`;
        throw new Fault("conflict", `${next} took the place of deploy ${release}, whose end nobody saw`);
      }
      if (end !== undefined) {
        if (options.json) console.log(JSON.stringify(seen));
        return end;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, isAway ? 1000 : 150));
  }
}

/** How a deploy ended, as far as anybody who followed it saw. */
export type Ending = "succeeded" | "aborted" | "failed";

/** Undefined while it is under way; superseded: another one stands in its place already. */
export function endOf(seen: BlueGreenDeployment, release: string): Ending | "superseded" | undefined {
  if (seen.spec.release !== release) return "superseded";
  if (isUnderWay(seen)) return undefined;
  const { phase } = seen.status?.release === release ? seen.status : {};
  return phase === "Succeeded" ? "succeeded" : phase === "Aborted" ? "aborted" : "failed";
}

async function look(options: BlueGreenOptions, namespace: string): Promise<BlueGreenDeployment | undefined> {
  const { client, close } = await connect(options);
  try {
    const key = { apiVersion: "sluice.dev/v1alpha1", kind: "BlueGreenDeployment", namespace, name: options.service };
    return await client.get<BlueGreenDeployment>(key);
  } finally {
    await close();
  }
}
