import type { Client, DestinationRule, EndpointSlice, Pod, RouteTable, Service, VirtualService } from "@sluice/api";
import { describeViolation, type Reconciler } from "@sluice/kernel";
import { RouteCompiler, type RouteInputs, type RouteProblem } from "@sluice/router";

/** The one table in use. */
export const routeTableKey = { apiVersion: "sluice.dev/v1alpha1", kind: "RouteTable", name: "router" } as const;

/** What a new installation starts with. */
export const firstRouteTable = {
  apiVersion: "sluice.dev/v1alpha1",
  kind: "RouteTable",
  metadata: { name: "router" },
  spec: { version: 0 },
} as const;

interface Observed {
  readonly table: RouteTable;
  readonly inputs: RouteInputs;
}

type PublishTable = { readonly do: "publish"; readonly spec: RouteTable["spec"] };

/** Compiles Services, EndpointSlices and Istio's routes into the RouteTable that the agent routes by. */
export function routeTableReconciler(client: Client): Reconciler<RouteTable, Observed, PublishTable> {
  const compiler = new RouteCompiler();
  return {
    kind: { apiVersion: routeTableKey.apiVersion, kind: routeTableKey.kind },
    async observe(table, read) {
      const [services, endpointSlices, pods, virtualServices, destinationRules] = await Promise.all([
        read.list<Service>({ apiVersion: "v1", kind: "Service" }),
        read.list<EndpointSlice>({ apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice" }),
        read.list<Pod>({ apiVersion: "v1", kind: "Pod" }),
        read.list<VirtualService>({ apiVersion: "networking.istio.io/v1", kind: "VirtualService" }),
        read.list<DestinationRule>({ apiVersion: "networking.istio.io/v1", kind: "DestinationRule" }),
      ]);
      return { table, inputs: { services, endpointSlices, pods, virtualServices, destinationRules } };
    },
    plan({ table, inputs }) {
      const compiled = compiler.compile(inputs, table.spec.version + 1);
      const status = {
        ...table.status,
        conditions: compiled.problems.slice(0, 50).map((problem) => ({
          type: "RouteProblem",
          status: "True" as const,
          reason: "NotCompiled",
          message: describeProblem(problem),
        })),
      };
      // A version already published by this compiler: its write was answered, or is still on its way to the cache.
      if (compiled.table.version <= table.spec.version) return { actions: [], status, because: "the table is current" };
      const spec = JSON.parse(JSON.stringify(compiled.table)) as RouteTable["spec"];
      return { actions: [{ do: "publish", spec }], because: `routes changed: version ${compiled.table.version}` };
    },
    async apply(table, { spec }) {
      await client.update({ ...table, spec }, { fieldManager: "sluice-routes" });
    },
  };
}

const describeProblem = (problem: RouteProblem): string =>
  `${problem.kind} ${problem.namespace}/${problem.name}: ${describeViolation(problem)}`;
