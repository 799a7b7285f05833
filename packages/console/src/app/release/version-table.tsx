import type { Pod } from "@sluice/api";
import { Fragment, type ReactNode } from "react";
import { Link } from "wouter";
import { formatDuration, formatRate, formatSeconds, formatShare } from "../format.ts";
import { Countdown } from "../parts/ago.tsx";
import { stateOf } from "../pods/pod-state.ts";
import type { Traffic } from "./use-traffic.ts";
import { isReady, restartsOf, type Version } from "./versions.ts";

/** One row a version: what it is, its Pods, and what it does now. */
export function VersionTable({
  versions,
  colours,
  traffic,
}: {
  readonly versions: readonly Version[];
  readonly colours: ReadonlyMap<string, number>;
  readonly traffic: Traffic;
}): ReactNode {
  return (
    <table className="versions">
      <thead>
        <tr>
          <th scope="col">Version</th>
          <th scope="col">Pods</th>
          <th scope="col" className="number">
            Restarts
          </th>
          <th scope="col" className="number">
            Requests
          </th>
          <th scope="col" className="number">
            Errors
          </th>
          <th scope="col" className="number">
            p95
          </th>
        </tr>
      </thead>
      <tbody>
        {versions.map((version) => (
          <tr key={version.hash}>
            <th scope="row">
              <span className="version-name">
                <span className={`swatch colour-${colours.get(version.hash) ?? 0}`} aria-hidden="true" />
                <span>
                  <ImageNames images={version.images} /> <Roles version={version} />
                  <span className="under" title={`pod template hash ${version.hash}`}>
                    revision {version.revision} · {version.hash}
                  </span>
                </span>
              </span>
            </th>
            <td>
              <PodDots pods={version.pods} />
              <span className="under numbers">
                {version.wanted === 0 && version.pods.length === 0
                  ? "scaled down"
                  : `${version.ready} of ${version.wanted} ready`}
                {version.goesAt !== undefined && (
                  <>
                    {", "}
                    <span title="Until then the way back to it is a matter of a moment">
                      kept, <Countdown until={version.goesAt} />
                    </span>
                  </>
                )}
              </span>
            </td>
            <td className={`number ${version.restarts > 0 ? "warn-text" : ""}`}>{version.restarts}</td>
            <Now traffic={traffic} hash={version.hash} />
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A long name breaks before its tag, or between its parts, rather than anywhere. */
function ImageNames({ images }: { readonly images: readonly string[] }): ReactNode {
  return images
    .join(", ")
    .split(/(?<=\/)|(?=:)/)
    .map((part, index) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one name never move
      <Fragment key={index}>
        {index > 0 && <wbr />}
        {part}
      </Fragment>
    ));
}

function Roles({ version: { roles, isQuarantined } }: { readonly version: Version }): ReactNode {
  if (isQuarantined) return <span className="role bad">quarantined</span>;
  return roles
    .filter((role) => role !== "old")
    .map((role) => (
      <span key={role} className={`role ${role}`}>
        {role}
      </span>
    ));
}

export function PodDots({ pods }: { readonly pods: readonly Pod[] }): ReactNode {
  return (
    <span className="pod-dots">
      {pods.map((pod) => {
        const restarts = restartsOf(pod);
        const state = `${stateOf(pod)}${restarts > 0 ? `, restarted ${restarts} ×` : ""}`;
        return (
          <Link
            key={pod.metadata.uid}
            href={`/pods/${pod.metadata.namespace}/${pod.metadata.name}`}
            className={`pod-dot ${toneOf(pod)}`}
            aria-label={`Pod ${pod.metadata.name}: ${state}`}
            title={`${pod.metadata.name}: ${state}`}
          />
        );
      })}
    </span>
  );
}

function toneOf(pod: Pod): string {
  if (pod.metadata.deletionTimestamp !== undefined) return "leaving";
  if (isReady(pod)) return restartsOf(pod) > 0 ? "warn" : "good";
  return restartsOf(pod) > 0 ? "bad" : "waiting";
}

function Now({ traffic, hash }: { readonly traffic: Traffic; readonly hash: string }): ReactNode {
  if (traffic.is !== "known") {
    return (
      <td colSpan={3} className="number quiet">
        {traffic.is === "loading" ? "" : "no metrics"}
      </td>
    );
  }
  const { rate, errors, p95 } = traffic.series;
  const now = { rate: rate.byHash.get(hash)?.at(-1), errors: errors.byHash.get(hash)?.at(-1) };
  const latency = p95.byHash.get(hash)?.at(-1);
  if (now.rate === undefined || now.rate === null || now.rate === 0) {
    return (
      <td colSpan={3} className="number quiet" title={`in the last ${formatDuration(10_000)}`}>
        no traffic
      </td>
    );
  }
  return (
    <>
      <td className="number">{formatRate(now.rate)}</td>
      <td className={`number ${(now.errors ?? 0) > 0.01 ? "bad-text" : ""}`}>{formatShare(now.errors ?? 0)}</td>
      <td className="number">{latency === undefined || latency === null ? "" : formatSeconds(latency)}</td>
    </>
  );
}
