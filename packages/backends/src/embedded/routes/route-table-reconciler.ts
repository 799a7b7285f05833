import {
  type Client,
  type DestinationRule,
  type EndpointSlice,
  hasReason,
  type Pod,
  type Resource,
  type RouteTable,
  type Service,
  type VirtualService,
} from "@sluice/api";
import { describeViolation, formatInstant, type Instant, type Reconciler, shortHash } from "@sluice/kernel";
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
/** An Event on the resource itself, where who wrote it looks. */
type TellProblem = { readonly do: "tell"; readonly event: Resource };

/** Compiles Services, EndpointSlices and Istio's routes into the RouteTable that the agent routes by. */
export function routeTableReconciler(client: Client): Reconciler<RouteTable, Observed, PublishTable | TellProblem> {
  const compiler = new RouteCompiler();
  const plain = new PlainEntries();
  return {
    kind: { apiVersion: routeTableKey.apiVersion, kind: routeTableKey.kind },
    async observe(table, read) {
      const [services, endpointSlices, pods, virtualServices, destinationRules] = await Promise.all([
        read.list<Service>({ apiVersion: "v1", kind: "Service" }),
        read.list<EndpointSlice>({ apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice" }),
        read.list<Pod>({ apiVersion: "v1", kind: "Pod" }, { reads: "metadata" }),
        read.list<VirtualService>({ apiVersion: "networking.istio.io/v1", kind: "VirtualService" }),
        read.list<DestinationRule>({ apiVersion: "networking.istio.io/v1", kind: "DestinationRule" }),
      ]);
      return { table, inputs: { services, endpointSlices, pods, virtualServices, destinationRules } };
    },
    plan({ table, inputs }, now) {
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
      const known = new Set(table.status?.conditions?.map(({ message }) => message));
      const told = compiled.problems
        .filter((problem) => isLeftOut(problem) && !known.has(describeProblem(problem)))
        .map((problem): TellProblem => ({ do: "tell", event: eventOf(problem, inputs, now) }));
      // A version already published by this compiler: its write was answered, or is still on its way to the cache.
      if (compiled.table.version <= table.spec.version)
        return { actions: told, status, because: "the table is current" };
      const { services, virtualServices, ...head } = compiled.table;
      const spec = { ...head, services: services.map(plain.of), virtualServices: virtualServices.map(plain.of) };
      return {
        actions: [...told, { do: "publish", spec }],
        because: `routes changed: version ${compiled.table.version}`,
      };
    },
    async apply(table, action) {
      if (action.do === "publish") {
        await client.update({ ...table, spec: action.spec }, { fieldManager: "sluice-routes" });
        return;
      }
      // Its name says what it tells: one that is there already has told it.
      await client.create(action.event).catch((thrown: unknown) => {
        if (!hasReason(thrown, "AlreadyExists")) throw thrown;
      });
    },
  };
}

/** Entries as plain JSON, each made once: of a table of 1,000 a change makes one or two anew. */
class PlainEntries {
  readonly #made = new WeakMap<object, unknown>();

  readonly of = (entry: object): unknown => {
    let made = this.#made.get(entry);
    if (made === undefined) {
      made = JSON.parse(JSON.stringify(entry));
      this.#made.set(entry, made);
    }
    return made;
  };
}

const describeProblem = (problem: RouteProblem): string =>
  `${problem.kind} ${problem.namespace}/${problem.name}: ${describeViolation(problem)}`;

/** Whole kinds of routes that only a mesh honours. */
const isLeftOut = ({ kind, path }: RouteProblem): boolean =>
  kind === "VirtualService" && (path === "spec.tls" || path === "spec.tcp");

function eventOf(problem: RouteProblem, { virtualServices }: RouteInputs, now: Instant): Resource {
  const { kind, namespace, name, path } = problem;
  const subject = virtualServices.find(
    ({ metadata }) => metadata.name === name && (metadata.namespace ?? "") === namespace,
  );
  const { uid } = subject?.metadata ?? {};
  const at = formatInstant(now, "millis");
  const message = `${path}: the embedded router serves http routes only and leaves these out; a mesh honours them`;
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: `${name}.${shortHash([uid, path].join("|"))}`, namespace },
    involvedObject: {
      apiVersion: subject?.apiVersion ?? "networking.istio.io/v1",
      kind,
      namespace,
      name,
      ...(uid === undefined ? {} : { uid }),
    },
    type: "Warning",
    reason: "RouteNotServed",
    message,
    source: { component: "sluice-routes" },
    reportingComponent: "sluice-routes",
    reportingInstance: "",
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
  } as Resource;
}
