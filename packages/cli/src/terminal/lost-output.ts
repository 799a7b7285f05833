/** What a command prints goes nowhere: its reader went away, or the disk is full. */
export interface LostOutput {
  /** True where printing is all that it does, so that without a reader it is over. */
  readonly endsWithout: () => boolean;
  /** Of an answer that nobody got. */
  readonly exitCode: () => number;
}

/** As a shell tells the end by SIGPIPE. */
const brokenPipe = 141;

/** `console.log` keeps silent about it, and elsewhere Node would end with a stack. */
export function tellLostOutput({ endsWithout, exitCode }: LostOutput): void {
  let isTold = false;
  process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
    if (code === "EPIPE") {
      // What is done beside printing goes on: nobody breaks a release off with `| head`.
      if (endsWithout()) process.exit(brokenPipe);
      return;
    }
    if (isTold) return;
    isTold = true;
    console.error(`error: the output can't be written: ${code}`);
    process.once("exit", () => {
      process.exitCode = exitCode();
    });
  });
}
