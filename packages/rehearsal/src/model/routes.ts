import type { DestinationRule, EndpointSlice, Pod, ReplicaSet, Resource, Service, VirtualService } from "@sluice/api";
import { RouteCompiler, type RouteTable, type ServiceEntry } from "@sluice/router";
import type { Entry } from "../policy/policy.ts";
import { hashLabel, hashOf } from "./cluster.ts";
import { versions } from "./served.ts";
import type { Split } from "./service.ts";

export interface RoutedWorld {
  readonly services: readonly Service[];
  readonly virtualServices: readonly VirtualService[];
  readonly destinationRules: readonly DestinationRule[];
  readonly replicaSets: readonly ReplicaSet[];
}

/** By which their pods are known. */
export interface Hashes {
  readonly canary: ReadonlySet<string>;
  readonly baseline: ReadonlySet<string>;
}

/** Which version users meet, by the table that the router would have been handed. */
export class ModelledRoutes {
  readonly #compiler = new RouteCompiler();
  readonly #entry: Entry;
  #version = 0;
  #shape = "";
  #pods: readonly Pod[] = [];
  #slices = new WeakMap<Service, EndpointSlice>();
  /** What the last split was made of. */
  #from: readonly unknown[] = [];
  #split: Split = { stable: 0, canary: 0, baseline: 0 };

  constructor(entry: Entry) {
    this.#entry = entry;
  }

  /** Everything that isn't of the two is the stable version's. */
  split(world: RoutedWorld, hashes: Hashes): Split {
    this.#know(world.replicaSets);
    const known = [...hashes.canary, "baseline", ...hashes.baseline].join();
    const from = [known, this.#pods, ...world.services, ...world.virtualServices, ...world.destinationRules];
    if (from.length === this.#from.length && from.every((one, place) => one === this.#from[place])) return this.#split;
    this.#from = from;
    const inputs = {
      services: world.services,
      virtualServices: world.virtualServices,
      destinationRules: world.destinationRules,
      pods: this.#pods,
      endpointSlices: world.services.map((service) => this.#sliceOf(service)),
    };
    const { table } = this.#compiler.compile(inputs, ++this.#version);
    this.#split = splitOf(table, this.#entry, hashes);
    return this.#split;
  }

  /** The same objects as before while no Pod came or went: then the compiler has nothing to do. */
  #know(sets: readonly ReplicaSet[]): void {
    const shape = sets.map((set) => `${set.metadata.uid} ${set.status?.availableReplicas ?? 0}`).join();
    if (shape === this.#shape) return;
    this.#shape = shape;
    this.#pods = podsOf(sets);
    this.#slices = new WeakMap();
  }

  #sliceOf(service: Service): EndpointSlice {
    const known = this.#slices.get(service) ?? sliceOf(service, this.#pods);
    this.#slices.set(service, known);
    return known;
  }
}

function splitOf(table: RouteTable, { is, name, namespace }: Entry, hashes: Hashes): Split {
  if (is === "service") return share(serviceOf(table, `${name}.${namespace}`), undefined, hashes);
  const found = table.virtualServices.find((entry) => entry.name === name && entry.namespace === namespace);
  // Users without the headers of a managed route take the first that matches everyone.
  const route = found?.http.find(({ match }) => match === undefined);
  const sum = route?.destinations.reduce((total, { weight }) => total + weight, 0) ?? 0;
  const split = { stable: 0, canary: 0, baseline: 0 };
  for (const { service, subset, weight } of route?.destinations ?? []) {
    if (weight === 0) continue;
    const part = share(serviceOf(table, service), subset, hashes);
    for (const version of versions) split[version] += (part[version] * weight) / sum;
  }
  return split;
}

const serviceOf = (table: RouteTable, key: string): ServiceEntry | undefined =>
  table.services.find((entry) => `${entry.name}.${entry.namespace}` === key);

function share(service: ServiceEntry | undefined, subset: string | undefined, hashes: Hashes): Split {
  const places = subset === undefined ? [...(service?.endpoints.keys() ?? [])] : (service?.subsets?.[subset] ?? []);
  const ready = places.flatMap((place) => {
    const endpoint = service?.endpoints[place];
    return endpoint === undefined || endpoint.state !== undefined ? [] : [endpoint];
  });
  if (ready.length === 0) return { stable: 0, canary: 0, baseline: 0 };
  const of = (known: ReadonlySet<string>) => ready.filter(({ hash = "" }) => known.has(hash)).length / ready.length;
  const [canary, baseline] = [of(hashes.canary), of(hashes.baseline)];
  return { stable: 1 - canary - baseline, canary, baseline };
}

function podsOf(sets: readonly ReplicaSet[]): readonly Pod[] {
  return sets.flatMap((set) =>
    Array.from(
      { length: set.status?.availableReplicas ?? 0 },
      (_, index) =>
        ({
          apiVersion: "v1",
          kind: "Pod",
          metadata: {
            name: `${set.metadata.name}-${index}`,
            uid: `${set.metadata.name}-${index}`,
            namespace: set.metadata.namespace ?? "default",
            labels: { ...set.spec.template?.metadata?.labels, [hashLabel]: hashOf(set) },
          },
          spec: { containers: [] },
        }) as unknown as Pod,
    ),
  );
}

function sliceOf(service: Service, pods: readonly Pod[]): EndpointSlice {
  const namespace = service.metadata.namespace ?? "default";
  const selector = Object.entries(service.spec.selector ?? {});
  const chosen = pods.filter(
    ({ metadata }) =>
      selector.length > 0 &&
      metadata.namespace === namespace &&
      selector.every(([name, value]) => metadata.labels?.[name] === value),
  );
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: service.metadata.name,
      namespace,
      labels: { "kubernetes.io/service-name": service.metadata.name },
    },
    addressType: "IPv4",
    endpoints: chosen.map(({ metadata }, index) => ({
      addresses: [`10.0.${index >> 8}.${index & 255}`],
      targetRef: { kind: "Pod", name: metadata.name, namespace, uid: metadata.uid ?? metadata.name },
    })),
    ports: (service.spec.ports ?? []).map(({ name, port }) => ({ ...(name === undefined ? {} : { name }), port })),
  } as EndpointSlice;
}

/** The resources by kind, as the store holds them. */
export function routedWorld(objects: ReadonlyMap<string, Resource>): RoutedWorld {
  const services: Service[] = [];
  const virtualServices: VirtualService[] = [];
  const destinationRules: DestinationRule[] = [];
  const replicaSets: ReplicaSet[] = [];
  for (const object of objects.values()) {
    if (object.kind === "Service") services.push(object as Service);
    else if (object.kind === "VirtualService") virtualServices.push(object as VirtualService);
    else if (object.kind === "DestinationRule") destinationRules.push(object as DestinationRule);
    else if (object.kind === "ReplicaSet") replicaSets.push(object as ReplicaSet);
  }
  return { services, virtualServices, destinationRules, replicaSets };
}
