import type { BegunAgain, ContainerStatus, Pod } from "@sluice/api";
import { formatInstant, type Instant, instant, parseInstant } from "@sluice/kernel";
import { podHashLabel } from "../../version/index.ts";
import type { ObservedRollout } from "../observe.ts";
import type { View } from "../view.ts";
import type { Verdict } from "./verdict-words.ts";

const mostRestarts = 3;

/** Too many restarts, or one for want of memory. A person who asks for the version again asks for a look at what it does from then on. */
export function crashVerdict(observed: ObservedRollout, view: View): Verdict | undefined {
  const containers = podsOf(observed, view).flatMap((pod) =>
    containersOf(pod).map((container) => ({
      pod: pod.metadata.name,
      container,
      isFresh: isFresh(pod, container, view),
    })),
  );
  const verdict = (message: string): Verdict => ({ cause: "crashLoop", message, isBlamed: true, run: undefined });
  // Its own limit was too small for it: another try ends the same way, so the first one is enough.
  const killed = containers.find(({ container, isFresh }) => isFresh && endOf(container)?.reason === "OOMKilled");
  if (killed !== undefined) return verdict(`out of memory: ${killed.pod}/${killed.container.name} was OOMKilled`);
  const restarts = freshRestarts(observed, view);
  if (restarts < mostRestarts) return undefined;
  const worst = containers.toSorted((a, b) => (b.container.restartCount ?? 0) - (a.container.restartCount ?? 0))[0];
  const last = worst === undefined ? undefined : endOf(worst.container);
  const exit = last === undefined ? "" : `, last exit code ${last.exitCode}${last.reason ? ` (${last.reason})` : ""}`;
  return verdict(`crash loop: its pods restarted ${restarts} times (${worst?.pod}/${worst?.container.name}${exit})`);
}

/** Restarts of the new version's containers, of this attempt. */
export const freshRestarts = (observed: ObservedRollout, view: View): number =>
  podsOf(observed, view).reduce((sum, pod) => sum + freshRestartsOf(pod, view), 0);

/** For status, as a person asks for the version again. */
export function begunAgain(observed: ObservedRollout, view: View, now: Instant): BegunAgain {
  const restarted = podsOf(observed, view).flatMap((pod) => {
    const restarts = allRestartsOf(pod);
    return restarts === 0 ? [] : [[pod.metadata.name, restarts] as const];
  });
  return { at: formatInstant(now), ...(restarted.length === 0 ? {} : { restarts: Object.fromEntries(restarted) }) };
}

/** From when on what is seen is of this attempt. */
export function freshSince({ status }: View, since: Instant): Instant {
  const again = parseInstant(status.begunAgain?.at ?? "");
  return again === undefined ? since : instant(Math.max(again, since));
}

const podsOf = ({ pods }: ObservedRollout, { hash }: View): readonly Pod[] =>
  pods.filter(({ metadata }) => metadata.labels?.[podHashLabel] === hash);

/** Those that run before the others included. */
export const containersOf = ({ status }: Pod): readonly ContainerStatus[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
];

const allRestartsOf = (pod: Pod): number =>
  containersOf(pod).reduce((sum, { restartCount }) => sum + (restartCount ?? 0), 0);

const freshRestartsOf = (pod: Pod, { status }: View): number =>
  Math.max(0, allRestartsOf(pod) - (status.begunAgain?.restarts?.[pod.metadata.name] ?? 0));

function isFresh(pod: Pod, container: ContainerStatus, view: View): boolean {
  const again = parseInstant(view.status.begunAgain?.at ?? "");
  if (again === undefined) return true;
  const endedAt = parseInstant(endOf(container)?.finishedAt ?? "");
  return endedAt === undefined ? freshRestartsOf(pod, view) > 0 : endedAt > again;
}

const endOf = ({ state, lastState }: ContainerStatus) => lastState?.terminated ?? state?.terminated;
