import { formatInstant, instant } from "@sluice/kernel";

export type Log = (line: string) => void;

/** A line with its time on standard error; never a secret, whatever is logged is made of reasons and names. */
export const log: Log = (line) => {
  process.stderr.write(`${formatInstant(instant(Date.now()), "millis")} ${line}\n`);
};
