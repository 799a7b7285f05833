import type { AnalysisRun, Decision, Event, Pod, Quarantine, ReplicaSet, Rollout } from "@sluice/api";
import { type ReactNode, useMemo, useState } from "react";
import { useItems } from "../data/use-live.ts";
import { Badge } from "../parts/badge.tsx";
import { Page, Section } from "../parts/page.tsx";
import { Empty, Loading } from "../parts/states.tsx";
import { colourIndex } from "../parts/version-colours.ts";
import { Actions } from "./actions.tsx";
import { AnalysisRuns } from "./analysis-runs.tsx";
import { headlineOf } from "./headline.ts";
import { QuarantineNotice } from "./quarantine-notice.tsx";
import { StepTrack } from "./step-track.tsx";
import { stepsOf } from "./steps.ts";
import { chaptersOf } from "./timeline.ts";
import { TimelineView } from "./timeline-view.tsx";
import { TrafficCharts, WindowChoice } from "./traffic-charts.tsx";
import { useTraffic } from "./use-traffic.ts";
import { VersionTable } from "./version-table.tsx";
import { controllerUid, hashOf, revisionOf, sharesOf, versionsOf } from "./versions.ts";
import { WeightBar } from "./weight-bar.tsx";

interface ReleaseName {
  readonly namespace: string;
  readonly name: string;
}

export function ReleasePage({ namespace, name }: ReleaseName): ReactNode {
  const found = useItems<Rollout>("rollouts", namespace, ({ metadata }) => metadata.name === name);
  const [rollout] = found ?? [];
  if (rollout !== undefined) return <Release rollout={rollout} />;
  return (
    <Page title={name} crumbs={crumbsOf(namespace)}>
      {found === undefined ? <Loading rows={6} /> : <Empty title={`There is no rollout ${name} in ${namespace}`} />}
    </Page>
  );
}

const crumbsOf = (namespace: string) => [{ text: "Rollouts", to: "/rollouts" }, { text: namespace }];

function Release({ rollout }: { readonly rollout: Rollout }): ReactNode {
  const { namespace = "default", name, uid } = rollout.metadata;
  const isOwned = ({ metadata }: ReplicaSet | AnalysisRun) => controllerUid({ metadata }) === uid;
  const replicaSets = useItems<ReplicaSet>("replicasets", namespace, isOwned) ?? [];
  const owners = new Set(replicaSets.map(({ metadata }) => metadata.uid));
  const pods = useItems<Pod>("pods", namespace, (pod) => owners.has(controllerUid(pod))) ?? [];
  const runs = useItems<AnalysisRun>("analysisruns", namespace, isOwned) ?? [];
  const quarantines =
    useItems<Quarantine>("quarantines", namespace, ({ spec: { workload }, status }) => {
      return workload.name === name && workload.kind === "Rollout" && status?.lifted !== true;
    }) ?? [];
  const [seconds, setSeconds] = useState(300);
  const [withEvents, setWithEvents] = useState(false);

  const versions = useMemo(
    () => versionsOf(rollout, replicaSets, pods, new Set(quarantines.map(({ spec }) => spec.podTemplateHash))),
    [rollout, replicaSets, pods, quarantines],
  );
  const colours = colourIndex(uid ?? name, versions.map(({ hash }) => hash).toReversed());
  const shown = versions
    .filter(({ role, pods: own }, index) => role !== "old" || own.length > 0 || index < 3)
    .slice(0, 5);
  const traffic = useTraffic(
    namespace,
    shown.map(({ hash }) => hash),
    seconds,
  );
  const steps = stepsOf(rollout);
  const current = versions.find(({ hash }) => hash === rollout.status?.currentPodHash);
  const image = current?.images.join(", ") ?? rollout.spec.template?.spec.containers[0]?.image ?? name;
  const decisions =
    useItems<Decision>(
      "decisions",
      namespace,
      ({ spec: { subject } }) => subject.kind === "Rollout" && subject.name === name,
    ) ?? [];
  const marks = useMemo(() => decisions.flatMap(markOf), [decisions]);
  const headline = headlineOf(rollout, image, steps);

  return (
    <Page
      title={name}
      crumbs={crumbsOf(namespace)}
      beside={<Badge state={rollout.status?.phase ?? "Unknown"} />}
      actions={<Actions rollout={rollout} image={image} />}
    >
      <p className="headline" aria-live="polite">
        {headline}
      </p>
      {newestOf(quarantines).map((quarantine) => (
        <QuarantineNotice
          key={quarantine.metadata.uid}
          quarantine={quarantine}
          isCurrent={quarantine.spec.podTemplateHash === rollout.status?.currentPodHash}
        />
      ))}
      <Section title="Progress">
        <StepTrack steps={steps} />
        <WeightBar shares={sharesOf(rollout, versions)} versions={versions} colours={colours} />
      </Section>
      <Section title="Traffic by version" beside={<WindowChoice seconds={seconds} onChange={setSeconds} />}>
        <TrafficCharts
          traffic={traffic}
          marks={marks}
          versions={shown
            .map(({ hash, images }) => ({ hash, name: images.join(", "), colour: colours.get(hash) ?? 0 }))
            .toReversed()}
        />
      </Section>
      <div className="two-columns">
        <div className="column">
          <Section title="Versions" className="scrolls">
            <VersionTable versions={shown} colours={colours} traffic={traffic} />
          </Section>
          <Section title="Analysis">
            <AnalysisRuns runs={latestRuns(runs, current?.revision)} />
          </Section>
        </div>
        <Section
          title="Decisions"
          beside={
            <label className="choice">
              <input type="checkbox" checked={withEvents} onChange={({ target }) => setWithEvents(target.checked)} />
              With events
            </label>
          }
        >
          <Timeline rollout={rollout} decisions={decisions} replicaSets={replicaSets} withEvents={withEvents} />
        </Section>
      </div>
    </Page>
  );
}

const noEvents: readonly Event[] = [];

function Timeline({
  rollout: { metadata },
  decisions,
  replicaSets,
  withEvents,
}: {
  readonly rollout: Rollout;
  readonly decisions: readonly Decision[];
  readonly replicaSets: readonly ReplicaSet[];
  readonly withEvents: boolean;
}): ReactNode {
  const { name, namespace } = metadata;
  const events =
    useItems<Event>("events", namespace, ({ involvedObject: about }) => {
      return about.name === name || (about.kind === "AnalysisRun" && (about.name ?? "").startsWith(`${name}-`));
    }) ?? noEvents;
  const chapters = useMemo(() => {
    const images = new Map(
      replicaSets.map((set) => [hashOf(set), set.spec.template?.spec.containers.map(({ image }) => image).join(", ")]),
    );
    return chaptersOf(decisions, withEvents ? events : noEvents, (hash) => images.get(hash));
  }, [decisions, events, replicaSets, withEvents]);
  return <TimelineView chapters={chapters} />;
}

/** The runs of the newest revision; of an earlier one where it has none. */
function latestRuns(runs: readonly AnalysisRun[], revision: number | undefined): readonly AnalysisRun[] {
  const sorted = runs.toSorted((a, b) => revisionOf(b) - revisionOf(a) || (startOf(a) < startOf(b) ? 1 : -1));
  const own = sorted.filter((run) => revisionOf(run) === revision);
  return own.length > 0 ? own : sorted.slice(0, 1);
}

const startOf = ({ metadata }: AnalysisRun | Quarantine): string => metadata.creationTimestamp ?? "";

const newestOf = (quarantines: readonly Quarantine[]): readonly Quarantine[] =>
  quarantines.toSorted((a, b) => (startOf(a) < startOf(b) ? 1 : -1)).slice(0, 3);

function markOf({ spec: { at, action } }: Decision) {
  if (action !== "begin" && action !== "promote" && action !== "abort") return [];
  const tone = action === "abort" ? "bad" : action === "promote" ? "good" : "plain";
  return [{ at: Date.parse(at) / 1000, tone } as const];
}
