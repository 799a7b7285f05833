export interface Evidence {
  readonly signal:
    | "failures"
    | "failures of an endpoint"
    | "latency"
    | "slow requests"
    | "conversions"
    | "memory"
    | "restarts";
  readonly nats: number;
  readonly since: number;
  readonly observed?: number;
  readonly expected?: number;
  readonly factor?: number;
  readonly endpoint?: number;
}
export function sentence(action: string, evidence: readonly Evidence[], requests: number): string {
  return `${action} ${evidence[0]?.signal} ${requests}`;
}
