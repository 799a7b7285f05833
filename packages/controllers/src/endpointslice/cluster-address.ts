import type { Service } from "@sluice/api";
import { fnv32a, utf8 } from "@sluice/kernel";

/** 127.64.0.0/10, without addresses that end in 0 or 255. The agent's Pods have 127.128.0.0/10. */
const range = { second: 64, size: 64 * 254 * 254 };

const nth = (index: number): string =>
  `127.${range.second + Math.floor(index / (254 * 254))}.${1 + (Math.floor(index / 254) % 254)}.${1 + (index % 254)}`;

export const needsAddress = ({ spec }: Service): boolean =>
  spec.type !== "ExternalName" && (spec.clusterIP === undefined || spec.clusterIP === "");

/**
 * The loopback address for a Service: a function of its uid, moved on where it is taken. All that still wait are given
 * theirs in one order, so that whoever looks comes to the same answer and no two get one.
 */
export function clusterAddress(service: Service, all: readonly Service[]): string {
  const taken = new Set(
    all.map(({ spec }) => spec.clusterIP).filter((address) => address !== undefined && address !== ""),
  );
  const uid = service.metadata.uid ?? "";
  const waiting = all
    .filter(needsAddress)
    .map(({ metadata }) => metadata.uid ?? "")
    .filter((other) => other < uid)
    .sort();
  for (const other of waiting) taken.add(freeAddress(other, taken));
  return freeAddress(uid, taken);
}

function freeAddress(uid: string, taken: ReadonlySet<string | undefined>): string {
  const start = fnv32a(utf8(uid)) % range.size;
  let index = start;
  while (taken.has(nth(index))) index = (index + 1) % range.size;
  return nth(index);
}
