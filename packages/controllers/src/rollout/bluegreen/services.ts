import type { Endpoint, EndpointSlice, Pod, Service } from "@sluice/api";
import type { PlannedEvent } from "@sluice/kernel";
import type { Effect } from "../../loop/index.ts";
import { endpointOf } from "../../pods/index.ts";
import { podHashLabel } from "../../version/index.ts";
import { syntheticOf } from "../analysis/synthetic.ts";
import { replicasOf } from "../canary/steps.ts";
import type { ObservedRollout } from "../observe.ts";
import { selectedBy, switchEvent, withSelector } from "../routing/selector.ts";
import { availableOf, hashOf, type View } from "../view.ts";
import { blueGreenOf } from "./strategy.ts";

const serviceOf = ({ services }: ObservedRollout, name: string | undefined): Service | undefined =>
  name === undefined || name === "" ? undefined : services.get(name);

/** The version that everybody gets; "" while the active Service doesn't tell versions apart yet. */
export const activeHash = (observed: ObservedRollout, { rollout }: View): string =>
  selectedBy(serviceOf(observed, blueGreenOf(rollout)?.activeService));

/**
 * Everybody was led away from it and status doesn't say so: all crashed on the way to a verdict, of which the answers of our
 * own requests are lost.
 */
export const isBackUntold = (observed: ObservedRollout, view: View): boolean =>
  activeHash(observed, view) !== view.hash &&
  view.status.blueGreen?.activeSelector === view.hash &&
  syntheticOf(observed).is === "running";

/**
 * Who has everybody until the switch: the stable version, where it is whole and the Service told no versions apart, or
 * somebody made it select one that isn't there.
 */
export function activeBefore(observed: ObservedRollout, view: View): string {
  const active = activeHash(observed, view);
  const { stable } = view;
  const isWhole = stable !== undefined && availableOf(stable) >= replicasOf(view.rollout);
  const isNowhere = !observed.replicaSets.some((set) => hashOf(set) === active);
  return isNowhere && isWhole && !view.isFullyPromoted ? hashOf(stable) : active;
}

export interface ServicePlan {
  readonly actions: readonly Effect[];
  readonly events: readonly PlannedEvent[];
  /** What the selectors say once the actions are done. */
  readonly active: string;
  readonly preview: string;
}

/**
 * The active Service at `active`, the preview Service at the new version as soon as that is there. `answering`: Pods without
 * which nobody is sent there after all.
 */
export function planServices(
  observed: ObservedRollout,
  view: View,
  active: string,
  answering: readonly Pod[] = [],
): ServicePlan {
  const { activeService, previewService } = blueGreenOf(view.rollout) ?? {};
  const actions: Effect[] = [];
  const events: PlannedEvent[] = [];
  const aim = (name: string | undefined, hash: string, needed: readonly Pod[] = []): string => {
    const service = serviceOf(observed, name);
    const before = selectedBy(service);
    if (service === undefined || hash === "" || before === hash) return before;
    const object = withSelector(service, hash, view.rollout.metadata.name);
    actions.push({ do: "update", object, ...(needed.length === 0 ? {} : { onlyWhile: needed }) });
    events.push(switchEvent(service, hash));
    return hash;
  };
  const next = aim(activeService, active, answering);
  const preview = aim(previewService, view.canary === undefined ? "" : view.hash);
  return { actions, events, active: next, preview };
}

/** Traffic goes back where somebody is there to take it: to a stable version without Pods it would be all errors. */
export function planSwitchBack(observed: ObservedRollout, view: View): ServicePlan {
  const stable = availableOf(view.stable) > 0 && view.stable !== undefined ? hashOf(view.stable) : "";
  return planServices(observed, view, stable === "" ? activeHash(observed, view) : stable);
}

/** How many Pods of the new version would answer at the active Service, if it selected them now. */
export function reachablePods(observed: ObservedRollout, view: View): number {
  const service = serviceOf(observed, blueGreenOf(view.rollout)?.activeService);
  if (service === undefined) return 0;
  return observed.pods.filter(
    (pod) =>
      pod.metadata.labels?.[podHashLabel] === view.hash &&
      endpointOf(service, pod)?.endpoint.conditions?.ready === true,
  ).length;
}

const slicesOf = ({ endpointSlices }: ObservedRollout, name: string | undefined): readonly EndpointSlice[] =>
  endpointSlices.filter(({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === name);

/** ReplicaSets, by hash, whose Pods the active Service's endpoints still name, whatever its selector says by now. */
const servedHashes = (observed: ObservedRollout, view: View): ReadonlySet<string> =>
  hashesIn(observed, view, () => true);

/** Those of them that somebody may still be sent to. */
export const answeringHashes = (observed: ObservedRollout, view: View): ReadonlySet<string> =>
  hashesIn(observed, view, ({ conditions }) => conditions?.ready !== false);

function hashesIn(
  observed: ObservedRollout,
  { rollout }: View,
  isMeant: (endpoint: Endpoint) => boolean,
): ReadonlySet<string> {
  const names = slicesOf(observed, blueGreenOf(rollout)?.activeService).flatMap(({ endpoints }) =>
    (endpoints ?? []).filter(isMeant).map(({ targetRef }) => targetRef?.name ?? ""),
  );
  return new Set(
    observed.replicaSets
      .filter(({ metadata }) => names.some((name) => name.startsWith(`${metadata.name}-`)))
      .map(hashOf),
  );
}

/** Endpoints followed the selector: they name this version, and no other. Without any slice nothing can be said. */
export function hasFollowed(observed: ObservedRollout, view: View, hash: string): boolean {
  if (slicesOf(observed, blueGreenOf(view.rollout)?.activeService).length === 0) return true;
  const served = servedHashes(observed, view);
  return served.has(hash) && served.size === 1;
}
