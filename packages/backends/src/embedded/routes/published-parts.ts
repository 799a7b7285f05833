import type { RouteTable } from "@sluice/api";
import { sameJson } from "@sluice/kernel";
import type { TablePart } from "@sluice/router";

const prefix = "router-";
const emptyPart: TablePart = { services: [], virtualServices: [] };

/** The part's name in the head, of the resource that holds it; undefined where it holds none. */
export const partName = ({ metadata }: RouteTable): string | undefined =>
  metadata.name.startsWith(prefix) ? metadata.name.slice(prefix.length) : undefined;

/** Which parts are stored as they should be. One that was looked at is compared by identity from then on. */
export class PublishedParts {
  readonly #same = new Map<string, { readonly stored: RouteTable; readonly part: TablePart }>();

  /** The parts to be written, and the version of each once they are. */
  missing(
    wanted: ReadonlyMap<string, TablePart>,
    stored: readonly RouteTable[],
    version: number,
  ): { readonly parts: readonly RouteTable[]; readonly versions: Readonly<Record<string, number>> } {
    const known = new Map<string, RouteTable>();
    for (const part of stored) {
      const name = partName(part);
      if (name !== undefined) known.set(name, part);
    }
    const parts: RouteTable[] = [];
    const versions: Record<string, number> = {};
    for (const name of [...new Set([...wanted.keys(), ...known.keys()])].sort()) {
      const part = wanted.get(name) ?? emptyPart;
      const before = known.get(name);
      if (before !== undefined && this.#isSame(name, before, part)) {
        versions[name] = before.spec.version;
        continue;
      }
      versions[name] = version;
      parts.push(resourceOf(name, before, part, version));
    }
    return { parts, versions };
  }

  #isSame(name: string, stored: RouteTable, part: TablePart): boolean {
    const known = this.#same.get(name);
    if (known?.stored === stored && known.part === part) return true;
    const { services, virtualServices } = stored.spec;
    if (!sameJson({ services, virtualServices }, part)) return false;
    this.#same.set(name, { stored, part });
    return true;
  }
}

function resourceOf(name: string, before: RouteTable | undefined, part: TablePart, version: number): RouteTable {
  const spec = { format: 2, version, ...(JSON.parse(JSON.stringify(part)) as TablePart) };
  if (before !== undefined) return { ...before, spec };
  return {
    apiVersion: "sluice.dev/v1alpha1",
    kind: "RouteTable",
    metadata: { name: `${prefix}${name}` },
    spec,
  };
}
