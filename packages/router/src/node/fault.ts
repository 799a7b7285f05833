import { millis, type Timer } from "@sluice/kernel";
import type { FaultEntry } from "../table.ts";
import type { LocalAnswer } from "./local-answer.ts";
import type { SharedState } from "./shared-state.ts";

/**
 * Does to a request what its route's fault says, each part to its share: a delay, then an answer in place of the
 * Service's. Calls `pass` once, without an answer where the request goes on. Gives the timer of a delay.
 */
export function injectFault(
  { clock, random }: SharedState,
  { delay, abort }: FaultEntry,
  pass: (answer?: LocalAnswer) => void,
): Timer | undefined {
  const hits = ({ percent }: { readonly percent: number }): boolean => percent >= 100 || random.next() * 100 < percent;
  const goOn = (): void => (abort !== undefined && hits(abort) ? pass(faultAnswer(abort.status)) : pass());
  if (delay !== undefined && hits(delay)) return clock.after(millis(delay.millis), goOn);
  goOn();
  return undefined;
}

const faultAnswer = (code: number): LocalAnswer => ({
  code,
  error: "FaultInjected",
  message: "the VirtualService's fault answers in place of the Service",
});
