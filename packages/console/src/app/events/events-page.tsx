import type { Event } from "@sluice/api";
import { memo, type ReactNode } from "react";
import { useCollection } from "../data/use-live.ts";
import { Ago } from "../parts/ago.tsx";
import { FilterField, matches, useFilter } from "../parts/filter.tsx";
import { ObjectLink } from "../parts/object-link.tsx";
import { Page } from "../parts/page.tsx";
import { Empty, Loading } from "../parts/states.tsx";
import { eventAt } from "../release/timeline.ts";

const shownMax = 300;

export function EventsPage(): ReactNode {
  const events = useCollection<Event>("events");
  const [filter, setFilter] = useFilter();
  const [only, setOnly] = useFilter("only");
  if (events.is === "loading") {
    return (
      <Page title="Events">
        <Loading rows={8} />
      </Page>
    );
  }
  const found = events.items
    .filter(
      ({ type, reason, message, involvedObject: { kind, name, namespace } }) =>
        (only !== "warnings" || type === "Warning") && matches(filter, [reason, message, kind, name, namespace]),
    )
    .toSorted((a, b) => eventAt(b) - eventAt(a));
  return (
    <Page
      title="Events"
      actions={
        events.items.length > 0 && (
          <div className="filters">
            <label className="choice">
              <input
                type="checkbox"
                checked={only === "warnings"}
                onChange={({ target }) => setOnly(target.checked ? "warnings" : "")}
              />
              Warnings only
            </label>
            <FilterField label="Filter events" value={filter} onChange={setFilter} />
          </div>
        )
      }
    >
      {events.items.length === 0 ? (
        <Empty title="Nothing has happened yet" />
      ) : found.length === 0 ? (
        <Empty title="No event matches the filter" />
      ) : (
        <div className="card table-card">
          <table className="list events">
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Reason</th>
                <th scope="col">About</th>
                <th scope="col">Message</th>
              </tr>
            </thead>
            <tbody>
              {found.slice(0, shownMax).map((event) => (
                <Row key={event.metadata.uid} event={event} />
              ))}
            </tbody>
          </table>
          {found.length > shownMax && <p className="more">{found.length - shownMax} older: narrow the filter.</p>}
        </div>
      )}
    </Page>
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
