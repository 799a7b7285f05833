import type { BlueGreenDeployment } from "@sluice/api";
import { isUnderWay } from "@sluice/api";
import { toFault } from "@sluice/kernel";
import { connect } from "../connection.ts";
import { paint, paintState } from "../terminal/style.ts";
import type { CommandOptions } from "./options.ts";

export interface BlueGreenOptions extends CommandOptions {
  readonly service: string;
}

/**
 * Prints what a deploy does until it ends: 0 succeeded, 1 failed, 2 aborted, 3 another one has begun. A control plane
 * that is gone meanwhile is waited for: the deploy goes on where it stood when there is one again.
 */
export async function follow(options: BlueGreenOptions, namespace: string, release: string): Promise<number> {
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
      if (seen.spec.release !== release) return 3;
      const { phase = "", message = "" } = seen.status?.release === release ? seen.status : {};
      const line = `${phase}: ${message}`;
      if (line !== said && phase !== "" && !options.json) console.log(`${paintState(phase)}  ${message}`);
      said = line;
      if (!isUnderWay(seen)) {
        if (options.json) console.log(JSON.stringify(seen));
        return phase === "Succeeded" ? 0 : phase === "Aborted" ? 2 : 1;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, isAway ? 1000 : 150));
  }
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
