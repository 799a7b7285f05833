import type { Decision, DecisionEvidence } from "@sluice/api";
import { memo, type ReactNode, useState } from "react";
import { formatClock, formatDuration, formatFull, formatMeasured, formatNumber } from "../format.ts";
import { Ago } from "../parts/ago.tsx";
import { Badge } from "../parts/badge.tsx";
import type { Chapter, TimelineEntry } from "./timeline.ts";

/** Release after release, newest first; the latest is open. */
export function TimelineView({ chapters }: { readonly chapters: readonly Chapter[] }): ReactNode {
  if (chapters.length === 0) return <p className="quiet">Nothing has been decided yet.</p>;
  return (
    <div className="timeline">
      {chapters.map((chapter, index) => (
        <ChapterView key={chapter.key} chapter={chapter} isLatest={index === 0} />
      ))}
    </div>
  );
}

function ChapterView({ chapter, isLatest }: { readonly chapter: Chapter; readonly isLatest: boolean }): ReactNode {
  const [isOpen, setOpen] = useState(isLatest);
  const { title, revision, result, took, startedAt, entries } = chapter;
  return (
    <details open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        <span className="chapter-title">{title}</span>
        {revision !== undefined && <span className="quiet">revision {revision}</span>}
        {result !== undefined && <Badge state={result} />}
        <span className="quiet chapter-when">
          {took === undefined ? <Ago at={startedAt} /> : `took ${formatDuration(took)}`}
        </span>
      </summary>
      {isOpen && (
        <ol>
          {entries.map((entry) => (
            <EntryView key={entry.key} entry={entry} />
          ))}
        </ol>
      )}
    </details>
  );
}

const EntryView = memo(({ entry }: { readonly entry: TimelineEntry }) => {
  const { at, action, text, tone, count, decision } = entry;
  return (
    <li className={`entry ${tone} ${decision === undefined ? "is-event" : ""}`}>
      <time dateTime={new Date(at).toISOString()} title={formatFull(at)}>
        {formatClock(at)}
      </time>
      <div>
        <span className="action">{action}</span> {text}
        {count !== undefined && <span className="quiet"> × {count}</span>}
        {decision !== undefined && hasMore(decision) && <Evidence decision={decision} />}
      </div>
    </li>
  );
});

const hasMore = ({ spec: { evidence = [], inputs = {} } }: Decision): boolean =>
  evidence.length > 0 || Object.keys(inputs).length > 0;

function Evidence({ decision: { spec } }: { readonly decision: Decision }): ReactNode {
  const { evidence = [], inputs = {}, by } = spec;
  const facts = Object.entries(inputs).flatMap(([name, value]) => factsOf(name, value));
  return (
    <details className="evidence">
      <summary>{evidence.length > 0 ? "Evidence" : "From what"}</summary>
      {by !== undefined && <p>Asked by {by}.</p>}
      {evidence.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">Value</th>
              <th scope="col">Has to be</th>
              <th scope="col">Requests seen</th>
            </tr>
          </thead>
          <tbody>
            {evidence.map((one) => (
              <EvidenceRow key={one.name} evidence={one} />
            ))}
          </tbody>
        </table>
      )}
      {facts.length > 0 && (
        <dl className="inputs">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </details>
  );
}

function EvidenceRow({ evidence }: { readonly evidence: DecisionEvidence }): ReactNode {
  const { name, value, threshold, verdict, requests, share, message } = evidence;
  return (
    <tr>
      <th scope="row">
        {name}
        {message !== undefined && <span className="under">{message}</span>}
      </th>
      <td className={verdict === "Failed" || verdict === "Error" ? "bad-text numbers" : "numbers"}>
        {formatMeasured(value)}
      </td>
      <td>
        <code>{String(threshold ?? "").replaceAll("result[0]", "value")}</code>
      </td>
      <td className="numbers">
        {requests === undefined ? "" : formatNumber(requests)}
        {share === undefined ? "" : ` (${formatNumber(share * 100)} % of the traffic)`}
      </td>
    </tr>
  );
}

/** `replicas: {canary: {available: 1}}` is `replicas, canary, available: 1`. */
function factsOf(name: string, value: unknown): readonly (readonly [string, string])[] {
  if (typeof value !== "object" || value === null) return [[spaced(name), String(value)]];
  return Object.entries(value).flatMap(([key, inner]) => factsOf(`${name}, ${key}`, inner));
}

const spaced = (name: string): string =>
  name.replace(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`);
