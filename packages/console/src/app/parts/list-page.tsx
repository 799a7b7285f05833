import type { Resource } from "@sluice/api";
import { type ReactNode, useState } from "react";
import type { CollectionState } from "../data/live-collection.ts";
import { counted } from "../format.ts";
import { FilterField, matches, useFilter } from "./filter.tsx";
import { ownerOf } from "./object-link.tsx";
import { Page } from "./page.tsx";
import { Empty, Loading } from "./states.tsx";

const pageSize = 100;

/** What a list may be narrowed to besides the filter's words. */
export interface Narrowing<R> {
  /** As it stands in the address. */
  readonly value: string;
  readonly label: string;
  readonly keeps: (object: R) => boolean;
}

/** Some were made by a release, others by hand. */
export const ofNoRelease: Narrowing<Resource> = {
  value: "own",
  label: "Of no release only",
  keeps: (object) => ownerOf(object) === undefined,
};

/** As many as a screen or two hold; a filter and a button bring the others. */
export function ListPage<R extends Resource>({
  title,
  noun,
  collection,
  headings,
  row,
  textsOf,
  order,
  empty,
  narrowing,
  rows = "plain",
}: {
  readonly title: string;
  /** One of them: `experiment`. */
  readonly noun: string;
  readonly collection: CollectionState<R>;
  readonly headings: readonly string[];
  readonly row: (object: R) => ReactNode;
  /** What the filter looks at. */
  readonly textsOf: (object: R) => readonly (string | undefined)[];
  readonly order: (one: R, other: R) => number;
  readonly empty: ReactNode;
  readonly narrowing?: Narrowing<R>;
  readonly rows?: "plain" | "events";
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
        (narrowing === undefined || only !== narrowing.value || narrowing.keeps(object)) &&
        matches(filter, [object.metadata.name, object.metadata.namespace, ...textsOf(object)]),
    )
    .toSorted(order);
  const filters = (
    <div className="filters">
      {narrowing !== undefined && (
        <label className="choice">
          <input
            type="checkbox"
            checked={only === narrowing.value}
            onChange={({ target }) => setOnly(target.checked ? narrowing.value : "")}
          />
          {narrowing.label}
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
          <table className={rows === "events" ? "list events" : "list"}>
            <thead>
              <tr>
                {headings.map((heading) => (
                  <th key={heading} scope="col">
                    {heading}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>{found.slice(0, shownMax).map(row)}</tbody>
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

/** For `order`: what has an early name, and in which namespace, comes first. */
export function byName({ metadata: one }: Resource, { metadata: other }: Resource): number {
  if (one.namespace !== other.namespace) return (one.namespace ?? "") < (other.namespace ?? "") ? -1 : 1;
  return one.name < other.name ? -1 : 1;
}

/** For `order`. `startOf`: RFC 3339; what hasn't started counts from when it was made. */
export function newestFirst<R extends Resource>(
  startOf: (object: R) => string | undefined,
): (one: R, other: R) => number {
  const from = (object: R) => startOf(object) ?? object.metadata.creationTimestamp ?? "";
  return (one, other) => {
    const [left, right] = [from(one), from(other)];
    if (left === right) return one.metadata.name < other.metadata.name ? -1 : 1;
    return left < right ? 1 : -1;
  };
}
