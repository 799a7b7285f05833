import { upgradeAgent } from "../agent/upgrade.ts";
import { locateState } from "../connection.ts";

/** `sluice upgrade`: after a newer Sluice was installed, without ending the control plane or a request. */
export async function upgrade(options: { readonly data?: string; readonly json?: boolean }): Promise<void> {
  const record = await upgradeAgent(locateState(options.data));
  if (options.json) console.log(JSON.stringify(record));
  else
    console.log(`The agent is now version ${record.version} (pid ${record.pid}); workloads and connections went on.`);
}
