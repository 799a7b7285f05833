import type { PodTemplateSpec } from "@sluice/api";
import { sameJson } from "@sluice/kernel";
import { hashLabel } from "./names.ts";

/**
 * But for the hash, which only ReplicaSets carry, and for what Kubernetes' types can't tell apart: clients written in Go
 * drop `readOnly: false` on their way (`kubectl rollout undo` writes templates back so), and that is no new version.
 */
export const isSameTemplate = (a: PodTemplateSpec | undefined, b: PodTemplateSpec): boolean =>
  a !== undefined && sameJson(compared(a), compared(b));

function compared(template: PodTemplateSpec): unknown {
  const { [hashLabel]: _, ...labels } = template.metadata?.labels ?? {};
  const { creationTimestamp: __, ...metadata } = template.metadata ?? {};
  return withoutZeros({ ...template, metadata: { ...metadata, labels } });
}

/** Their keys are people's own words: a label `value` is no field of that name. */
const maps = new Set(["labels", "annotations", "nodeSelector", "matchLabels", "limits", "requests"]);

/**
 * Fields of a Pod's spec that Kubernetes' types hold by value, where zero is written as absent. Others, as `runAsUser`,
 * are pointers: there zero says something. https://github.com/kubernetes/api/blob/master/core/v1/types.go
 */
const byValue = new Set([
  ...["hostNetwork", "hostPID", "hostIPC", "stdin", "stdinOnce", "tty", "readOnly"],
  ...["initialDelaySeconds", "hostPort", "hostIP", "host", "value", "prefix", "subPath", "subPathExpr", "workingDir"],
  ...["hostname", "subdomain", "nodeName", "priorityClassName", "serviceAccount", "serviceAccountName", "medium"],
  ...["containerName", "resources", ...maps],
]);

function withoutZeros(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutZeros);
  if (typeof value !== "object" || value === null) return value;
  const kept: Record<string, unknown> = {};
  for (const [key, raw] of Object.entries(value)) {
    const next = maps.has(key) ? raw : withoutZeros(raw);
    if (isEmptyList(next) || (byValue.has(key) && isZero(next))) continue;
    kept[key] = next;
  }
  return kept;
}

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

const isZero = (value: unknown): boolean =>
  value === "" ||
  value === 0 ||
  value === false ||
  value === null ||
  (typeof value === "object" && Object.keys(value).length === 0);
