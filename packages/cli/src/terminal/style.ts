import { styleText } from "node:util";

type Format = Parameters<typeof styleText>[0];

/** Colour only where a person looks, and where they didn't say no. */
export const hasColour = (stream: { readonly isTTY?: boolean } = process.stdout): boolean =>
  process.env.NO_COLOR === undefined && (stream.isTTY === true || process.env.FORCE_COLOR !== undefined);

export const paint = (format: Format, text: string, enabled = hasColour()): string =>
  enabled ? styleText(format, text, { validateStream: false }) : text;

/** The colour of a state, the same in every command. */
export function paintState(state: string): string {
  switch (state) {
    case "Healthy":
    case "Synced":
    case "Running":
    case "Successful":
    case "Succeeded":
    case "True":
      return paint("green", state);
    case "Progressing":
    case "Pending":
    case "OutOfSync":
    case "Paused":
    case "Suspended":
    case "Inconclusive":
    case "Unknown":
      return paint("yellow", state);
    case "Degraded":
    case "Failed":
    case "Error":
    case "Missing":
    case "CrashLoopBackOff":
      return paint("red", state);
    default:
      return state;
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are control characters
const escapes = /\u001b\[[0-9;]*m/g;

/** How many columns a text takes on the screen. */
export const width = (text: string): number => [...text.replace(escapes, "")].length;

export const padEnd = (text: string, columns: number): string => text + " ".repeat(Math.max(0, columns - width(text)));
