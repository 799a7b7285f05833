import { bucketOf } from "@sluice/kernel";
import { byAge, byName, type Ordered } from "./order.ts";
import type { RouteTable, ServiceEntry, VirtualServiceEntry } from "./table.ts";

/** A share of a table: what one change writes, sends and reads, in place of all of it. */
export interface TablePart {
  readonly services: readonly ServiceEntry[];
  readonly virtualServices: readonly VirtualServiceEntry[];
}

/** What a table is made of: its parts, each in just the version named. A later one is another table's. */
export interface TableHead {
  readonly format: 2;
  readonly version: number;
  readonly parts: Readonly<Record<string, number>>;
}

/** So many are little to list, and each is small where Services are a thousand. */
const partCount = 64;

const partOf = ({ namespace, name }: Ordered): string =>
  String(bucketOf(`${namespace}/${name}`) % partCount).padStart(2, "0");

/** Splits one table after the other. A part with the same entries as before is the same object. */
export class TableSplitter {
  readonly #places = new WeakMap<object, string>();
  #parts: ReadonlyMap<string, TablePart> = new Map();
  #table: RouteTable | undefined;

  split(table: RouteTable): ReadonlyMap<string, TablePart> {
    if (table === this.#table) return this.#parts;
    const made = new Map<string, { services: ServiceEntry[]; virtualServices: VirtualServiceEntry[] }>();
    const at = (entry: ServiceEntry | VirtualServiceEntry) => {
      const name = this.#placeOf(entry);
      let part = made.get(name);
      if (part === undefined) {
        part = { services: [], virtualServices: [] };
        made.set(name, part);
      }
      return part;
    };
    for (const service of table.services) at(service).services.push(service);
    for (const virtualService of table.virtualServices) at(virtualService).virtualServices.push(virtualService);
    const before = this.#parts;
    this.#table = table;
    this.#parts = new Map([...made].map(([name, part]) => [name, sameOr(before.get(name), part)]));
    return this.#parts;
  }

  #placeOf(entry: ServiceEntry | VirtualServiceEntry): string {
    let place = this.#places.get(entry);
    if (place === undefined) {
      place = partOf(entry);
      this.#places.set(entry, place);
    }
    return place;
  }
}

const sameOr = (before: TablePart | undefined, now: TablePart): TablePart =>
  before !== undefined &&
  sameEntries(before.services, now.services) &&
  sameEntries(before.virtualServices, now.virtualServices)
    ? before
    : now;

const sameEntries = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((entry, index) => entry === b[index]);

/** Puts a table together from what comes, in whatever order it comes; entries that didn't come anew are the same objects. */
export class TableAssembler {
  #head: TableHead | undefined;
  readonly #parts = new Map<string, { readonly version: number; readonly part: TablePart }>();
  #isWaiting = false;

  /** The table, where all of its parts are there; else it comes with the last of them. */
  takeHead(head: TableHead): RouteTable | undefined {
    this.#head = head;
    this.#isWaiting = true;
    return this.#whole();
  }

  /** A part comes before the head that names it, and says nothing until then: parts change together. */
  takePart(name: string, version: number, part: TablePart): RouteTable | undefined {
    this.#parts.set(name, { version, part });
    return this.#isWaiting ? this.#whole() : undefined;
  }

  #whole(): RouteTable | undefined {
    if (this.#head === undefined) return undefined;
    const { version, parts } = this.#head;
    const whole: TablePart[] = [];
    for (const [name, wanted] of Object.entries(parts)) {
      const known = this.#parts.get(name);
      if (known?.version !== wanted) return undefined;
      whole.push(known.part);
    }
    this.#isWaiting = false;
    return {
      format: 1,
      version,
      services: whole.flatMap(({ services }) => services).sort(byName),
      virtualServices: whole.flatMap(({ virtualServices }) => virtualServices).sort(byAge),
    };
  }
}
