import type { AnalysisRun, Decision, Event, Quarantine, ReplicaSet } from "@sluice/api";
import { memo, useMemo, useState } from "react";
import { useItems } from "../data/use-live.ts";
import { Section } from "../parts/page.tsx";
import { chaptersOf } from "./timeline.ts";
import { TimelineView } from "./timeline-view.tsx";
import { hashOf } from "./versions.ts";

interface DecisionsProps {
  readonly namespace: string;
  readonly name: string;
  readonly decisions: readonly Decision[];
  readonly replicaSets: readonly ReplicaSet[];
  readonly runs: readonly AnalysisRun[];
  readonly quarantines: readonly Quarantine[];
}

const noEvents: readonly Event[] = [];

export const DecisionsSection = memo(
  ({ namespace, name, decisions, replicaSets, runs, quarantines }: DecisionsProps) => {
    const [withEvents, setWithEvents] = useState(false);
    const about = new Set([
      `Rollout ${name}`,
      ...[...runs, ...quarantines].map(({ kind, metadata }) => `${kind} ${metadata.name}`),
    ]);
    const events =
      useItems<Event>("events", namespace, ({ involvedObject }) => {
        return withEvents && about.has(`${involvedObject.kind} ${involvedObject.name}`);
      }) ?? noEvents;
    const chapters = useMemo(() => {
      const images = new Map(
        replicaSets.map((set) => [
          hashOf(set),
          set.spec.template?.spec.containers.map(({ image }) => image).join(", "),
        ]),
      );
      return chaptersOf(decisions, events, (hash) => images.get(hash));
    }, [decisions, events, replicaSets]);
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
  },
);
