import type { Resource } from "@sluice/api";
import { type ReactNode, useState } from "react";
import type { CollectionState } from "../data/live-collection.ts";
import { counted } from "../format.ts";
import { FilterField, matches, useFilter } from "./filter.tsx";
import { ownerOf } from "./object-link.tsx";
import { Page } from "./page.tsx";
import { Empty, Loading } from "./states.tsx";

const pageSize = 100;

/** The newest first, as many as a screen or two hold; a filter and a button bring the others. */
export function ListPage<R extends Resource>({
  title,
  noun,
  collection,
  headings,
  row,
  textsOf,
  startOf,
  empty,
  isOwnable = false,
}: {
  readonly title: string;
  /** One of them: `experiment`. */
  readonly noun: string;
  readonly collection: CollectionState<R>;
  readonly headings: readonly string[];
  readonly row: (object: R) => ReactNode;
  /** What the filter looks at. */
  readonly textsOf: (object: R) => readonly (string | undefined)[];
  /** RFC 3339. */
  readonly startOf: (object: R) => string | undefined;
  readonly empty: ReactNode;
  /** Some were made by a release, others by hand. */
  readonly isOwnable?: boolean;
}): ReactNode {
  const [filter, setFilter] = useFilter();
  const [only, setOnly] = useFilter("only");
  const [shownMax, setShownMax] = useState(pageSize);
  if (collection.is === "loading") {
    return (
      <Page title={title}>
        <Loading rows={6} />
      </Page>
    );
  }
  const found = collection.items
    .filter(
      (object) =>
        (only !== "own" || ownerOf(object) === undefined) &&
        matches(filter, [object.metadata.name, object.metadata.namespace, ...textsOf(object)]),
    )
    .map((object) => ({ object, start: startOf(object) ?? object.metadata.creationTimestamp ?? "" }))
    .sort((a, b) =>
      a.start === b.start ? (a.object.metadata.name < b.object.metadata.name ? -1 : 1) : a.start < b.start ? 1 : -1,
    );
  const filters = (
    <div className="filters">
      {isOwnable && (
        <label className="choice">
          <input
            type="checkbox"
            checked={only === "own"}
            onChange={({ target }) => setOnly(target.checked ? "own" : "")}
          />
          Of no release only
        </label>
      )}
      <FilterField label={`Filter ${noun}s`} value={filter} onChange={setFilter} />
    </div>
  );
  return (
    <Page title={title} actions={collection.items.length > 0 && filters}>
      {collection.items.length === 0 ? (
        empty
      ) : found.length === 0 ? (
        <Empty title={`No ${noun} matches the filter`} />
      ) : (
        <div className="card table-card">
          <table className="list">
            <thead>
              <tr>
                {headings.map((heading) => (
                  <th key={heading} scope="col">
                    {heading}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>{found.slice(0, shownMax).map(({ object }) => row(object))}</tbody>
          </table>
          {found.length > shownMax && (
            <p className="more">
              <span>
                {shownMax} of {counted(found.length, noun)}
              </span>{" "}
              <button type="button" onClick={() => setShownMax(shownMax + pageSize)}>
                Show {Math.min(pageSize, found.length - shownMax)} more
              </button>
            </p>
          )}
        </div>
      )}
    </Page>
  );
}
