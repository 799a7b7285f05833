import type { Decision, Event } from "@sluice/api";
import { memo, useMemo, useState } from "react";
import { useItems } from "../data/use-live.ts";
import { Section } from "../parts/page.tsx";
import { chaptersOf } from "./timeline.ts";
import { TimelineView } from "./timeline-view.tsx";

interface DecisionsProps {
  readonly namespace: string;
  readonly decisions: readonly Decision[];
  /** `Rollout shop`: whose events belong to it. */
  readonly about: ReadonlySet<string>;
  /** What a release is called that begins with this decision. */
  readonly titleOf: (begin: Decision) => string | undefined;
}

const noEvents: readonly Event[] = [];

export const DecisionsSection = memo(({ namespace, decisions, about, titleOf }: DecisionsProps) => {
  const [withEvents, setWithEvents] = useState(false);
  const events =
    useItems<Event>("events", namespace, ({ involvedObject }) => {
      return withEvents && about.has(`${involvedObject.kind} ${involvedObject.name}`);
    }) ?? noEvents;
  const chapters = useMemo(() => chaptersOf(decisions, events, titleOf), [decisions, events, titleOf]);
  return (
    <Section
      title="Decisions"
      beside={
        <label className="choice">
          <input type="checkbox" checked={withEvents} onChange={({ target }) => setWithEvents(target.checked)} />
          With events
        </label>
      }
    >
      <TimelineView chapters={chapters} />
    </Section>
  );
});
