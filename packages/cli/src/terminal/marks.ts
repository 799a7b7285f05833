import { paint, paintState } from "./style.ts";

const marks: Readonly<Record<string, string>> = {
  Healthy: "✔",
  Successful: "✔",
  Paused: "‖",
  Degraded: "✘",
  Failed: "✘",
  Error: "!",
  Inconclusive: "?",
  Running: "↻",
  Progressing: "↻",
};

/** A state with its mark, in its colour. */
export function markedState(state: string): string {
  const mark = marks[state];
  if (mark === undefined) return paintState(state);
  // Painted by the word: the mark gets its colour with it.
  return paintState(state).replace(state, `${mark} ${state}`);
}

/** A measurement as one sign. */
export function measurementMark(phase: string): string {
  if (phase === "Successful") return paint("green", "✔");
  if (phase === "Failed") return paint("red", "✘");
  if (phase === "Error") return paint("red", "!");
  return phase === "Inconclusive" ? paint("yellow", "?") : paint("dim", "·");
}
