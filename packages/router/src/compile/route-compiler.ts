import type {
  Destination,
  DestinationRule,
  EndpointSlice,
  HttpRoute,
  Pod,
  Resource,
  Service,
  VirtualService,
} from "@sluice/api";
import { sameJson } from "@sluice/kernel";
import { resolveHost, serviceKey } from "../service-name.ts";
import { emptyRouteTable, type RouteTable, type ServiceEntry, type VirtualServiceEntry } from "../table.ts";
import { type RouteProblem, reportTo } from "./problem.ts";
import { compileService } from "./service.ts";
import { compileVirtualService } from "./virtual-service.ts";

/** Everything that routing depends on; of Pods labels and annotations alone. Without `pods` there are neither versions nor subsets. */
export interface RouteInputs {
  readonly services: readonly Service[];
  readonly endpointSlices: readonly EndpointSlice[];
  readonly pods?: readonly Pod[];
  readonly virtualServices: readonly VirtualService[];
  readonly destinationRules: readonly DestinationRule[];
}

export interface CompiledRoutes {
  readonly table: RouteTable;
  readonly problems: readonly RouteProblem[];
  /** False where the table is the one before, its version included. */
  readonly changed: boolean;
}

/** The table for these resources. The same resources, in any order, give the same table. */
export const compileRouteTable = (inputs: RouteInputs, version: number): CompiledRoutes =>
  new RouteCompiler().compile(inputs, version);

interface Compiled<Entry> {
  /** The objects it came from: the store hands out one object per revision, so identity is enough, and cheap. */
  readonly from: readonly Resource[];
  readonly entry: Entry;
  readonly problems: readonly RouteProblem[];
}

/**
 * Compiles again and again. A list of which nothing has changed isn't gone through, and a Service or VirtualService whose
 * inputs are the same as before isn't compiled.
 */
export class RouteCompiler {
  #inputs: Required<RouteInputs> = nothing;
  #services = new Map<string, Compiled<ServiceEntry>>();
  #virtualServices = new Map<string, Compiled<VirtualServiceEntry>>();
  #table: RouteTable = emptyRouteTable;

  /** `version` is the new table's where something changed. */
  compile(given: RouteInputs, version: number): CompiledRoutes {
    const before = this.#inputs;
    const inputs = heldInputs(before, given);
    const isSameServices =
      inputs.services === before.services &&
      inputs.endpointSlices === before.endpointSlices &&
      inputs.pods === before.pods &&
      inputs.destinationRules === before.destinationRules;
    const services = isSameServices ? this.#services : this.#compileServices(inputs);
    const isSameAll = services === this.#services && inputs.virtualServices === before.virtualServices;
    const virtualServices = isSameAll ? this.#virtualServices : this.#compileVirtualServices(inputs, services);
    this.#inputs = inputs;
    this.#services = services;
    this.#virtualServices = virtualServices;

    const table: RouteTable = {
      format: 1,
      version,
      services: [...services.values()].map(({ entry }) => entry),
      virtualServices: [...virtualServices.values()].map(({ entry }) => entry),
    };
    const known = this.#table;
    const changed =
      known === emptyRouteTable ||
      !sameEntries(known.services, table.services) ||
      !sameEntries(known.virtualServices, table.virtualServices);
    if (changed) this.#table = table;
    const problems = [...services.values(), ...virtualServices.values()].flatMap((compiled) => compiled.problems);
    return { table: this.#table, problems: [...problems, ...sharedHosts(virtualServices)], changed };
  }

  #compileServices(inputs: Required<RouteInputs>): Map<string, Compiled<ServiceEntry>> {
    const slices = groupBy(inputs.endpointSlices, (slice) => {
      const owner = slice.metadata.labels?.["kubernetes.io/service-name"];
      return owner === undefined ? undefined : serviceKey(slice.metadata.namespace ?? "default", owner);
    });
    const rules = groupBy([...inputs.destinationRules].sort(byAge), (rule) =>
      resolveHost(rule.spec.host, rule.metadata.namespace ?? "default"),
    );
    const pods = new Map<string, Map<string, Pod>>();
    for (const pod of inputs.pods) {
      const namespace = pod.metadata.namespace ?? "default";
      let ofNamespace = pods.get(namespace);
      if (ofNamespace === undefined) {
        ofNamespace = new Map();
        pods.set(namespace, ofNamespace);
      }
      ofNamespace.set(pod.metadata.name, pod);
    }
    const compiled = new Map<string, Compiled<ServiceEntry>>();
    for (const service of [...inputs.services].sort(byName)) {
      const namespace = service.metadata.namespace ?? "default";
      const key = serviceKey(namespace, service.metadata.name);
      const ownSlices = (slices.get(key) ?? []).sort(byName);
      const ownRules = rules.get(key) ?? [];
      const ofNamespace = pods.get(namespace) ?? noPods;
      const from: Resource[] = [service, ...ownSlices, ...ownRules];
      for (const slice of ownSlices) {
        for (const { targetRef } of slice.endpoints ?? []) {
          const pod = ofNamespace.get(targetRef?.name ?? "");
          if (pod !== undefined) from.push(pod);
        }
      }
      const before = this.#services.get(key);
      if (before !== undefined && sameObjects(before.from, from)) {
        compiled.set(key, before);
        continue;
      }
      const problems: RouteProblem[] = [];
      const entry = compileService({ service, slices: ownSlices, pods: ofNamespace, rules: ownRules }, problems);
      compiled.set(key, { from, entry: reuse(before?.entry, entry), problems });
    }
    return compiled;
  }

  #compileVirtualServices(
    inputs: RouteInputs,
    services: ReadonlyMap<string, Compiled<ServiceEntry>>,
  ): Map<string, Compiled<VirtualServiceEntry>> {
    const compiled = new Map<string, Compiled<VirtualServiceEntry>>();
    for (const virtualService of [...inputs.virtualServices].sort(byAge)) {
      const namespace = virtualService.metadata.namespace ?? "default";
      const key = serviceKey(namespace, virtualService.metadata.name);
      const before = this.#virtualServices.get(key);
      if (before !== undefined && services === this.#services && before.from[0] === virtualService) {
        compiled.set(key, before);
        continue;
      }
      const destinations = (virtualService.spec.http ?? []).flatMap((route) =>
        namedBy(route).map(({ host }) => services.get(resolveHost(host, namespace))),
      );
      const from: Resource[] = [virtualService];
      for (const destination of destinations) if (destination !== undefined) from.push(...destination.from);
      if (before !== undefined && sameObjects(before.from, from)) {
        compiled.set(key, before);
        continue;
      }
      const problems: RouteProblem[] = [];
      const entry = compileVirtualService(virtualService, (name) => services.get(name)?.entry, problems);
      compiled.set(key, { from, entry: reuse(before?.entry, entry), problems });
    }
    return compiled;
  }
}

const nothing: Required<RouteInputs> = {
  services: [],
  endpointSlices: [],
  pods: [],
  virtualServices: [],
  destinationRules: [],
};

/** Each list of before in place of one that says the same. */
function heldInputs(before: Required<RouteInputs>, now: RouteInputs): Required<RouteInputs> {
  return {
    services: held(before.services, now.services),
    endpointSlices: held(before.endpointSlices, now.endpointSlices),
    pods: held(before.pods, now.pods ?? [], isSamePod),
    virtualServices: held(before.virtualServices, now.virtualServices),
    destinationRules: held(before.destinationRules, now.destinationRules),
  };
}

const held = <R extends Resource>(
  before: readonly R[],
  now: readonly R[],
  isEqual: (a: R, b: R) => boolean = isSame,
): readonly R[] =>
  before === now ||
  (before.length === now.length &&
    before.every((object, index) => {
      const other = now[index];
      return other !== undefined && isEqual(object, other);
    }))
    ? before
    : now;

/** Of a Pod nothing but its metadata is read. */
const isSamePod = (a: Pod, b: Pod): boolean =>
  isSame(a, b) ||
  (a.metadata.name === b.metadata.name &&
    a.metadata.namespace === b.metadata.namespace &&
    a.metadata.uid === b.metadata.uid &&
    sameJson(a.metadata.labels, b.metadata.labels) &&
    sameJson(a.metadata.annotations, b.metadata.annotations));

/** Every destination, mirrors included. */
const namedBy = ({ route = [], mirror, mirrors = [] }: HttpRoute): readonly Destination[] => [
  ...route.map(({ destination }) => destination),
  ...(mirror === undefined ? [] : [mirror]),
  ...mirrors.flatMap(({ destination }) => destination ?? []),
];

const noPods: ReadonlyMap<string, Pod> = new Map();

/** Keeps the older, equal object, so that whoever compares by identity sees no change. */
const reuse = <Entry>(before: Entry | undefined, now: Entry): Entry =>
  before !== undefined && sameJson(before, now) ? before : now;

const sameObjects = (a: readonly Resource[], b: readonly Resource[]): boolean =>
  a.length === b.length && a.every((object, index) => isSame(object, b[index]));

function isSame(a: Resource, b: Resource | undefined): boolean {
  if (a === b) return true;
  const revision = a.metadata.resourceVersion;
  return revision !== undefined && revision === b?.metadata.resourceVersion && a.metadata.uid === b.metadata.uid;
}

const sameEntries = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((entry, index) => entry === b[index]);

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string | undefined): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

function byName(a: Resource, b: Resource): number {
  const [left, right] = [a.metadata.namespace ?? "", b.metadata.namespace ?? ""];
  if (left !== right) return left < right ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : 1;
}

/** As Istio orders what it merges: the oldest first, then by name. */
function byAge(a: Resource, b: Resource): number {
  const [left, right] = [a.metadata.creationTimestamp ?? "", b.metadata.creationTimestamp ?? ""];
  if (left !== right) return left < right ? -1 : 1;
  return byName(a, b);
}

/** Routes of several VirtualServices on a host are tried one after the other: it works, and surprises. */
function sharedHosts(virtualServices: ReadonlyMap<string, Compiled<VirtualServiceEntry>>): RouteProblem[] {
  const owners = new Map<string, string>();
  const problems: RouteProblem[] = [];
  for (const { entry, from } of virtualServices.values()) {
    for (const [index, host] of entry.hosts.entries()) {
      const owner = owners.get(host);
      const resource = from[0];
      if (owner === undefined) owners.set(host, `${entry.namespace}/${entry.name}`);
      else if (resource !== undefined) {
        const repair = `its routes are tried after those of ${owner}, routes without a match last`;
        reportTo(problems, resource)(`spec.hosts[${index}]`, host, `a host that ${owner} doesn't have`, repair);
      }
    }
  }
  return problems;
}
