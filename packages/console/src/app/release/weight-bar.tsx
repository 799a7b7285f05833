import type { ReactNode } from "react";
import type { Share, Version } from "./versions.ts";

/** Who gets how much of the traffic. Widths are exact; the change between two is shown as a move. */
export function WeightBar({
  shares,
  versions,
  colours,
  note,
}: {
  readonly shares: readonly Share[];
  readonly versions: readonly Version[];
  readonly colours: ReadonlyMap<string, number>;
  /** What the weights alone don't tell. */
  readonly note?: string | undefined;
}): ReactNode {
  const shown = shares.map((share) => ({ ...share, version: versions.find(({ hash }) => hash === share.hash) }));
  return (
    <div className="weights">
      <div className="weight-bar" aria-hidden="true">
        {shown.map(({ hash, percent }) => (
          <span
            key={hash}
            className={`colour-${colours.get(hash) ?? 0} ${percent === 0 ? "none" : ""}`}
            style={{ flexGrow: percent }}
          />
        ))}
      </div>
      <ul className="weight-names" aria-label="Traffic by version">
        {shown.map(({ hash, percent, version, experiment }) => (
          <li key={hash}>
            <span className={`swatch colour-${colours.get(hash) ?? 0}`} aria-hidden="true" />
            <strong className="numbers">{percent} %</strong>
            <span>
              {version?.images.join(", ") ?? experiment ?? hash}{" "}
              <span className="quiet">{experiment === undefined ? version?.roles[0] : "experiment"}</span>
            </span>
          </li>
        ))}
        {shown.length === 0 && <li className="quiet">No version is ready yet.</li>}
      </ul>
      {note !== undefined && <p className="quiet">{note}</p>}
    </div>
  );
}
