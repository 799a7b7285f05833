import type { Event } from "@sluice/api";
import { memo, type ReactNode } from "react";
import { useCollection } from "../data/use-live.ts";
import { Ago } from "../parts/ago.tsx";
import { ListPage, type Narrowing } from "../parts/list-page.tsx";
import { ObjectLink } from "../parts/object-link.tsx";
import { Empty } from "../parts/states.tsx";
import { eventAt } from "../release/timeline.ts";

const headings = ["When", "Reason", "About", "Message"];

const warnings: Narrowing<Event> = {
  value: "warnings",
  label: "Warnings only",
  keeps: ({ type }) => type === "Warning",
};

export function EventsPage(): ReactNode {
  return (
    <ListPage
      title="Events"
      noun="event"
      collection={useCollection<Event>("events")}
      headings={headings}
      row={(event) => <Row key={event.metadata.uid} event={event} />}
      textsOf={({ reason, message, involvedObject: { kind, name, namespace } }) => [
        reason,
        message,
        kind,
        name,
        namespace,
      ]}
      order={(one, other) => eventAt(other) - eventAt(one)}
      narrowing={warnings}
      rows="events"
      empty={<Empty title="Nothing has happened yet" />}
    />
  );
}

const Row = memo(({ event }: { readonly event: Event }) => (
  <tr className={event.type === "Warning" ? "is-warning" : ""}>
    <td data-label="When" className="when">
      <Ago at={eventAt(event)} />
    </td>
    <td data-label="Reason">
      {event.type === "Warning" && <span className="unseen">Warning: </span>}
      <span className="reason">{event.reason}</span>
      {(event.count ?? 1) > 1 && <span className="quiet numbers"> × {event.count}</span>}
    </td>
    <td data-label="About">
      <ObjectLink {...aboutOf(event)} />
    </td>
    <td data-label="Message" className="wide message">
      {event.message}
    </td>
  </tr>
));

const aboutOf = ({ involvedObject: { kind = "", namespace, name = "" } }: Event) => ({ kind, namespace, name });
