import type { CanaryStep } from "@sluice/api";
import { shortHash } from "@sluice/kernel";

/** The order in which the original's types have their fields: its hash is of that JSON. Other fields follow by name. */
const fieldOrder = [
  // CanaryStep, and what its kinds are made of.
  ...["setWeight", "pause", "experiment", "analysis", "setCanaryScale", "setHeaderRoute", "setMirrorRoute", "plugin"],
  ...["templates", "args", "dryRun", "measurementRetention", "analysisRunMetadata", "analyses"],
  ...["name", "specRef", "templateName", "clusterScope", "metricName", "duration"],
  ...["value", "valueFrom", "podTemplateHashValue", "fieldRef"],
  ...["match", "headerName", "headerValue", "method", "path", "headers", "percentage", "exact", "prefix", "regex"],
  ...["weight", "replicas", "matchTrafficWeight"],
] as const;

const place = new Map<string, number>(fieldOrder.map((field, index) => [field, index]));

/** Source: argo-rollouts utils/conditions/conditions.go ComputeStepHash: SafeEncode(FNV-32a(JSON(steps))). */
export const hashOfSteps = (steps: readonly CanaryStep[]): string =>
  shortHash(steps.length === 0 ? "null" : goJson(steps));

/** As Go writes it: no blanks, fields by their type, and these three signs escaped. */
function goJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goJson).join(",")}]`;
  if (typeof value !== "object" || value === null) {
    return JSON.stringify(value).replaceAll(
      /[<>&]/g,
      (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
  }
  const known = (key: string): number => place.get(key) ?? fieldOrder.length;
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .toSorted(([a], [b]) => known(a) - known(b) || (a < b ? -1 : 1));
  return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${goJson(field)}`).join(",")}}`;
}
