import { parseInstant } from "@sluice/kernel";
import type { KindDefinition } from "../../contract/kind-definition.ts";
import { at } from "../../schema/build.ts";
import { formatLabelSelector } from "../../selectors/label-selector.ts";
import { ageColumn, column, humanDuration, joined, nameColumn, wideColumn } from "../columns.ts";
import { defaultTemplate } from "../core/pod-defaults.ts";
import { resource } from "../meta-schema.ts";
import type { Job, JobSpec, JobStatus } from "./job.ts";
import { checkJob, checkJobChange, controllerUidLabel, jobNameLabel } from "./job-rules.ts";
import { jobSpec, jobStatus } from "./job-schema.ts";

export const jobKind: KindDefinition = {
  group: "batch",
  versions: ["v1"],
  kind: "Job",
  plural: "jobs",
  singular: "job",
  categories: ["all"],
  namespaced: true,
  schema: resource("Pods that run until they have succeeded.", { spec: at(2, jobSpec), status: at(3, jobStatus) }, [
    "spec",
  ]),
  status: true,
  strategicMerge: true,
  columns: [
    nameColumn,
    column<Job>("Status", ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined ? stateOf(status) : "Terminating",
    ),
    column<Job>("Completions", ({ spec, status }) => `${status?.succeeded ?? 0}/${wantedOf(spec)}`),
    column<Job>("Duration", ({ status }, now) => durationOf(status, now)),
    ageColumn,
    wideColumn<Job>("Containers", ({ spec }) => joined(spec.template.spec.containers.map(({ name }) => name))),
    wideColumn<Job>("Images", ({ spec }) => joined(spec.template.spec.containers.map(({ image }) => image ?? ""))),
    wideColumn<Job>("Selector", ({ spec }) => (spec.selector === undefined ? "" : formatLabelSelector(spec.selector))),
  ],
  applyDefaults: (object) => defaulted(object as Job),
  validate: (object, old) => [
    ...checkJob(object as Job),
    ...(old === undefined ? [] : checkJobChange(object as Job, (old as Job).spec)),
  ],
};

/** What a Job is at, in the words of kubectl. */
function stateOf(status: JobStatus | undefined): string {
  for (const type of ["Complete", "Failed", "Suspended", "FailureTarget", "SuccessCriteriaMet"] as const) {
    if (status?.conditions?.some((condition) => condition.type === type && condition.status === "True")) return type;
  }
  return "Running";
}

const wantedOf = ({ completions, parallelism = 1 }: JobSpec): string =>
  completions === undefined ? (parallelism > 1 ? `1 of ${parallelism}` : "1") : String(completions);

function durationOf(status: JobStatus | undefined, now: number): string {
  const startedAt = parseInstant(status?.startTime ?? "");
  if (startedAt === undefined) return "";
  return humanDuration((parseInstant(status?.completionTime ?? "") ?? now) - startedAt);
}

/** As Kubernetes' strategy does it: the selector and the labels come from the uid, so that no two Jobs share Pods. */
function defaulted(job: Job): Job {
  const { spec, metadata } = job;
  if (spec?.template === undefined) return job;
  const template = defaultTemplate(spec.template);
  const { uid, name } = metadata;
  const isGenerated = spec.manualSelector !== true && uid !== undefined;
  const labels = isGenerated
    ? {
        [controllerUidLabel]: uid,
        [jobNameLabel]: name,
        "controller-uid": uid,
        "job-name": name,
        ...template.metadata?.labels,
      }
    : template.metadata?.labels;
  return {
    ...job,
    spec: {
      ...spec,
      ...(spec.completions === undefined && spec.parallelism === undefined ? { completions: 1 } : {}),
      parallelism: spec.parallelism ?? 1,
      podReplacementPolicy:
        spec.podReplacementPolicy ?? (spec.podFailurePolicy === undefined ? "TerminatingOrFailed" : "Failed"),
      ...(isGenerated && spec.selector === undefined
        ? { selector: { matchLabels: { [controllerUidLabel]: uid } } }
        : {}),
      template: labels === undefined ? template : { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}
