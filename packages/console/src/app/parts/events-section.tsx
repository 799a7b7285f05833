import type { Event } from "@sluice/api";
import type { ReactNode } from "react";
import { useItems } from "../data/use-live.ts";
import { formatClock, formatFull } from "../format.ts";
import { eventAt } from "../release/timeline.ts";
import { Section } from "./page.tsx";

const shownMax = 50;

/** What happened to the objects of this name, newest first. */
export function EventsSection({
  namespace,
  name,
  kinds,
}: {
  readonly namespace: string;
  readonly name: string;
  readonly kinds: readonly string[];
}): ReactNode {
  const isAbout = ({ involvedObject: { kind = "" } }: Event) => kinds.includes(kind);
  const events = useItems<Event>("events", namespace, isAbout, name) ?? [];
  const shown = events.toSorted((a, b) => eventAt(b) - eventAt(a)).slice(0, shownMax);
  return (
    <Section title="Events">
      {shown.length === 0 ? (
        <p className="quiet">None yet.</p>
      ) : (
        <div className="timeline">
          <ol>
            {shown.map((event) => (
              <li key={event.metadata.uid} className={`entry is-event ${event.type === "Warning" ? "warn" : "plain"}`}>
                <time dateTime={new Date(eventAt(event)).toISOString()} title={formatFull(eventAt(event))}>
                  {formatClock(eventAt(event))}
                </time>
                <div>
                  <span className="action">{event.reason}</span> {event.message}
                  {(event.count ?? 1) > 1 && <span className="quiet"> × {event.count}</span>}
                </div>
              </li>
            ))}
          </ol>
        </div>
      )}
    </Section>
  );
}
