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
import { describeViolation, formatInstant, type Instant, type Reconciler, sameJson, shortHash } from "@sluice/kernel";
import { RouteCompiler, type RouteInputs, type RouteProblem, type TableHead, TableSplitter } from "@sluice/router";
import { PublishedParts } from "./published-parts.ts";

/** The one table in use: it names its parts, which stand beside it as `router-PART`. */
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
  /** Absent where this is a part itself, which says nothing alone. */
  readonly all?: { readonly stored: readonly RouteTable[]; readonly inputs: RouteInputs };
}

/** What changed of the table, and then the head that names it: all in one commit, where all goes well. */
interface Publish {
  readonly do: "publish";
  readonly parts: readonly RouteTable[];
  readonly spec: TableHead;
}
/** An Event on the resource itself, where who wrote it looks. */
type TellProblem = { readonly do: "tell"; readonly event: Resource };

/** Compiles Services, EndpointSlices and Istio's routes into the RouteTable that the agent routes by. */
export function routeTableReconciler(client: Client): Reconciler<RouteTable, Observed, Publish | TellProblem> {
  const compiler = new RouteCompiler();
  const splitter = new TableSplitter();
  const published = new PublishedParts();
  return {
    kind: { apiVersion: routeTableKey.apiVersion, kind: routeTableKey.kind },
    async observe(table, read) {
      if (table.metadata.name !== routeTableKey.name) return { table };
      const [stored, services, endpointSlices, pods, virtualServices, destinationRules] = await Promise.all([
        read.list<RouteTable>({ apiVersion: routeTableKey.apiVersion, kind: routeTableKey.kind }),
        read.list<Service>({ apiVersion: "v1", kind: "Service" }),
        read.list<EndpointSlice>({ apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice" }),
        read.list<Pod>({ apiVersion: "v1", kind: "Pod" }, { reads: "metadata" }),
        read.list<VirtualService>({ apiVersion: "networking.istio.io/v1", kind: "VirtualService" }),
        read.list<DestinationRule>({ apiVersion: "networking.istio.io/v1", kind: "DestinationRule" }),
      ]);
      return { table, all: { stored, inputs: { services, endpointSlices, pods, virtualServices, destinationRules } } };
    },
    plan({ table, all }, now) {
      if (all === undefined) return { actions: [], because: "a part of the table" };
      const version = nextVersion([table, ...all.stored]);
      const compiled = compiler.compile(all.inputs, version);
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
        .map((problem): TellProblem => ({ do: "tell", event: eventOf(problem, all.inputs, now) }));
      const { parts, versions } = published.missing(splitter.split(compiled.table), all.stored, version);
      const isCurrent = parts.length === 0 && table.spec.format === 2 && sameJson(table.spec.parts, versions);
      if (isCurrent) return { actions: told, status, because: "the table is current" };
      return {
        actions: [...told, { do: "publish", parts, spec: { format: 2, version, parts: versions } }],
        because: `routes changed: version ${version}`,
      };
    },
    async apply(table, action) {
      if (action.do === "publish") {
        const by = { fieldManager: "sluice-routes" };
        const write = (part: RouteTable) =>
          part.metadata.resourceVersion === undefined ? client.create(part, by) : client.update(part, by);
        const head = { ...table, spec: { ...action.spec } };
        // All are waited for, also after a refusal: a write that is still under way would come between those of the next table.
        const written = await Promise.allSettled([...action.parts.map(write), client.update(head, by)]);
        for (const result of written) if (result.status === "rejected") throw result.reason;
        return;
      }
      // Its name says what it tells: one that is there already has told it.
      await client.create(action.event).catch((thrown: unknown) => {
        if (!hasReason(thrown, "AlreadyExists")) throw thrown;
      });
    },
  };
}

/** Newer than all that is stored: a part whose head was refused, or lost, must not pass for one of the next table's. */
const nextVersion = (stored: readonly RouteTable[]): number =>
  stored.reduce((newest, { spec }) => Math.max(newest, spec.version), 0) + 1;

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
