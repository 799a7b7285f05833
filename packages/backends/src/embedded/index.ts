export { openSqlitePersistence } from "./persistence/index.ts";
export { partName } from "./routes/published-parts.ts";
export { firstRouteTable, routeTableKey, routeTableReconciler } from "./routes/route-table-reconciler.ts";
export { writeKubeconfig } from "./tls/kubeconfig.ts";
export { type ServerIdentity, serverIdentity } from "./tls/server-identity.ts";
export type { NamedToken } from "./wire/credentials.ts";
export type { PodLogOptions, PodLogs } from "./wire/pod-logs.ts";
export { createWireServer, type WireServer, type WireServerOptions } from "./wire/wire-server.ts";
