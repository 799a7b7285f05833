/** Labels that hold what became of a call as gRPC says it, in words or as a number. */
const grpcLabels = [
  "grpc_code",
  "grpc_status",
  // Istio's and Envoy's.
  "grpc_response_status",
  // OpenTelemetry's, of then and of now.
  "rpc_grpc_status_code",
  "rpc_response_status_code",
];

/** Under which what became of a request is told. */
export const codeLabels: readonly string[] = [
  "code",
  "status",
  "response_code",
  "status_code",
  "http_status",
  "http_status_code",
  "http_response_status_code",
  ...grpcLabels,
];

/** `good` is whatever no server is at fault for, but for HTTP's own 3xx and 4xx, which a query may tell apart. */
export type Outcome = "failures" | "notFound" | "good";

/**
 * gRPC's codes that are no client's fault, by OpenTelemetry's rule for a server; go-grpc-prometheus and Linkerd have the
 * same but for one or the other at the edge.
 * https://opentelemetry.io/docs/specs/semconv/rpc/grpc/
 */
const grpcFailures: ReadonlySet<string> = new Set([
  ...["unknown", "2"],
  ...["deadlineexceeded", "4"],
  ...["unimplemented", "12"],
  ...["internal", "13"],
  ...["unavailable", "14"],
  ...["dataloss", "15"],
]);

/** What became of requests with these codes. gRPC answers 200 whatever its own code says: what failed by any of them failed. */
export function outcomeOf(codes: Readonly<Record<string, string>>, tellsFailures: boolean): Outcome {
  const told = Object.entries(codes).map(([label, code]) => outcomeByOne(label, code));
  if (tellsFailures && told.includes("failures")) return "failures";
  return told.includes("notFound") ? "notFound" : "good";
}

function outcomeByOne(label: string, code: string): Outcome {
  const name = code.toLowerCase().replaceAll("_", "");
  // Numbers of gRPC's begin as HTTP's do, and mean something else.
  if (grpcLabels.includes(label)) return grpcFailures.has(name) ? "failures" : "good";
  if (/^5/.test(code) || name === "servererror" || (!/^\d/.test(code) && grpcFailures.has(name))) return "failures";
  return /^[34]/.test(code) ? "notFound" : "good";
}
