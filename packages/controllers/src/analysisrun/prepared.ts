import type { AnalysisRun, Metric } from "@sluice/api";
import { argumentValues, type Resolved, resolved, resolveTemplates, unresolved } from "../arguments/index.ts";
import { metricsFault } from "./limits.ts";
import type { ObservedRun } from "./observe.ts";
import { matchedMetrics, retentionOf } from "./rules.ts";

const struckOut = "*****";

export interface Prepared {
  /** Arguments filled in, secrets struck out: safe to store. */
  readonly shown: readonly Metric[];
  /** With secrets: for queries only. */
  readonly asked: readonly Metric[];
  readonly secrets: readonly string[];
  readonly dryRuns: ReadonlySet<string>;
  readonly kept: (metric: string) => number;
}

type Asking = Pick<ObservedRun, "run" | "secrets">;

/** A run's spec stays as it is: without secrets, which others may change, each look would come to the same. */
const known = new WeakMap<AnalysisRun["spec"], Resolved<Prepared>>();

/** A run's metrics with their arguments. */
export function prepare(observed: Asking): Resolved<Prepared> {
  const { spec } = observed.run;
  if (observed.secrets.size > 0) return prepareNow(observed);
  const prepared = known.get(spec) ?? prepareNow(observed);
  known.set(spec, prepared);
  return prepared;
}

function prepareNow({ run, secrets }: Asking): Resolved<Prepared> {
  const { metrics, args = [], dryRun = [] } = run.spec;
  const secretOf = ({ name, key }: { readonly name: string; readonly key: string }): Resolved<string> =>
    secrets.get(`${name}/${key}`) ?? unresolved(`secrets "${name}" not found`);
  const hidden = argumentValues(args, () => resolved(struckOut));
  if (hidden.is === "fault") return unresolved(`Unable to resolve metric arguments: ${hidden.message}`);
  const shown = resolveTemplates(metrics, hidden.value);
  if (shown.is === "fault") return unresolved(`Unable to resolve metric arguments: ${shown.message}`);
  const fault = metricsFault(shown.value);
  if (fault !== undefined) return unresolved(`Analysis spec invalid: ${fault}`);
  const dryRuns = matchedMetrics("dryRun", dryRun, metrics);
  if (dryRuns.is === "fault") return unresolved(`Analysis spec invalid: ${dryRuns.message}`);
  const retention = retentionOf(run.spec);
  if (retention.is === "fault") return unresolved(`Analysis spec invalid: ${retention.message}`);
  const values = argumentValues(args, secretOf);
  if (values.is === "fault") return unresolved(`Unable to resolve metric arguments: ${values.message}`);
  const asked = resolveTemplates(metrics, values.value);
  if (asked.is === "fault") return unresolved(`Unable to resolve metric arguments: ${asked.message}`);
  return resolved({
    shown: shown.value,
    asked: asked.value,
    secrets: [...secrets.values()].flatMap((secret) => (secret.is === "resolved" ? [secret.value] : [])),
    dryRuns: new Set(dryRuns.value.keys()),
    kept: retention.value,
  });
}
