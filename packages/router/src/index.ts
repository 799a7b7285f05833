export { Backend, type BackendSet, type EndpointState } from "./backend.ts";
export type { RouteProblem } from "./compile/problem.ts";
export { type CompiledRoutes, compileRouteTable, RouteCompiler, type RouteInputs } from "./compile/route-compiler.ts";
export { stickyCookieAnnotation } from "./compile/virtual-service.ts";
export { type RouteRequest, rewritePath } from "./match.ts";
export { durationBuckets } from "./request-metrics.ts";
export { type RingChoice, type RingRequest, ringChoice } from "./rings.ts";
export {
  type ChosenRoute,
  chooseDestination,
  chooseRoute,
  otherDestination,
  type Route,
  type VirtualHost,
} from "./route.ts";
export type { LocalState, MakeBackend, ServiceListener } from "./routed-service.ts";
export { Routing } from "./routing.ts";
export { type ServiceAddress, serviceAddress } from "./service-address.ts";
export { canonicalHost, resolveHost, serviceKey } from "./service-name.ts";
export {
  type DestinationEntry,
  type EndpointEntry,
  emptyRouteTable,
  type HttpMatchEntry,
  type HttpRouteEntry,
  type RedirectEntry,
  type RetryEntry,
  type RetryReason,
  type RouteTable,
  type ServiceEntry,
  type ServicePortEntry,
  type StringMatchEntry,
  type VirtualServiceEntry,
} from "./table.ts";
export { TableAssembler, type TableHead, type TablePart, TableSplitter } from "./table-parts.ts";
export { WeightWheel } from "./weight-wheel.ts";
