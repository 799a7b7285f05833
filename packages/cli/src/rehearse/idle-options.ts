import { Fault } from "@sluice/kernel";

/** As the command line has them. */
export type GivenOptions = Readonly<Record<string, unknown>>;

const talking = ["namespace", "data", "json"];
/** Where the release is a past one, or none is played at all, these alone count. */
const counting = {
  replay: new Set([...talking, "replay", "policy"]),
  calibration: new Set([...talking, "calibration"]),
} as const;

/** Elsewhere each of these says something about another one. */
const needs: Readonly<Record<string, string>> = { policy: "replay", shortest: "suggest", write: "suggest" };

/** A flag that would do nothing is refused by name: whoever gives it expects something of it. Faults: invalid. */
export function refuseIdleOptions(options: GivenOptions, paths: readonly string[]): void {
  const given = Object.keys(options).filter((name) => isGiven(name, options[name]));
  for (const mode of ["replay", "calibration"] as const) {
    if (!given.includes(mode)) continue;
    const idle = given.find((name) => !counting[mode].has(name));
    if (idle !== undefined)
      throw new Fault("invalid", `${flagOf(idle)} does nothing with --${mode}: leave one of them out`);
    if (mode === "calibration" && paths.length > 0)
      throw new Fault(
        "invalid",
        `--calibration reads what was kept of real releases: found ${paths[0]}, expected no files`,
      );
    return;
  }
  const alone = given.find((name) => needs[name] !== undefined && !given.includes(needs[name]));
  if (alone !== undefined) throw new Fault("invalid", `${flagOf(alone)} needs --${needs[alone]}`);
  if (!given.includes("write")) return;
  if (given.includes("json")) throw new Fault("invalid", "--write does nothing with --json: leave one of them out");
  if (paths.includes("-")) throw new Fault("invalid", "--write: standard input can't be written to; name the file");
}

/** `--no-history` is the only one whose absence has a value. */
const isGiven = (name: string, value: unknown): boolean =>
  value !== undefined && !(name === "history" ? value === true : value === false);

const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
