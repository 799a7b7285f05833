import { type Destination, type RoutedRings, routedRingsPrefix, type VirtualService } from "@sluice/api";
import { resolveHost } from "../service-name.ts";
import type { CohortEntry, DestinationEntry, HttpRouteEntry, RequestFieldEntry, RingsEntry } from "../table.ts";
import type { Report } from "./problem.ts";

interface RingsOf {
  readonly rollout: string;
  readonly rings: RoutedRings;
}

/** What Rollouts wrote about their rings. Where it can't be read, weights alone decide. */
export function readRings({ metadata }: VirtualService, report: Report): readonly RingsOf[] {
  return Object.entries(metadata.annotations ?? {}).flatMap(([key, text]): RingsOf[] => {
    if (!key.startsWith(routedRingsPrefix)) return [];
    const path = `metadata.annotations[${key}]`;
    try {
      const rings = JSON.parse(text) as RoutedRings;
      if (rings.hash === undefined || rings.hash === "murmur3-1") {
        return [{ rollout: key.slice(routedRingsPrefix.length), rings }];
      }
      report(`${path}.hash`, rings.hash, "murmur3-1", "users are dealt by weight until then");
    } catch {
      report(path, text, "JSON, as the Rollout's controller writes it", "users are dealt by weight until then");
    }
    return [];
  });
}

/** Which rings are on follows from the weight that the route gives the canary: with it, all of them go at once. */
export function compileRings(
  written: readonly RingsOf[],
  entry: HttpRouteEntry,
  namespace: string,
): { readonly rings?: RingsEntry } {
  for (const { rollout, rings } of written) {
    const canary = entry.destinations.findIndex((destination) => isSide(destination, rings.canary, namespace));
    const stable = entry.destinations.findIndex((destination) => isSide(destination, rings.stable, namespace));
    const weight = entry.destinations[canary]?.weight ?? 0;
    if (canary < 0 || stable < 0 || canary === stable || weight <= 0 || weight >= 100) continue;
    const on = rings.rings.filter((ring) => ring.weight <= weight);
    const shares = on.map(({ share, who }) => share ?? ((who ?? []).length > 0 ? 0 : weight));
    const { user, salt = "" } = rings;
    return {
      rings: {
        rollout,
        namespace,
        canary,
        stable,
        ...(user === undefined ? {} : { user: fieldEntry(user) }),
        salt,
        share: Math.max(0, ...shares),
        rings: rings.rings.map(({ name, who = [], ...ring }) => ({
          name,
          isOn: ring.weight <= weight,
          who: who.map(({ operator, values, ...field }): CohortEntry => ({ ...fieldEntry(field), operator, values })),
        })),
      },
    };
  }
  return {};
}

const isSide = ({ service, subset }: DestinationEntry, side: Partial<Destination>, namespace: string): boolean =>
  side.subset === undefined
    ? side.host !== undefined && subset === undefined && service === resolveHost(side.host, namespace)
    : subset === side.subset;

const fieldEntry = ({ cookie, header }: RequestFieldEntry): RequestFieldEntry =>
  header === undefined ? { ...(cookie === undefined ? {} : { cookie }) } : { header: header.toLowerCase() };
