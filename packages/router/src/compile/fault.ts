import type { HttpFaultInjection } from "@sluice/api";
import type { FaultEntry } from "../table.ts";
import { compileDuration } from "./duration.ts";
import { type Report, refuseUnknown } from "./problem.ts";

/** Without a percentage nothing happens: a fault hits nobody by oversight. */
export function compileFault(
  fault: HttpFaultInjection | undefined,
  path: string,
  report: Report,
): { readonly fault?: FaultEntry } {
  if (fault === undefined) return {};
  refuseUnknown(fault, ["abort", "delay"], path, report);
  const { abort, delay } = fault;
  if (abort !== undefined) refuseUnknown(abort, ["httpStatus", "percentage"], `${path}.abort`, report);
  if (delay !== undefined) refuseUnknown(delay, ["fixedDelay", "percentage", "percent"], `${path}.delay`, report);
  const millis = compileDuration(delay?.fixedDelay, `${path}.delay.fixedDelay`, report);
  const waits = delay?.percentage === undefined ? (delay?.percent ?? 0) : (delay.percentage.value ?? 0);
  const aborts = abort?.percentage?.value ?? 0;
  const entry: FaultEntry = {
    ...(millis === undefined || waits <= 0 ? {} : { delay: { millis, percent: waits } }),
    ...(abort?.httpStatus === undefined || aborts <= 0 ? {} : { abort: { status: abort.httpStatus, percent: aborts } }),
  };
  return Object.keys(entry).length === 0 ? {} : { fault: entry };
}
