import { seededRandom } from "@sluice/kernel";
import { expect, test } from "vitest";
import { TableAssembler, TableSplitter } from "../table-parts.ts";
import { compileRouteTable, RouteCompiler, type RouteInputs } from "./route-compiler.ts";
import { canary, metadata, pod, rule, service, shop, slice, virtualService } from "./shop.fixture.ts";

test("nothing changed: the same table, the same version", () => {
  const compiler = new RouteCompiler();
  const first = compiler.compile(shop(), 1);

  const again = compiler.compile(structuredClone(shop()), 2);

  expect(again.changed).toBe(false);
  expect(again.table).toBe(first.table);
});

test("one change compiles its own host again and no other", () => {
  const inputs = shop({ services: [service("frontend"), service("api")] });
  const compiler = new RouteCompiler();
  const first = compiler.compile(inputs, 1).table;

  const second = compiler.compile({ ...inputs, virtualServices: [canary(80, 20)] }, 2);

  expect(second.changed).toBe(true);
  expect(second.table.version).toBe(2);
  expect(second.table.services[0]).toBe(first.services[0]);
  expect(second.table.virtualServices[0]?.http[0]?.destinations[1]?.weight).toBe(20);
});

test("change after change, what was kept and what is compiled from nothing are the same", () => {
  const random = seededRandom(11);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random.next() * items.length)] as Item;
  const names = ["web", "cart", "bill"];
  const hash = "rollouts-pod-template-hash";
  let revision = 0;
  const revised = <R extends { readonly metadata: object }>(object: R): R => ({
    ...object,
    metadata: { ...object.metadata, resourceVersion: String(++revision) },
  });
  const named = <R extends { readonly metadata: object }>(object: R, name: string): R =>
    revised({ ...object, metadata: { ...object.metadata, name, uid: `uid-${name}` } });
  const podOf = (name: string, version: string) =>
    revised(pod(name, { [hash]: version }, { "sluice.dev/ports": `{"8080":${41_000 + revision}}` }));
  const sliceOf = (owner: string) =>
    revised(
      slice(
        owner,
        ["a", "b", "c"].filter(() => random.next() < 0.7),
        { ready: random.next() < 0.7 },
      ),
    );
  const routesOf = (host: string, to: string) => {
    const weight = Math.floor(random.next() * 100);
    const route = [
      { destination: { host: to, subset: "stable" }, weight: 100 - weight },
      { destination: { host: to }, weight },
    ];
    return named(virtualService({ hosts: [host], http: [{ name: "primary", route }] }), `of-${host}`);
  };
  const ruleOf = (host: string) => {
    const subsets = [{ name: pick(["stable", "stable", "other"]), labels: { [hash]: pick(["one", "two"]) } }];
    return named({ ...rule(subsets), spec: { host, subsets: subsets as never } }, `of-${host}`);
  };
  const without = <R extends { readonly metadata: { readonly name: string } }>(list: readonly R[], object: R): R[] =>
    list.filter(({ metadata: { name } }) => name !== object.metadata.name);
  const put = <R extends { readonly metadata: { readonly name: string } }>(list: readonly R[], object: R): R[] =>
    [...without(list, object), object].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  let inputs: Required<RouteInputs> = {
    services: names.map((name) => revised(service(name))),
    endpointSlices: names.map(sliceOf),
    pods: ["a", "b", "c"].map((name) => podOf(name, "one")),
    virtualServices: names.map((name) => routesOf(name, name)),
    destinationRules: names.map(ruleOf),
  };
  const change = (): Partial<RouteInputs> => {
    const name = pick(names);
    const known = pick(inputs.pods);
    const { services, endpointSlices, pods, virtualServices, destinationRules } = inputs;
    return pick<() => Partial<RouteInputs>>([
      () => ({ virtualServices: put(virtualServices, routesOf(name, pick(names))) }),
      () => ({ virtualServices: without(virtualServices, routesOf(name, name)) }),
      () => ({ endpointSlices: put(endpointSlices, sliceOf(name)) }),
      () => ({ destinationRules: put(destinationRules, ruleOf(name)) }),
      () => ({ services: without(services, service(name)) }),
      () => ({ services: put(services, revised(service(name))) }),
      () => ({ pods: put(pods, podOf(pick(["a", "b", "c"]), pick(["one", "two"]))) }),
      () => ({ pods: put(pods, revised({ ...known, status: { phase: "Running", message: `${revision}` } })) }),
      () => ({ pods: pods.length > 1 ? without(pods, known) : pods }),
      () => ({ pods: [...pods], services: [...services] }),
    ])();
  };
  const compiler = new RouteCompiler();
  const splitter = new TableSplitter();
  const assembler = new TableAssembler();
  const versions: Record<string, number> = {};
  let parts = splitter.split(compiler.compile(inputs, 1).table);
  for (const [name, part] of parts) assembler.takePart(name, 0, part);

  for (let step = 0; step < 400; step++) {
    inputs = { ...inputs, ...change() };

    const kept = compiler.compile(inputs, step);
    const anew = compileRouteTable(inputs, step);

    expect({ ...kept.table, version: 0 }).toEqual({ ...anew.table, version: 0 });
    expect(kept.problems).toEqual(anew.problems);
    const before = parts;
    parts = splitter.split(kept.table);
    for (const name of before.keys()) if (!parts.has(name)) delete versions[name];
    for (const [name, part] of parts) {
      if (part !== before.get(name)) expect(assembler.takePart(name, step, part)).toBeUndefined();
      versions[name] = part === before.get(name) ? (versions[name] ?? 0) : step;
    }
    const head = { format: 2, version: step, parts: { ...versions } } as const;
    expect(assembler.takeHead(head)).toEqual({ ...kept.table, version: step });
  }
});

test("a Pod of which only the status changed compiles nothing", () => {
  const inputs = shop();
  const compiler = new RouteCompiler();
  const first = compiler.compile(inputs, 1);
  const pods = (inputs.pods ?? []).map((known) => ({ ...known, status: { phase: "Running" as const } }));

  const second = compiler.compile({ ...inputs, pods }, 2);
  const third = compiler.compile({ ...inputs, pods: pods.map((known) => ({ ...known, metadata: metadata("a") })) }, 3);

  expect(second.table).toBe(first.table);
  expect(third.changed).toBe(true);
});
