import { describeViolation, Fault, isFault } from "@sluice/kernel";
import { paint } from "./style.ts";

/** A failure after something was done: with `--json` what was done and what wasn't are told in the one document. */
export class PartlyDone extends Fault {
  readonly done: object;

  constructor(because: Fault, done: object) {
    super(because.kind, because.message, { cause: because, violations: because.violations });
    this.done = done;
  }
}

/** What a person sees of anything thrown: the reason, then each place, never a stack unless it is our own bug. */
export function describeFailure(thrown: unknown): string {
  if (!isFault(thrown)) {
    if (!(thrown instanceof Error)) return String(thrown);
    return process.env.SLUICE_DEBUG === undefined ? thrown.message : (thrown.stack ?? thrown.message);
  }
  const places = thrown.violations
    .filter((violation) => !thrown.message.includes(violation.expected))
    .map((violation) => `  ${describeViolation(violation)}`);
  return [thrown.message, ...places].join("\n");
}

export function failureAsJson(thrown: unknown): object {
  const fault = isFault(thrown) ? thrown : undefined;
  return {
    ...(thrown instanceof PartlyDone ? thrown.done : {}),
    error: thrown instanceof Error ? thrown.message : String(thrown),
    ...(fault === undefined ? {} : { kind: fault.kind, violations: fault.violations }),
  };
}

export const printFailure = (thrown: unknown): void => {
  console.error(`${paint("red", "error:")} ${describeFailure(thrown)}`);
};
