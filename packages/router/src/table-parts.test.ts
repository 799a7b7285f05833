import { expect, test } from "vitest";
import { emptyRouteTable, type RouteTable, type ServiceEntry } from "./table.ts";
import { TableAssembler, type TablePart, TableSplitter } from "./table-parts.ts";

const service = (name: string): ServiceEntry => ({ namespace: "shop", name, ports: [], endpoints: [] });
const tableOf = (names: readonly string[]): RouteTable => ({
  ...emptyRouteTable,
  version: 1,
  services: names.map(service),
});
const part = (...names: string[]): TablePart => ({ services: names.map(service), virtualServices: [] });
const namesIn = (table: RouteTable | undefined) => table?.services.map(({ name }) => name);

test("one Service that changes makes one part anew, of a thousand", () => {
  const splitter = new TableSplitter();
  const table = tableOf(Array.from({ length: 1000 }, (_, index) => `s-${index}`));
  const before = splitter.split(table);

  const changed = { ...service("s-7"), clusterIP: "127.64.0.7" };
  const services = table.services.map((known) => (known.name === "s-7" ? changed : known));
  const after = splitter.split({ ...table, services });

  const anew = [...after].filter(([name, made]) => made !== before.get(name));
  expect(anew).toHaveLength(1);
  expect(anew[0]?.[1].services).toContain(changed);
  expect(anew[0]?.[1].services.length).toBeLessThan(40);
});

test("parts change together: what came before its head says nothing until then", () => {
  const assembler = new TableAssembler();
  const first = assembler.takeHead({ format: 2, version: 1, parts: { a: 1, b: 1 } });
  const waits = assembler.takePart("a", 1, part("web"));
  const whole = assembler.takePart("b", 1, part("cart"));

  const early = [assembler.takePart("a", 2, part("web-2")), assembler.takePart("b", 2, part("cart-2"))];
  const next = assembler.takeHead({ format: 2, version: 2, parts: { a: 2, b: 2 } });

  expect([first, waits, ...early]).toEqual([undefined, undefined, undefined, undefined]);
  expect(namesIn(whole)).toEqual(["cart", "web"]);
  expect(namesIn(next)).toEqual(["cart-2", "web-2"]);
  expect(next?.version).toBe(2);
});

test("a head whose part is missing, older or newer is waited for, and routes stay as they were", () => {
  const assembler = new TableAssembler();
  assembler.takePart("a", 1, part("web"));
  assembler.takeHead({ format: 2, version: 1, parts: { a: 1 } });

  const older = assembler.takeHead({ format: 2, version: 2, parts: { a: 2 } });
  const repeated = assembler.takePart("a", 1, part("web"));
  const newer = assembler.takePart("a", 3, part("web-3"));
  const next = assembler.takeHead({ format: 2, version: 3, parts: { a: 3 } });

  expect([older, repeated, newer]).toEqual([undefined, undefined, undefined]);
  expect(namesIn(next)).toEqual(["web-3"]);
});

/** Each resource is told of in its own order; between them anything may come first. */
function* interleavings<Told>(queues: readonly (readonly Told[])[]): Generator<readonly Told[]> {
  if (queues.every(({ length }) => length === 0)) yield [];
  for (const [index, [first, ...rest]] of queues.entries()) {
    if (first === undefined) continue;
    for (const later of interleavings(queues.with(index, rest))) yield [first, ...later];
  }
}

test.each<{
  readonly title: string;
  readonly publications: readonly Readonly<Record<string, number>>[];
  readonly refused?: string;
}>([
  {
    title: "both parts change twice",
    publications: [
      { a: 1, b: 1 },
      { a: 2, b: 2 },
    ],
  },
  {
    title: "a part is refused the first time",
    publications: [
      { a: 1, b: 1, c: 1 },
      { a: 1, b: 2, c: 2 },
    ],
    refused: "b",
  },
  {
    title: "a part goes, another comes",
    publications: [
      { a: 1, b: 1 },
      { a: 2, c: 2 },
    ],
  },
  {
    title: "one part changes thrice, one twice",
    publications: [
      { a: 1, b: 1 },
      { a: 2, b: 1 },
      { a: 3, b: 3 },
    ],
  },
])("in whatever order publications are told, no mix of tables is routed by: $title", ({ publications, refused }) => {
  const queues = ["a", "b", "c", "head"].map((name) =>
    publications.flatMap((parts, index) => {
      const version = index + 1;
      const isWritten = parts[name] === version && !(index === 0 && name === refused);
      return name === "head" || isWritten ? [{ name, version }] : [];
    }),
  );
  const tableAt = (version: number) =>
    Object.entries(publications[version - 1] ?? {}).map(([name, partVersion]) => `${name}-${partVersion}`);

  for (const told of interleavings(queues)) {
    const assembler = new TableAssembler();
    const tables = told.flatMap(({ name, version }) => {
      const table =
        name === "head"
          ? assembler.takeHead({ format: 2, version, parts: publications[version - 1] ?? {} })
          : assembler.takePart(name, version, part(`${name}-${version}`));
      return table === undefined ? [] : [table];
    });

    for (const table of tables) expect(namesIn(table)).toEqual(tableAt(table.version));
    expect(tables.at(-1)?.version).toBe(publications.length);
  }
});

test("a part that the head names no more is gone from the table", () => {
  const assembler = new TableAssembler();
  assembler.takePart("a", 1, part("web"));
  assembler.takePart("b", 1, part("cart"));

  expect(namesIn(assembler.takeHead({ format: 2, version: 1, parts: { a: 1, b: 1 } }))).toEqual(["cart", "web"]);
  expect(namesIn(assembler.takeHead({ format: 2, version: 2, parts: { a: 1 } }))).toEqual(["web"]);
});
