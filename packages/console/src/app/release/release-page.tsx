import type { AnalysisRun, Decision, Experiment, Quarantine, ReplicaSet, Resource } from "@sluice/api";
import { type ReactNode, useMemo, useState } from "react";
import { AnalysisRuns } from "../analysis/analysis-runs.tsx";
import { Experiments } from "../experiments/experiments.tsx";
import { AbsentPage } from "../parts/absent-page.tsx";
import { Badge } from "../parts/badge.tsx";
import { Page, Section } from "../parts/page.tsx";
import { Empty } from "../parts/states.tsx";
import { colourIndex } from "../parts/version-colours.ts";
import { Actions } from "./actions.tsx";
import { ChangesSection } from "./changes/changes-section.tsx";
import { DecisionsSection } from "./decisions-section.tsx";
import { headlineOf } from "./headline.ts";
import { JudgeView } from "./judge/judge-view.tsx";
import { latestJudgement } from "./judge/latest-judgement.ts";
import { QuarantineNotice } from "./quarantine-notice.tsx";
import { ringNote } from "./rings/ring-note.ts";
import { RingsView } from "./rings/rings-view.tsx";
import { ServicesLine } from "./services-line.tsx";
import { StepTrack } from "./step-track.tsx";
import { stepsOf } from "./steps.ts";
import { TrafficCharts, WindowChoice, windowFor } from "./traffic-charts.tsx";
import { type Release, useRelease } from "./use-release.ts";
import { useTraffic } from "./use-traffic.ts";
import { VersionTable } from "./version-table.tsx";
import { hashOf, revisionOf, sharesOf, type Version, versionsOf } from "./versions.ts";
import { WeightBar } from "./weight-bar.tsx";

export function ReleasePage({ namespace, name }: { readonly namespace: string; readonly name: string }): ReactNode {
  const state = useRelease(namespace, name);
  if (state.is === "known") return <ReleaseView release={state.release} />;
  return (
    <AbsentPage name={name} crumbs={crumbsOf(namespace)} isLoading={state.is === "loading"}>
      <Empty title={`There is no rollout ${name} in ${namespace}`} />
    </AbsentPage>
  );
}

const crumbsOf = (namespace: string) => [{ text: "Rollouts", to: "/rollouts" }, { text: namespace }];

function ReleaseView({ release }: { readonly release: Release }): ReactNode {
  const { rollout, replicaSets, pods, runs, experiments, judgements, ringSet, quarantines, decisions } = release;
  const { namespace = "default", name, uid = name } = rollout.metadata;
  const [seconds, setSeconds] = useState(() => windowFor(lastBegin(decisions), Date.now()));
  const versions = useMemo(
    () => versionsOf(rollout, replicaSets, pods, new Set(quarantines.map(({ spec }) => spec.podTemplateHash))),
    [rollout, replicaSets, pods, quarantines],
  );
  const current = versions.find(({ hash }) => hash === rollout.status?.currentPodHash);
  const shownExperiments = latestOf(experiments, current?.revision);
  const beside = shownExperiments.flatMap(templatesWithPods);
  const ownHashes = versions.map(({ hash }) => hash).toReversed();
  const colours = colourIndex(uid, [...ownHashes, ...beside.map(({ hash }) => hash)]);
  const shown = worthShowing(versions);
  const lines = [
    ...beside.map(({ hash, name: template }) => ({ hash, name: `experiment's ${template}` })),
    ...shown.map((version) => ({ hash: version.hash, name: nameAmong(shown, version) })),
  ].map((line) => ({ ...line, colour: colours.get(line.hash) ?? 0 }));
  const traffic = useTraffic(
    namespace,
    lines.map(({ hash }) => hash),
    seconds,
  );
  const about = useMemo(() => {
    const others = [...runs, ...quarantines].map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    return new Set([`Rollout ${name}`, ...others]);
  }, [name, runs, quarantines]);
  const titleOf = useMemo(() => {
    const images = new Map(replicaSets.map((set) => [hashOf(set), imagesOf(set)]));
    return ({ spec: { subject } }: Decision) => images.get(subject.podTemplateHash ?? "");
  }, [replicaSets]);
  const marks = useMemo(() => decisions.flatMap(markOf), [decisions]);
  const steps = stepsOf(rollout);
  const shares = sharesOf(rollout, versions);
  const judgement = latestJudgement(judgements);
  const image = current?.images.join(", ") ?? rollout.spec.template?.spec.containers[0]?.image ?? name;

  return (
    <Page
      title={name}
      crumbs={crumbsOf(namespace)}
      beside={<Badge state={rollout.status?.phase ?? "Unknown"} />}
      actions={<Actions rollout={rollout} image={image} />}
    >
      <p className="headline" aria-live="polite">
        {headlineOf(rollout, image, steps)}
      </p>
      <Section title="Progress">
        <StepTrack steps={steps} />
        <WeightBar shares={shares} versions={versions} colours={colours} note={ringNote(rollout)} />
        <ServicesLine rollout={rollout} versions={versions} />
      </Section>
      <Section title="Traffic by version" beside={<WindowChoice seconds={seconds} onChange={setSeconds} />}>
        <TrafficCharts traffic={traffic} marks={marks} versions={lines.toReversed()} />
      </Section>
      <div className="two-columns">
        <div className="column">
          <Section title="Versions" className="scrolls">
            <VersionTable versions={shown} colours={colours} traffic={traffic} />
          </Section>
          {ringSet !== undefined && (
            <Section title="Rings" className="scrolls">
              <RingsView rollout={rollout} ringSet={ringSet} />
            </Section>
          )}
          {(runs.length > 0 || shownExperiments.length === 0) && (
            <Section title="Analysis">
              <AnalysisRuns runs={latestOf(runs, current?.revision)} />
            </Section>
          )}
          {shownExperiments.length > 0 && (
            <Section title="Experiments">
              <Experiments
                experiments={shownExperiments}
                runs={release.experimentRuns}
                shares={shares}
                colours={colours}
              />
            </Section>
          )}
        </div>
        <div className="column">
          {newestOf(quarantines).map((quarantine) => (
            <QuarantineNotice
              key={quarantine.metadata.uid}
              quarantine={quarantine}
              isCurrent={quarantine.spec.podTemplateHash === rollout.status?.currentPodHash}
            />
          ))}
          {judgement !== undefined && (
            <Section title="The judge">
              <JudgeView judgement={judgement} />
            </Section>
          )}
          <ChangesSection rollout={rollout} />
          <DecisionsSection namespace={namespace} decisions={decisions} about={about} titleOf={titleOf} />
        </div>
      </div>
    </Page>
  );
}

/** Its images; where two versions have the same, the revision too. */
function nameAmong(versions: readonly Version[], { hash, images, revision }: Version): string {
  const name = images.join(", ");
  const isSame = versions.some((other) => other.hash !== hash && other.images.join(", ") === name);
  return isSame ? `${name} (${revision})` : name;
}

const imagesOf = ({ spec }: ReplicaSet): string | undefined =>
  spec.template?.spec.containers.map(({ image }) => image).join(", ");

/** What is stable, on its way or still has pods, and the last few that had; at most five. */
const worthShowing = (versions: readonly Version[]): readonly Version[] =>
  versions.filter(({ roles, pods }, index) => !roles.includes("old") || pods.length > 0 || index < 3).slice(0, 5);

/** The versions of an experiment that have Pods now: what they get is missing from what the others get. */
const templatesWithPods = ({ status }: Experiment): readonly { readonly name: string; readonly hash: string }[] =>
  (status?.templateStatuses ?? []).flatMap(({ name, podTemplateHash, replicas }) =>
    podTemplateHash === undefined || replicas === 0 ? [] : [{ name, hash: podTemplateHash }],
  );

/** Those of the newest revision; of an earlier one where it has none. */
function latestOf<Measured extends AnalysisRun | Experiment>(
  all: readonly Measured[],
  revision: number | undefined,
): readonly Measured[] {
  const sorted = all.toSorted((a, b) => revisionOf(b) - revisionOf(a) || (startOf(a) < startOf(b) ? 1 : -1));
  const own = sorted.filter((one) => revisionOf(one) === revision);
  return own.length > 0 ? own : sorted.slice(0, 1);
}

const startOf = ({ metadata }: Pick<Resource, "metadata">): string => metadata.creationTimestamp ?? "";

const newestOf = (quarantines: readonly Quarantine[]): readonly Quarantine[] =>
  quarantines.toSorted((a, b) => (startOf(a) < startOf(b) ? 1 : -1)).slice(0, 3);

const lastBegin = (decisions: readonly Decision[]): number | undefined =>
  decisions.reduce<number | undefined>((latest, { spec }) => {
    const at = Date.parse(spec.at);
    return spec.action === "begin" && at > (latest ?? 0) ? at : latest;
  }, undefined);

function markOf({ spec: { at, action } }: Decision) {
  if (action !== "begin" && action !== "promote" && action !== "abort") return [];
  const tone = action === "abort" ? "bad" : action === "promote" ? "good" : "plain";
  return [{ at: Date.parse(at) / 1000, tone } as const];
}
