import type { AnalysisRun, Argument } from "@sluice/api";
import type { ReactNode } from "react";
import { useItems } from "../data/use-live.ts";
import { counted } from "../format.ts";
import { AbsentPage } from "../parts/absent-page.tsx";
import { Ago } from "../parts/ago.tsx";
import { Badge } from "../parts/badge.tsx";
import { EndAction } from "../parts/end-action.tsx";
import { EventsSection } from "../parts/events-section.tsx";
import { Owner } from "../parts/object-link.tsx";
import { Page, Section } from "../parts/page.tsx";
import { Empty } from "../parts/states.tsx";
import { MetricItem } from "./analysis-runs.tsx";
import { MeasurementTable } from "./measurement-table.tsx";
import { providerWords } from "./provider-words.ts";

const crumbsOf = (namespace: string) => [{ text: "Analysis runs", to: "/analysis" }, { text: namespace }];

export function AnalysisRunPage({ namespace, name }: { readonly namespace: string; readonly name: string }): ReactNode {
  const found = useItems<AnalysisRun>("analysisruns", namespace, () => true, name);
  const [run] = found ?? [];
  if (run === undefined) {
    return (
      <AbsentPage name={name} crumbs={crumbsOf(namespace)} isLoading={found === undefined}>
        <Empty title={`There is no analysis run ${name} in ${namespace}`} />
      </AbsentPage>
    );
  }
  const { spec, status } = run;
  return (
    <Page
      title={name}
      crumbs={crumbsOf(namespace)}
      beside={<Badge state={status?.phase || "Pending"} />}
      actions={
        <EndAction
          kind="analysisruns"
          object={run}
          phase={status?.phase || "Pending"}
          consequence="Nothing more is measured; what is measured so far decides."
        />
      }
    >
      <p className="headline" aria-live="polite">
        {headlineOf(run)}
      </p>
      <div className="two-columns">
        <div className="column">
          <Section title="Measurements">
            <ul className="metrics">
              {spec.metrics.map((metric) => (
                <MetricItem key={metric.name} run={run} metric={metric} size="large">
                  <MeasurementTable run={run} metric={metric} />
                </MetricItem>
              ))}
            </ul>
          </Section>
        </div>
        <div className="column">
          <Section title="About it">
            <dl className="facts">
              <dt>Made by</dt>
              <dd className="break">
                <Owner object={run} />
              </dd>
              <dt>Started</dt>
              <dd>
                <Ago at={status?.startedAt} empty="not yet" />
              </dd>
              {status?.completedAt !== undefined && (
                <>
                  <dt>Ended</dt>
                  <dd>
                    <Ago at={status.completedAt} />
                  </dd>
                </>
              )}
              {spec.args?.map((argument) => (
                <Fact key={argument.name} argument={argument} />
              ))}
            </dl>
          </Section>
          <Section title="What is asked">
            <dl className="questions">
              {spec.metrics.map((metric) => {
                const { provider, question } = providerWords(metric, spec.args);
                return (
                  <div key={metric.name}>
                    <dt>
                      <strong>{metric.name}</strong> <span className="quiet">{provider}</span>
                      <span className="quiet">
                        {metric.interval === undefined ? ", once" : `, every ${metric.interval}`}
                      </span>
                    </dt>
                    <dd>{question !== undefined && <code className="break">{question.trim()}</code>}</dd>
                  </div>
                );
              })}
            </dl>
          </Section>
          <EventsSection namespace={namespace} name={name} kinds={["AnalysisRun"]} />
        </div>
      </div>
    </Page>
  );
}

/** A value from a Secret stands nowhere but there. */
function Fact({ argument: { name, value, valueFrom } }: { readonly argument: Argument }): ReactNode {
  return (
    <>
      <dt>{name}</dt>
      <dd className="break">
        {valueFrom?.secretKeyRef === undefined ? (
          <code>{value}</code>
        ) : (
          <span className="quiet">of Secret {valueFrom.secretKeyRef.name}</span>
        )}
      </dd>
    </>
  );
}

/** Where it stands, in a sentence. */
function headlineOf({ spec, status }: AnalysisRun): string {
  const results = status?.metricResults ?? [];
  const measured = results.reduce((sum, { count = 0, error = 0 }) => sum + count + error, 0);
  const soFar = measured === 0 ? "nothing is measured yet" : counted(measured, "measurement");
  switch (status?.phase || "Pending") {
    case "Pending":
      return status?.message ?? "It begins.";
    case "Running":
      return `${counted(spec.metrics.length, "metric")}, ${soFar} so far.`;
    case "Successful":
      return `Every metric that counts holds: ${soFar}.`;
    case "Inconclusive":
      return status?.message ?? `It is undecided after ${soFar}: a person decides.`;
    default:
      return status?.message ?? `It failed after ${soFar}.`;
  }
}
