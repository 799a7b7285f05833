import type { Pod } from "@sluice/api";
import { isReady } from "../release/versions.ts";

/** What a person should know of a Pod, in a word: why it waits, before what it is. */
export function stateOf(pod: Pod): string {
  const { metadata, status } = pod;
  if (metadata.deletionTimestamp !== undefined) return "Terminating";
  const waiting = status?.containerStatuses?.find(({ state }) => state?.waiting?.reason !== undefined)?.state?.waiting;
  if (waiting?.reason !== undefined && waiting.reason !== "ContainerCreating") return waiting.reason;
  if (status?.phase === "Running") return isReady(pod) ? "Ready" : "Not ready";
  return status?.reason ?? status?.phase ?? "Pending";
}
