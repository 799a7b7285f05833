import type { ReactNode } from "react";

export type Tone = "good" | "busy" | "warn" | "bad" | "quiet";

const tones: Readonly<Record<string, Tone>> = {
  Healthy: "good",
  Synced: "good",
  Successful: "good",
  Succeeded: "good",
  Completed: "good",
  Ready: "good",
  promoted: "good",
  Progressing: "busy",
  Running: "busy",
  "under way": "busy",
  Pending: "busy",
  Preparing: "busy",
  WaitingForReady: "busy",
  CheckingHealth: "busy",
  SmokeTesting: "busy",
  Switching: "busy",
  Verifying: "busy",
  Draining: "busy",
  SwitchingBack: "warn",
  CleaningUp: "busy",
  Notifying: "busy",
  Aborted: "warn",
  Paused: "warn",
  Suspended: "warn",
  OutOfSync: "warn",
  Inconclusive: "warn",
  Terminating: "warn",
  "Not ready": "warn",
  Missing: "warn",
  Warning: "warn",
  Degraded: "bad",
  Failed: "bad",
  Error: "bad",
  CrashLoopBackOff: "bad",
  "taken back": "bad",
};

export const toneOf = (state: string): Tone => tones[state] ?? "quiet";

/** A state in a word. The dot's form tells the tone too, for who doesn't see its colour. */
export function Badge({ state, tone = toneOf(state) }: { readonly state: string; readonly tone?: Tone }): ReactNode {
  return (
    <span className={`badge ${tone}`}>
      <svg viewBox="0 0 12 12" aria-hidden="true">
        {shapes[tone]}
      </svg>
      {state}
    </span>
  );
}

const shapes: Readonly<Record<Tone, ReactNode>> = {
  good: <path d="M2.2 6.4 4.9 9 9.8 3.4" />,
  busy: <circle cx="6" cy="6" r="3.6" strokeDasharray="14 9" />,
  warn: <path d="M4.2 3v6M7.8 3v6" />,
  bad: <path d="M3 3l6 6M9 3l-6 6" />,
  quiet: <path d="M3 6h6" />,
};
