import type { Ring, RingSet, Rollout } from "@sluice/api";
import { isRingOn, ringText } from "@sluice/api/release";
import type { ReactNode } from "react";
import { formatShare } from "../../format.ts";
import { others, type RingTraffic } from "./ring-traffic.ts";
import { useRingTraffic } from "./use-ring-traffic.ts";

/** Who is in which ring, which are on, and what each really got in the last minute. */
export function RingsView({ rollout, ringSet }: { readonly rollout: Rollout; readonly ringSet: RingSet }): ReactNode {
  const { metadata, status } = rollout;
  const traffic = useRingTraffic(metadata.namespace ?? "default", metadata.name);
  const isDone = status?.stableRS === status?.currentPodHash;
  const weight = isDone ? 100 : (status?.canary?.weights?.canary.weight ?? 0);
  const { user, rings } = ringSet.spec;
  const field = user?.header === undefined ? user?.cookie && `cookie ${user.cookie}` : `header ${user.header}`;
  return (
    <>
      <table className="versions rings">
        <thead>
          <tr>
            <th scope="col">Ring</th>
            <th scope="col">State</th>
            <th scope="col" className="number">
              Requests
            </th>
            <th scope="col" className="number">
              New version
            </th>
          </tr>
        </thead>
        <tbody>
          {rings.map((ring) => (
            <RingRow key={ring.name} ring={ring} weight={weight} traffic={traffic?.get(ring.name)} />
          ))}
          <tr>
            <th scope="row">
              all others
              <span className="under">whom no ring names</span>
            </th>
            <td>
              <span className="quiet">by share and weight</span>
            </td>
            <TrafficCells traffic={traffic?.get(others)} />
          </tr>
        </tbody>
      </table>
      <p className="under wraps">
        {field
          ? `Users are told apart by ${field}; requests without it are dealt by weight. `
          : "Requests are dealt by weight. "}
        Requests of the last minute.
      </p>
    </>
  );
}

function RingRow({
  ring,
  weight,
  traffic,
}: {
  readonly ring: Ring;
  readonly weight: number;
  readonly traffic: RingTraffic | undefined;
}): ReactNode {
  const isOn = isRingOn(ring, weight);
  return (
    <tr>
      <th scope="row">
        {ring.name}
        <span className="under">{ringText(ring)}</span>
      </th>
      <td>
        <span className={`role ${isOn ? "canary" : ""}`}>{isOn ? "on" : `from ${ring.weight} %`}</span>
      </td>
      <TrafficCells traffic={traffic} />
    </tr>
  );
}

function TrafficCells({ traffic }: { readonly traffic: RingTraffic | undefined }): ReactNode {
  return (
    <>
      <td className="number numbers">
        {traffic === undefined ? <span className="quiet">–</span> : formatShare(traffic.requests)}
      </td>
      <td className="number numbers">
        {traffic?.toCanary === undefined ? <span className="quiet">–</span> : formatShare(traffic.toCanary)}
      </td>
    </>
  );
}
