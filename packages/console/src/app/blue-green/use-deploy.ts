import type { BlueGreenDeployment, Decision, Deployment, Job, Pod, Service } from "@sluice/api";
import { type FoundPair, findPair, matchesSelector } from "@sluice/api/release";
import { useItems } from "../data/use-live.ts";
import { controllerUid } from "../release/versions.ts";

/** One of the two colours. */
export interface Side {
  readonly colour: string;
  readonly deployment: Deployment;
  readonly isLive: boolean;
  readonly pods: readonly Pod[];
}

export interface Deploy {
  readonly deploy: BlueGreenDeployment;
  /** By what the Service says now. */
  readonly found: FoundPair;
  /** The colour with the traffic first; none where the pair isn't whole. */
  readonly sides: readonly Side[];
  readonly smoke: { readonly job: Job; readonly pods: readonly Pod[] } | undefined;
  readonly decisions: readonly Decision[];
}

export type DeployState =
  | { readonly is: "loading" }
  | { readonly is: "missing" }
  | { readonly is: "known"; readonly deploy: Deploy };

const everything = () => true;

/** Shown when it is whole. */
export function useDeploy(namespace: string, name: string): DeployState {
  const deploys = useItems<BlueGreenDeployment>("bluegreendeployments", namespace, everything, name);
  const services = useItems<Service>("services", namespace, everything, name);
  const deployments = useItems<Deployment>("deployments", namespace, everything);
  const pods = useItems<Pod>("pods", namespace, everything);
  const [deploy] = deploys ?? [];
  const uid = deploy?.metadata.uid ?? "none";
  const jobs = useItems<Job>("jobs", namespace, (job) => controllerUid(job) === uid);
  const isAbout = ({ spec: { subject } }: Decision) => subject.kind === "BlueGreenDeployment";
  const decisions = useItems<Decision>("decisions", namespace, isAbout, name);
  if (deploys === undefined) return { is: "loading" };
  if (deploy === undefined) return { is: "missing" };
  if (!services || !deployments || !pods || !jobs || !decisions) return { is: "loading" };
  const found = findPair(name, deploy.spec, services[0], deployments);
  const sideOf = (colour: string, deployment: Deployment, isLive: boolean): Side => {
    const mine = pods.filter(({ metadata }) => matchesSelector(deployment.spec.selector, metadata.labels ?? {}));
    return { colour, deployment, isLive, pods: mine };
  };
  const sides =
    found.is === "refused"
      ? []
      : [sideOf(found.pair.from, found.pair.active, true), sideOf(found.pair.to, found.pair.idle, false)];
  const job = smokeJob(deploy, jobs);
  const smoke = job && { job, pods: pods.filter((pod) => controllerUid(pod) === job.metadata.uid) };
  return { is: "known", deploy: { deploy, found, sides, smoke, decisions } };
}

/** Of this deploy: those of earlier ones stay for a day. */
function smokeJob({ status }: BlueGreenDeployment, jobs: readonly Job[]): Job | undefined {
  const created = ({ metadata }: Job) => metadata.creationTimestamp ?? "";
  const [newest] = jobs.toSorted((a, b) => (created(a) < created(b) ? 1 : -1));
  return newest !== undefined && created(newest) >= (status?.startedAt ?? "") ? newest : undefined;
}
