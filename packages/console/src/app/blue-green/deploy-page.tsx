import type { Deployment, Job, Pod } from "@sluice/api";
import { imageOf } from "@sluice/api/release";
import { type ReactNode, useMemo } from "react";
import { Link } from "wouter";
import { formatDuration } from "../format.ts";
import { AbsentPage } from "../parts/absent-page.tsx";
import { Badge } from "../parts/badge.tsx";
import { Page, Section } from "../parts/page.tsx";
import { Empty, Notice } from "../parts/states.tsx";
import { colourIndex } from "../parts/version-colours.ts";
import { stateOf } from "../pods/pod-state.ts";
import { DecisionsSection } from "../release/decisions-section.tsx";
import { StepTrack } from "../release/step-track.tsx";
import { PodDots } from "../release/version-table.tsx";
import { DeployActions } from "./deploy-actions.tsx";
import { type DeployStep, deploySteps } from "./deploy-steps.ts";
import { headlineOf, nextSteps } from "./deploy-words.ts";
import { type Deploy, type Side, useDeploy } from "./use-deploy.ts";

const crumbsOf = (namespace: string) => [{ text: "Blue-green", to: "/bluegreen" }, { text: namespace }];

export function DeployPage({ namespace, name }: { readonly namespace: string; readonly name: string }): ReactNode {
  const state = useDeploy(namespace, name);
  if (state.is === "known") return <DeployView known={state.deploy} />;
  return (
    <AbsentPage name={name} crumbs={crumbsOf(namespace)} isLoading={state.is === "loading"}>
      <Empty title={`Nothing was deployed by Service ${name} in ${namespace}`} />
    </AbsentPage>
  );
}

function DeployView({ known: { deploy, found, sides, smoke, decisions } }: { readonly known: Deploy }): ReactNode {
  const { metadata, spec, status } = deploy;
  const { namespace = "default", name } = metadata;
  const steps = useMemo(() => deploySteps(deploy, decisions), [deploy, decisions]);
  const phase = status?.release === spec.release ? (status.phase ?? "Pending") : "Pending";
  const next = nextSteps(deploy, found, smoke?.pods[0]?.metadata.name);
  const about = useMemo(() => new Set([`BlueGreenDeployment ${name}`]), [name]);
  return (
    <Page
      title={name}
      crumbs={crumbsOf(namespace)}
      beside={<Badge state={phase} />}
      actions={<DeployActions deploy={deploy} found={found} />}
    >
      <p className="headline" aria-live="polite">
        {headlineOf(deploy, steps)}
        {spec.by !== undefined && ` Asked for by ${spec.by}.`}
      </p>
      {found.is === "refused" && (
        <Notice tone="bad" title="The two sides can't be told">
          <p>{found.because}.</p>
        </Notice>
      )}
      {steps.length > 0 && (
        <Section title="Progress">
          <StepTrack steps={steps} />
        </Section>
      )}
      <div className="two-columns">
        <div className="column">
          {sides.length > 0 && (
            <Section title="The two sides" className="scrolls">
              <Sides sides={sides} service={name} owner={metadata.uid ?? name} container={containerOf(found)} />
            </Section>
          )}
          {steps.length > 0 && (
            <Section title="Steps">
              <ol className="deploy-steps">
                {steps.map((step) => (
                  <StepRow key={step.phase} step={step} smoke={step.phase === "SmokeTesting" ? smoke : undefined} />
                ))}
              </ol>
            </Section>
          )}
        </div>
        <div className="column">
          <Section title="What to do next">
            {next.map(({ text, command }) => (
              <div key={text} className="next-step">
                <p>{text}</p>
                {command !== undefined && <pre>{command}</pre>}
              </div>
            ))}
          </Section>
          <DecisionsSection namespace={namespace} decisions={decisions} about={about} titleOf={titleOf} />
        </div>
      </div>
    </Page>
  );
}

const containerOf = (found: Deploy["found"]): string => (found.is === "found" ? found.pair.container : "");

const titleOf = ({ spec: { inputs } }: Deploy["decisions"][number]): string | undefined => {
  const image = inputs?.image;
  return image === undefined ? undefined : String(image);
};

function Sides({
  sides,
  service,
  owner,
  container,
}: {
  readonly sides: readonly Side[];
  readonly service: string;
  readonly owner: string;
  readonly container: string;
}): ReactNode {
  const colours = colourIndex(owner, sides.map(({ colour }) => colour).toSorted());
  return (
    <table className="versions sides">
      <thead>
        <tr>
          <th scope="col">Colour</th>
          <th scope="col">Pods</th>
          <th scope="col">Service {service}</th>
        </tr>
      </thead>
      <tbody>
        {sides.map(({ colour, deployment, isLive, pods }) => (
          <tr key={colour}>
            <th scope="row">
              <span className="version-name">
                <span className={`swatch colour-${colours.get(colour) ?? 0}`} aria-hidden="true" />
                <span>
                  {colour} <span className={`role ${isLive ? "active" : ""}`}>{isLive ? "live" : "idle"}</span>
                  <span className="under wraps">
                    <code>{imageOf(deployment, container)}</code> · Deployment {deployment.metadata.name}
                  </span>
                </span>
              </span>
            </th>
            <td>
              <PodDots pods={pods} />
              <span className="under numbers">{podsOf(deployment, pods)}</span>
            </td>
            <td className="numbers">{isLive ? "100 %" : <span className="quiet">no traffic</span>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function podsOf({ spec, status }: Deployment, pods: readonly Pod[]): string {
  const wanted = spec.replicas ?? 1;
  if (wanted === 0 && pods.length === 0) return "scaled down";
  return `${status?.readyReplicas ?? 0} of ${wanted} ready`;
}

const stateWords = { done: "done", current: "now", next: "to come", failed: "failed" } as const;
const tones = { done: "good", current: "busy", next: "quiet", failed: "bad" } as const;

function StepRow({ step, smoke }: { readonly step: DeployStep; readonly smoke: Deploy["smoke"] }): ReactNode {
  const { title, state, outcome, took } = step;
  return (
    <li className={state}>
      <Badge state={stateWords[state]} tone={tones[state]} />
      <div>
        <p>{title}</p>
        {outcome !== undefined && <p className={state === "failed" ? "bad-text" : "quiet"}>{outcome}</p>}
        {smoke !== undefined && <Smoke {...smoke} />}
      </div>
      <span className="quiet numbers">{took !== undefined && formatDuration(took)}</span>
    </li>
  );
}

/** The Job, and the Pods whose log says what it found. */
function Smoke({ job, pods }: { readonly job: Job; readonly pods: readonly Pod[] }): ReactNode {
  return (
    <p className="quiet">
      Job {job.metadata.name}
      {pods.map((pod) => (
        <span key={pod.metadata.uid}>
          {" · "}
          <Link href={`/pods/${pod.metadata.namespace}/${pod.metadata.name}`}>log of {pod.metadata.name}</Link>{" "}
          {stateOf(pod)}
        </span>
      ))}
    </p>
  );
}
