import type { AnalysisRun, Experiment, Resource } from "@sluice/api";

/** What a list shows of it: measurements, queries and Pod templates are most of its bytes, and stay away. */
export function brief(object: Resource): Resource {
  if (object.kind === "AnalysisRun") return briefRun(object as AnalysisRun);
  if (object.kind === "Experiment") return briefExperiment(object as Experiment);
  return object;
}

function briefRun(run: AnalysisRun): AnalysisRun {
  const { metadata, spec, status } = run;
  const metricResults = status?.metricResults?.map(({ measurements: _, ...result }) => result);
  return {
    ...run,
    metadata: withoutNotes(metadata),
    spec: { metrics: spec.metrics.map(({ name }) => ({ name, provider: {} })) },
    ...(status === undefined
      ? {}
      : { status: { ...status, ...(metricResults === undefined ? {} : { metricResults }) } }),
  };
}

function briefExperiment(experiment: Experiment): Experiment {
  const { metadata, spec } = experiment;
  const templates = spec.templates.map((template) => ({
    ...template,
    template: { spec: { containers: template.template.spec.containers.map(({ name, image }) => ({ name, image })) } },
  }));
  return { ...experiment, metadata: withoutNotes(metadata), spec: { ...spec, templates } as Experiment["spec"] };
}

/** kubectl keeps the whole of what was applied in one of them. */
function withoutNotes({ annotations, ...metadata }: Resource["metadata"]): Resource["metadata"] {
  const revision = annotations?.["rollout.argoproj.io/revision"];
  return revision === undefined ? metadata : { ...metadata, annotations: { "rollout.argoproj.io/revision": revision } };
}
