import type { AnalysisRun, Experiment, ExperimentAnalysis, Rollout } from "@sluice/api";
import { parsePause } from "@sluice/api/release";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { Metrics, RunMessage } from "../analysis/analysis-runs.tsx";
import { useItems } from "../data/use-live.ts";
import { counted } from "../format.ts";
import { AbsentPage } from "../parts/absent-page.tsx";
import { Ago, Countdown } from "../parts/ago.tsx";
import { Badge } from "../parts/badge.tsx";
import { EndAction } from "../parts/end-action.tsx";
import { EventsSection } from "../parts/events-section.tsx";
import { Owner, ownerOf } from "../parts/object-link.tsx";
import { Page, Section } from "../parts/page.tsx";
import { Empty } from "../parts/states.tsx";
import { TemplateTable } from "./experiments.tsx";

const crumbsOf = (namespace: string) => [{ text: "Experiments", to: "/experiments" }, { text: namespace }];

export function ExperimentPage({ namespace, name }: { readonly namespace: string; readonly name: string }): ReactNode {
  const found = useItems<Experiment>("experiments", namespace, () => true, name);
  const [experiment] = found ?? [];
  const owner = experiment === undefined ? undefined : ownerOf(experiment);
  const isOwner = ({ metadata }: Rollout) => metadata.uid === owner?.uid;
  const [rollout] = useItems<Rollout>("rollouts", namespace, isOwner, owner?.name ?? name) ?? [];
  if (experiment === undefined) {
    return (
      <AbsentPage name={name} crumbs={crumbsOf(namespace)} isLoading={found === undefined}>
        <Empty title={`There is no experiment ${name} in ${namespace}`} />
      </AbsentPage>
    );
  }
  const { spec, status } = experiment;
  const analyses = spec.analyses ?? [];
  const shares = (rollout?.status?.canary?.weights?.additional ?? []).map(({ podTemplateHash = "", weight }) => ({
    hash: podTemplateHash,
    percent: weight,
  }));
  return (
    <Page
      title={name}
      crumbs={crumbsOf(namespace)}
      beside={<Badge state={status?.phase || "Pending"} />}
      actions={
        <EndAction
          kind="experiments"
          object={experiment}
          phase={status?.phase || "Pending"}
          consequence="Its analyses end with it, and its Pods go. What is measured so far stays."
        />
      }
    >
      <p className="headline" aria-live="polite">
        {headlineOf(experiment)}
      </p>
      <div className="two-columns">
        <div className="column">
          <Section title="Versions beside each other">
            <TemplateTable experiment={experiment} shares={shares} />
          </Section>
          {analyses.map((analysis) => (
            <AnalysisSection key={analysis.name} experiment={experiment} analysis={analysis} />
          ))}
        </div>
        <div className="column">
          <Section title="About it">
            <dl className="facts">
              <dt>Made by</dt>
              <dd className="break">
                <Owner object={experiment} />
              </dd>
              <dt>Ready</dt>
              <dd>
                <Ago at={status?.availableAt} empty="not yet" />
              </dd>
              <dt>Ends</dt>
              <dd>
                <End experiment={experiment} />
              </dd>
              <dt>Its Pods</dt>
              <dd>
                {spec.scaleDownDelaySeconds === undefined
                  ? "go when it ends"
                  : `go ${spec.scaleDownDelaySeconds} s after its end`}
              </dd>
            </dl>
          </Section>
          <EventsSection namespace={namespace} name={name} kinds={["Experiment"]} />
        </div>
      </div>
    </Page>
  );
}

/** Each follows its own run alone: a namespace may hold thousands. */
function AnalysisSection({
  experiment,
  analysis,
}: {
  readonly experiment: Experiment;
  readonly analysis: ExperimentAnalysis;
}): ReactNode {
  const { namespace } = experiment.metadata;
  const known = experiment.status?.analysisRuns?.find(({ name }) => name === analysis.name);
  return (
    <Section title={`Analysis ${analysis.name}`} beside={<Badge state={known?.phase || "Pending"} />}>
      <p className="quiet">
        {analysis.clusterScope === true ? "ClusterAnalysisTemplate" : "AnalysisTemplate"} {analysis.templateName}
        {analysis.requiredForCompletion === true && "; the experiment waits for its end"}
        {known !== undefined && (
          <>
            {" · "}
            <Link href={`/analysis/${namespace}/${known.analysisRun}`}>{known.analysisRun}</Link>
          </>
        )}
      </p>
      {known === undefined ? (
        <p className="quiet">It begins when every version is ready.</p>
      ) : (
        <Run namespace={namespace} name={known.analysisRun} message={known.message} />
      )}
    </Section>
  );
}

function Run({
  namespace,
  name,
  message,
}: {
  readonly namespace: string | undefined;
  readonly name: string;
  readonly message: string | undefined;
}): ReactNode {
  const [run] = useItems<AnalysisRun>("analysisruns", namespace, () => true, name) ?? [];
  if (run === undefined) return message === undefined ? null : <p className="quiet">{message}</p>;
  return (
    <>
      <RunMessage run={run} />
      <Metrics run={run} />
    </>
  );
}

function End({ experiment: { spec, status } }: { readonly experiment: Experiment }): ReactNode {
  if (spec.duration === undefined) return "when its analyses end";
  const length = parsePause(spec.duration);
  const isOver = status?.phase !== undefined && status.phase !== "Running" && status.phase !== "Pending";
  if (status?.availableAt === undefined || length === undefined || isOver) return `${spec.duration} after it is ready`;
  return <Countdown until={Date.parse(status.availableAt) + length} />;
}

/** Where it stands, in a sentence. */
function headlineOf({ spec, status }: Experiment): string {
  const versions = counted(spec.templates.length, "version");
  switch (status?.phase || "Pending") {
    case "Pending":
      return status?.message ?? `${versions} come up to run beside each other.`;
    case "Running":
      return `${versions} run beside each other${(spec.analyses ?? []).length > 0 ? " and are compared" : ""}.`;
    case "Successful":
      return status?.message ?? "It ended well.";
    default:
      return status?.message ?? "It failed.";
  }
}
