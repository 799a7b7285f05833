import { coloursKey, workerKey } from "../manifests/beside.ts";
import type { Checks } from "./invariant.ts";
import { isReady, type Picture, type Remains, wantedOf } from "./picture.ts";

const workers = (picture: Remains): number =>
  picture.pods.filter((pod) => pod.metadata.labels?.app === "worker" && isReady(pod)).length;

/** A Deployment's default: a quarter, rounded down. */
const floorOf = (replicas: number): number => replicas - Math.floor(replicas / 4);

/** Pods of a Deployment that serve: a rolling update never goes below what it promised. */
export function checkWorker(now: Picture, before: Picture | undefined, checks: Checks): void {
  const worker = now.deployments.find(({ metadata }) => metadata.name === workerKey.name);
  if (worker === undefined || before === undefined) return;
  const floor = floorOf(wantedOf(worker));
  const [had, has] = [workers(before), workers(now)];
  const isOwnDoing = now.pods.length < before.pods.length || has < had;
  if (!isOwnDoing || had < floor) return;
  const areFlaky = now.pods.some(({ spec }) => spec.containers[0]?.image?.endsWith("flaky"));
  checks.holds(
    "enough",
    has >= floor || areFlaky,
    () => `${has} pods of ${worker.metadata.name} serve, ${had} did, ${floor} are promised`,
  );
}

/** A rolling update keeps as many as it found. */
export function isWorkerWhole(picture: Remains): boolean {
  const worker = picture.deployments.find(({ metadata }) => metadata.name === workerKey.name);
  return worker !== undefined && workers(picture) >= floorOf(wantedOf(worker));
}

/** The colour that everybody gets is there. */
export function checkColours(now: Picture, before: Picture | undefined, at: number, checks: Checks): void {
  const colourOf = (picture: Picture) =>
    picture.services.find(({ metadata }) => metadata.name === coloursKey.name)?.spec.selector?.version;
  const [had, has] = [before && colourOf(before), colourOf(now)];
  if (has === undefined) return;
  const ready = now.pods.filter((pod) => pod.metadata.labels?.version === has && isReady(pod)).length;
  checks.holds(
    "ready",
    had === undefined || had === has || ready > 0,
    () => `everybody is sent to ${has}, of which no pod is ready`,
  );
  const wanted = now.deployments.find(({ metadata }) => metadata.name === `front-${has}`);
  checks.holdsSoon(
    "agrees",
    "colours",
    wanted === undefined || wantedOf(wanted) > 0,
    at,
    () => `everybody gets ${has}, which is scaled to nothing`,
  );
}

/** What must hold of a pair and of Jobs once nobody has done anything for an hour; `wasWhole`: the worker, when it was last changed or since. */
export function checkBesideEnd(
  { deployments, jobs, colours, services, pods }: Picture,
  wasWhole: boolean,
  checks: Checks,
): void {
  const worker = deployments.find(({ metadata }) => metadata.name === workerKey.name);
  if (worker !== undefined) {
    const image = worker.spec.template.spec.containers[0]?.image ?? "";
    const own = pods.filter(({ metadata }) => metadata.labels?.app === "worker");
    const isWell = !image.endsWith("stuck") && !image.endsWith("crashing");
    const isThere = own.length === wantedOf(worker) && own.every((pod) => pod.spec.containers[0]?.image === image);
    checks.holds(
      "agrees",
      !isWell || isThere,
      () =>
        `${worker.metadata.name} wants ${wantedOf(worker)} pods of ${image}, and there are ${own.map(({ spec }) => spec.containers[0]?.image).join(", ")}`,
    );
    checks.holds(
      "enough",
      !wasWhole || own.filter(isReady).length >= floorOf(wantedOf(worker)),
      () => `${own.filter(isReady).length} pods of ${worker.metadata.name} serve`,
    );
  }
  for (const { metadata, spec, status } of jobs) {
    const ended = status?.conditions?.find(
      ({ type, status: is }) => ["Complete", "Failed"].includes(type) && is === "True",
    );
    checks.holds("ends", ended !== undefined, () => `Job ${metadata.name} runs for an hour`);
    if (ended?.type === "Complete") {
      checks.holds(
        "agrees",
        status?.succeeded === (spec.completions ?? 1),
        () => `Job ${metadata.name} is complete, with ${status?.succeeded} of ${spec.completions}`,
      );
    }
    const { image = "" } = spec.template.spec.containers[0] ?? {};
    if (image.endsWith("well"))
      checks.holds(
        "agrees",
        ended?.type === "Complete",
        () => `Job ${metadata.name} is well, and it is ${ended?.type}: ${ended?.message}`,
      );
  }
  if (colours === undefined) return;
  const { phase = "", from, to } = colours.status ?? {};
  checks.holds(
    "ends",
    ["Succeeded", "Failed", "Aborted"].includes(phase),
    () => `the BlueGreenDeployment is ${phase} for an hour`,
  );
  const active = services.find(({ metadata }) => metadata.name === coloursKey.name)?.spec.selector?.version;
  const due = phase === "Succeeded" ? to : from;
  checks.holds(
    "agrees",
    due === undefined || active === due,
    () => `${phase} from ${from} to ${to}, and everybody gets ${active}`,
  );
  for (const deployment of deployments.filter(({ metadata }) => metadata.name.startsWith("front-"))) {
    const isActive = deployment.spec.template.metadata?.labels?.version === active;
    checks.holds(
      "agrees",
      wantedOf(deployment) > 0 === isActive,
      () => `${deployment.metadata.name} has ${wantedOf(deployment)} pods, and everybody gets ${active}; ${phase}`,
    );
  }
}
