import { controllerOf, type Experiment, type Pod, type ReplicaSet } from "@sluice/api";
import { rolesOf, scaleDownAt, type VersionRole } from "@sluice/api/release";
import { formatAge } from "../terminal/age.ts";
import { flow } from "../terminal/flow.ts";
import { padEnd, paint, width } from "../terminal/style.ts";
import { type Branch, renderBranches } from "../terminal/tree.ts";
import { shortImage } from "./image-name.ts";
import { hashOf, type ReleasePicture, revisionOf } from "./release-picture.ts";
import { analysisBranch } from "./render-analysis.ts";
import { experimentBranch } from "./render-experiment.ts";
import { isReady, podBranches, podDots } from "./render-pods.ts";

/** What to say of each version beside its pods: request rate and error share, where they are known. */
export type Traffic = (podTemplateHash: string) => string;

export interface Surroundings {
  readonly columns: number;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Every pod on a line of its own, not only those in trouble. */
  readonly everyPod?: boolean;
}

const versionsShown = 5;
const runsShown = 4;

const colours: Readonly<Record<VersionRole, "green" | "cyan" | "dim" | "red">> = {
  stable: "green",
  active: "green",
  canary: "cyan",
  preview: "cyan",
  previous: "dim",
  old: "dim",
  aborted: "red",
};

interface ShownVersion {
  readonly replicaSet: ReplicaSet;
  readonly hash: string;
  readonly pods: readonly Pod[];
  readonly roles: string;
}

/** Versions, each with its pods, experiments and analyses below it. */
export function renderVersions(
  picture: ReleasePicture,
  traffic: Traffic,
  surroundings: Surroundings,
): readonly string[] {
  const versions = picture.replicaSets
    .filter((one, index) => index < 2 || (one.status?.replicas ?? 0) > 0)
    .slice(0, versionsShown)
    .map((replicaSet): ShownVersion => {
      const pods = picture.pods.filter((pod) => controllerOf(pod)?.uid === replicaSet.metadata.uid);
      const hash = hashOf(replicaSet);
      return { replicaSet, hash, pods, roles: rolesText(picture, hash, pods.length) };
    });
  const columns = Math.max(...versions.map(({ roles }) => width(roles)));
  return versions.flatMap((version) => renderVersion(version, columns, picture, traffic, surroundings));
}

function rolesText({ rollout }: ReleasePicture, hash: string, pods: number): string {
  const roles = rolesOf(rollout, hash, pods);
  const { stablePingPong } = rollout.status?.canary ?? {};
  const other = stablePingPong === "ping" ? "pong" : "ping";
  const side =
    stablePingPong === undefined || roles.includes("old") ? [] : [roles.includes("stable") ? stablePingPong : other];
  return [...roles.map((role) => paint(colours[role], role)), ...side.map((name) => paint("dim", name))].join(" ");
}

function renderVersion(
  { replicaSet, hash, pods, roles }: ShownVersion,
  roleColumns: number,
  picture: ReleasePicture,
  traffic: Traffic,
  { columns, now, everyPod = false }: Surroundings,
): readonly string[] {
  const images = replicaSet.spec.template?.spec.containers.map(({ image = "" }) => shortImage(image)).join(", ") ?? "";
  const goesAt = scaleDownAt(replicaSet);
  const head = flow(
    [
      paint("bold", padEnd(`revision ${revisionOf(replicaSet)}`, 11)),
      padEnd(roles, roleColumns),
      images,
      `${pods.filter(isReady).length}/${replicaSet.spec.replicas ?? 0} ready`,
      podDots(pods),
      goesAt === undefined || goesAt <= now ? "" : paint("yellow", `goes in ${formatAge(goesAt - now)}`),
      traffic(hash),
    ],
    { columns: columns - 2, indent: 13 },
  );
  const branches: readonly Branch[] = [
    ...podBranches(pods, { now, everyPod }),
    ...experimentsOf(picture, hash).map((experiment) =>
      experimentBranch(
        experiment,
        picture.rollout,
        picture.analysisRuns.filter((run) => controllerOf(run)?.uid === experiment.metadata.uid),
        now,
      ),
    ),
    ...runsOf(picture, hash).map((run) => analysisBranch(run, now)),
  ];
  return [...head.map((line) => `  ${line}`), ...renderBranches(branches, columns)];
}

const experimentsOf = ({ experiments }: ReleasePicture, hash: string): readonly Experiment[] =>
  experiments.filter((one) => hashOf(one) === hash).slice(-2);

/** Those that run and those that count, then the latest: of this revision, and of its present attempt. */
function runsOf({ analysisRuns, rollout, replicaSets }: ReleasePicture, hash: string) {
  const revision = replicaSets.filter((set) => hashOf(set) === hash).map(revisionOf)[0];
  const since = hash === rollout.status?.currentPodHash ? (rollout.status.begunAgain?.at ?? "") : "";
  const mine = analysisRuns
    .filter((run) => hashOf(run) === hash && controllerOf(run)?.uid === rollout.metadata.uid)
    .filter((run) => revision === undefined || revisionOf(run) === revision)
    .filter(({ metadata }) => (metadata.creationTimestamp ?? "") >= since)
    .toSorted((a, b) => ((a.metadata.creationTimestamp ?? "") < (b.metadata.creationTimestamp ?? "") ? -1 : 1));
  // Of versions that are over, only what speaks against them.
  const isCurrent = hash === rollout.status?.currentPodHash;
  const told = isCurrent ? mine : mine.filter(({ status }) => status?.phase !== "Successful");
  return told.slice(-runsShown);
}
