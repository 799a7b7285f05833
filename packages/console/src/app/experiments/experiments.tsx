import type { AnalysisRun, Experiment, ExperimentTemplate, ExperimentTemplateStatus } from "@sluice/api";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { Metrics, RunMessage } from "../analysis/analysis-runs.tsx";
import { Ago } from "../parts/ago.tsx";
import { Badge } from "../parts/badge.tsx";
import { controllerUid, revisionOf, type Share } from "../release/versions.ts";

/** What a version of it gets of the traffic, in percent. */
export type TemplateShare = Pick<Share, "hash" | "percent">;

/** Versions that run beside each other for a while, and what is measured of them. */
export function Experiments({
  experiments,
  runs,
  shares,
  colours,
}: {
  readonly experiments: readonly Experiment[];
  readonly runs: readonly AnalysisRun[];
  readonly shares: readonly Share[];
  readonly colours: ReadonlyMap<string, number>;
}): ReactNode {
  return experiments.map((experiment) => (
    <ExperimentView
      key={experiment.metadata.uid}
      experiment={experiment}
      runs={runs.filter((run) => controllerUid(run) === experiment.metadata.uid)}
      shares={shares}
      colours={colours}
    />
  ));
}

function ExperimentView({
  experiment,
  runs,
  shares,
  colours,
}: {
  readonly experiment: Experiment;
  readonly runs: readonly AnalysisRun[];
  readonly shares: readonly Share[];
  readonly colours: ReadonlyMap<string, number>;
}): ReactNode {
  const { metadata, spec, status } = experiment;
  return (
    <section className="run" aria-label={`Experiment ${metadata.name}`}>
      <div className="run-head">
        <Badge state={status?.phase || "Pending"} />
        <span>revision {revisionOf(experiment)}</span>
        <Link href={`/experiments/${metadata.namespace}/${metadata.name}`} className="more-link">
          Open<span className="unseen"> experiment {metadata.name}</span>
        </Link>
        <span className="quiet">
          {spec.duration === undefined ? "until its analyses end" : `for ${spec.duration}`} ·{" "}
          <Ago at={status?.availableAt ?? metadata.creationTimestamp} />
        </span>
      </div>
      {status?.message !== undefined && status.phase !== "Successful" && (
        <p className={status.phase === "Running" ? "quiet" : "bad-text"}>{status.message}</p>
      )}
      <TemplateTable experiment={experiment} shares={shares} colours={colours} />
      {(status?.analysisRuns ?? []).map(({ name, analysisRun, phase, message }) => {
        const run = runs.find((one) => one.metadata.name === analysisRun);
        return (
          <section key={name} className="experiment-analysis" aria-label={`Analysis ${name}`}>
            <div className="run-head">
              <strong>{name}</strong> <Badge state={phase || "Pending"} />
            </div>
            {run === undefined
              ? message !== undefined && <p className="quiet">{message}</p>
              : run.status?.message !== status?.message && <RunMessage run={run} />}
            {run !== undefined && <Metrics run={run} />}
          </section>
        );
      })}
    </section>
  );
}

/** The versions that run beside each other, with what they get of the traffic. */
export function TemplateTable({
  experiment: { spec, status },
  shares,
  colours,
}: {
  readonly experiment: Experiment;
  readonly shares: readonly TemplateShare[];
  /** Of its versions on a chart, by hash. */
  readonly colours?: ReadonlyMap<string, number>;
}): ReactNode {
  return (
    <div className="scrolls">
      <table className="versions experiment">
        <thead>
          <tr>
            <th scope="col">Template</th>
            <th scope="col">State</th>
            <th scope="col" className="number">
              Pods ready
            </th>
            <th scope="col" className="number">
              Traffic
            </th>
          </tr>
        </thead>
        <tbody>
          {spec.templates.map((template) => {
            const state = status?.templateStatuses?.find(({ name }) => name === template.name);
            const share = shares.find(({ hash }) => hash !== "" && hash === state?.podTemplateHash);
            const colour = colours?.get(state?.podTemplateHash ?? "");
            const known = { template, state, colour, percent: share?.percent };
            return <TemplateRow key={template.name} {...known} />;
          })}
        </tbody>
      </table>
    </div>
  );
}

function TemplateRow({
  template,
  state,
  colour,
  percent,
}: {
  readonly template: ExperimentTemplate;
  readonly state: ExperimentTemplateStatus | undefined;
  readonly colour: number | undefined;
  readonly percent: number | undefined;
}): ReactNode {
  const images = template.template.spec.containers.map(({ image }) => image).join(", ");
  return (
    <tr>
      <th scope="row">
        {colour !== undefined && <span className={`swatch colour-${colour}`} aria-hidden="true" />} {template.name}
        <span className="under">{images}</span>
      </th>
      <td>
        <Badge state={state?.status || "Pending"} />
        {state?.message !== undefined && <span className="under">{state.message}</span>}
      </td>
      <td className="number numbers">
        {state?.readyReplicas ?? 0} of {template.replicas ?? 1}
      </td>
      <td className="number numbers">{percent === undefined ? <span className="quiet">none</span> : `${percent} %`}</td>
    </tr>
  );
}
