import { type ReactNode, useEffect, useRef } from "react";
import { Countdown } from "../parts/ago.tsx";
import type { ShownStep } from "./shown-step.ts";

const states = { done: "done", current: "now", next: "to come", failed: "failed" } as const;

/** The steps from left to right; the current one is kept in view. */
export function StepTrack({ steps }: { readonly steps: readonly ShownStep[] }): ReactNode {
  const track = useRef<HTMLOListElement>(null);
  const isDone = steps.every(({ state }) => state === "done");
  const current = isDone ? steps.length - 1 : steps.findIndex(({ state }) => state === "current");
  useEffect(() => {
    const item = track.current?.children[current];
    if (!(item instanceof HTMLElement) || track.current === null) return;
    track.current.scrollTo({ left: item.offsetLeft - track.current.clientWidth / 2 + item.clientWidth / 2 });
  }, [current]);
  if (steps.length === 0) return <p className="quiet">It has no steps: a new version gets all traffic at once.</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <ol className="track" ref={track} tabIndex={0} aria-label="Steps">
      {steps.map(({ index, kind, text, title, state, endsAt }) => (
        <li key={index} className={`step ${state} ${kind}`} aria-current={state === "current" ? "step" : undefined}>
          <span className="mark" aria-hidden="true">
            {marks[kind]}
          </span>
          <span className="step-text" title={title}>
            <span aria-hidden="true">{text}</span>
            <span className="unseen">
              {title}, {states[state]}
            </span>
          </span>
          <span className="step-note">{endsAt !== undefined && <Countdown until={endsAt} />}</span>
        </li>
      ))}
    </ol>
  );
}

const marks: Readonly<Record<ShownStep["kind"], ReactNode>> = {
  weight: <span className="mark-dot" />,
  pause: (
    <svg viewBox="0 0 12 12" aria-hidden="true">
      <path d="M4.2 3.4v5.2M7.8 3.4v5.2" />
    </svg>
  ),
  analysis: (
    <svg viewBox="0 0 12 12" aria-hidden="true">
      <path d="M3 9V6.5M6 9V3M9 9V5" />
    </svg>
  ),
  scale: (
    <svg viewBox="0 0 12 12" aria-hidden="true">
      <path d="M3 6h6M6 3v6" />
    </svg>
  ),
  route: (
    <svg viewBox="0 0 12 12" aria-hidden="true">
      <path d="M3 9V6h6V3M7.4 4.4 9 2.8l1.6 1.6" />
    </svg>
  ),
  other: <span className="mark-dot" />,
};
