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

test("a head whose part is missing or older is waited for, and routes stay as they were", () => {
  const assembler = new TableAssembler();
  assembler.takePart("a", 1, part("web"));
  assembler.takeHead({ format: 2, version: 1, parts: { a: 1 } });

  const older = assembler.takeHead({ format: 2, version: 2, parts: { a: 2 } });
  const repeated = assembler.takePart("a", 1, part("web"));
  const newer = assembler.takePart("a", 3, part("web-3"));

  expect([older, repeated]).toEqual([undefined, undefined]);
  expect(namesIn(newer)).toEqual(["web-3"]);
});

test("a part that the head names no more is gone from the table", () => {
  const assembler = new TableAssembler();
  assembler.takePart("a", 1, part("web"));
  assembler.takePart("b", 1, part("cart"));

  expect(namesIn(assembler.takeHead({ format: 2, version: 1, parts: { a: 1, b: 1 } }))).toEqual(["cart", "web"]);
  expect(namesIn(assembler.takeHead({ format: 2, version: 2, parts: { a: 1 } }))).toEqual(["web"]);
});
