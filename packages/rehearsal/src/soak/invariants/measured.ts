import { type AnalysisRun, controllerOf, type Experiment } from "@sluice/api";
import { isShortLived, ownRunName } from "../manifests/beside.ts";
import type { Checks } from "./invariant.ts";
import { isLeft, ownerOf, type Picture, saysReady, wantedOf } from "./picture.ts";

const completed: ReadonlySet<string> = new Set(["Successful", "Failed", "Error", "Inconclusive"]);
const isOver = ({ status }: Experiment | AnalysisRun): boolean => completed.has(status?.phase ?? "");

/** What is measured says what was measured, begins with pods that are there, and once it has ended stays as it ended. */
export function checkMeasured(now: Picture, before: Picture | undefined, checks: Checks): void {
  for (const run of now.runs) {
    const known = before?.runs.find(({ metadata }) => metadata.uid === run.metadata.uid);
    staysEnded(run, known, checks);
    for (const { name, count = 0, error = 0, successful = 0, failed = 0, inconclusive = 0, measurements = [] } of run
      .status?.metricResults ?? []) {
      const all = measurements.filter(({ phase }) => completed.has(phase));
      const of = (phase: string) => all.filter((one) => one.phase === phase).length;
      const wanted = Number(run.spec.metrics.find((metric) => metric.name === name)?.count ?? Number.NaN);
      checks.holds(
        "why",
        successful + failed + inconclusive === count &&
          of("Successful") <= successful &&
          of("Failed") <= failed &&
          of("Error") <= error,
        () => `AnalysisRun ${run.metadata.name} counts ${count} measurements of ${name} otherwise than it lists them`,
      );
      checks.holds(
        "ends",
        !(count > wanted),
        () => `${run.metadata.name} measured ${name} ${count} times of ${wanted}`,
      );
    }
  }
  for (const experiment of now.experiments) {
    const known = before?.experiments.find(({ metadata }) => metadata.uid === experiment.metadata.uid);
    staysEnded(experiment, known, checks);
    // The Pods of a Rollout on its way out go between two looks.
    const isLeaving = [now.rollout, experiment].some(({ metadata }) => metadata.deletionTimestamp !== undefined);
    if (experiment.status?.phase !== "Running" || known?.status?.phase === "Running" || isLeaving) continue;
    for (const template of experiment.spec.templates) {
      // Whoever takes one in this moment isn't heard yet.
      const wasEnding = (uid: string | undefined) =>
        before?.pods.some(({ metadata }) => metadata.uid === uid && metadata.deletionTimestamp !== undefined) === true;
      const ready = podsOf(now, experiment, template.name).filter(
        (pod) => saysReady(pod) && !wasEnding(pod.metadata.uid),
      ).length;
      const isFlaky = template.template.spec.containers[0]?.image?.endsWith("flaky") === true;
      checks.holds(
        "ready",
        isFlaky || ready > 0 || template.replicas === 0,
        () => `Experiment ${experiment.metadata.name} runs, and no pod of its ${template.name} is ready`,
      );
    }
  }
}

function staysEnded<One extends Experiment | AnalysisRun>(now: One, before: One | undefined, checks: Checks): void {
  if (before === undefined || !isOver(before)) return;
  checks.holds(
    "ends",
    now.status?.phase === before.status?.phase,
    () => `${now.kind} ${now.metadata.name} had ended ${before.status?.phase}, and is ${now.status?.phase}`,
  );
}

const setsOf = ({ sets }: Picture, { metadata }: Experiment, template?: string) =>
  sets.filter(
    (set) =>
      controllerOf(set)?.uid === metadata.uid &&
      (template === undefined || set.metadata.annotations?.["experiment.argoproj.io/template-name"] === template),
  );
const podsOf = (picture: Picture, experiment: Experiment, template?: string) => {
  const uids = setsOf(picture, experiment, template).map(({ metadata }) => metadata.uid);
  return picture.pods.filter((pod) => uids.includes(pod.metadata.ownerReferences?.[0]?.uid));
};

/** What must hold of Experiments and AnalysisRuns once nobody has done anything for an hour. */
export function checkMeasuredEnd(picture: Picture, checks: Checks): void {
  const { experiments, runs, jobs, services, rollout } = picture;
  const { phase = "" } = rollout.status ?? {};
  const isReleaseOver = phase === "Healthy" || rollout.status?.abort === true;
  for (const experiment of experiments) {
    if (isLeft(experiment)) continue;
    const isOwn = ownerOf(experiment) === "";
    if (!isOwn && !isReleaseOver) continue;
    const { name, uid } = experiment.metadata;
    const words = () => `Experiment ${name} is ${experiment.status?.phase} for an hour: ${experiment.status?.message}`;
    checks.holds("ends", isOver(experiment), words);
    const left = setsOf(picture, experiment).filter((set) => wantedOf(set) > 0);
    const there = podsOf(picture, experiment).length;
    checks.holds(
      "agrees",
      left.length === 0 && there === 0,
      () => `Experiment ${name} has ended, and ${there} of its pods are left`,
    );
    const served = services.filter((service) => controllerOf(service)?.uid === uid);
    checks.holds("agrees", served.length === 0, () => `Experiment ${name} has ended, and its Services are left`);
    const bad = experiment.spec.templates.find(({ template }) =>
      ["stuck", "crashing"].some((fate) => template.spec.containers[0]?.image?.endsWith(fate)),
    );
    checks.holds(
      "agrees",
      !isOwn || bad === undefined || experiment.spec.terminate === true || experiment.status?.phase === "Failed",
      () => `the ${bad?.name} of ${name} never got ready, and it is ${experiment.status?.phase}`,
    );
  }
  for (const run of runs) {
    if (isLeft(run)) continue;
    const isOwn = ownerOf(run) === "";
    if (!isOwn && !isReleaseOver) continue;
    const { name, uid } = run.metadata;
    checks.holds("ends", isOver(run), () => `AnalysisRun ${name} is ${run.status?.phase} for an hour`);
    const number = Number(name.split("-").at(-1));
    const isKept = !isOwn || name !== ownRunName(number) || !isShortLived(number);
    checks.holds(
      "ends",
      isKept,
      () => `AnalysisRun ${name} was to live five minutes beyond its end, and is still there`,
    );
    const left = jobs.filter(
      (job) =>
        controllerOf(job)?.uid === uid &&
        job.status?.conditions?.some(({ type }) => type === "Complete" || type === "Failed") !== true,
    );
    checks.holds("agrees", left.length === 0, () => `AnalysisRun ${name} has ended, and its Job is at work`);
  }
}
