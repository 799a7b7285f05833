export { type KubeCredentials, loadKubeconfig } from "./kubeconfig.ts";
export type { TransportOptions } from "./transport.ts";
export { createWireClient, type WireClient, type WireClientOptions } from "./wire-client.ts";
