import {
  type ConfigMap,
  controllerOf,
  type Pod,
  type PodTemplateSpec,
  type ReplicaSet,
  type Rollout,
} from "@sluice/api";
import { after, canonicalJson, type Instant, parseInstant, sameJson } from "@sluice/kernel";
import { parseGoDuration } from "@sluice/languages";
import { settingsName, templateKey } from "../manifests/release.ts";
import { notesName } from "../manifests/surroundings.ts";
import type { ModelledRepository } from "../world/repository.ts";
import type { Checks } from "./invariant.ts";
import {
  hashOf,
  isAsleep,
  isLeft,
  isReady,
  isRestarting,
  ownerOf,
  type Picture,
  readyOf,
  wantedOf,
} from "./picture.ts";

const isOfRollout = ({ metadata }: Pod): boolean => metadata.labels?.app === "web";

/** A restart that it has no room for. */
export const waitsForBudget = (picture: Picture): boolean => picture.budget !== undefined && isRestarting(picture);

/** What must hold of a release once nobody has done anything for an hour, and the outside is well. */
export function checkReleaseEnd(picture: Picture, checks: Checks): void {
  const { rollout, sets, pods, weight, canaryHash, stableHash, judgements, route } = picture;
  const { spec, status = {}, metadata } = rollout;
  const { phase = "", message = "" } = status;
  // A budget that git keeps may never have room.
  const isWaiting = waitsForBudget(picture);
  checks.holds(
    "ends",
    isWaiting || ["Healthy", "Degraded", "Paused"].includes(phase),
    () => `it is ${phase} for an hour: ${message}`,
  );
  const invalid = status.conditions?.find(({ type, status: is }) => type === "InvalidSpec" && is === "True");
  checks.holds("ends", invalid === undefined, () => `its spec is called invalid: ${invalid?.message}`);
  const nobodys = sets.filter((set) => controllerOf(set) === undefined && set.metadata.labels?.app === "web");
  checks.holds(
    "agrees",
    nobodys.length === 0,
    () => `${nobodys.map((set) => set.metadata.name).join(", ")} would be the Rollout's, and nobody has it`,
  );
  const stable = status.stableRS ?? "";
  if (metadata.annotations?.["sluice.dev/rings"] !== undefined && spec.strategy.canary?.trafficRouting !== undefined) {
    checks.holds(
      "agrees",
      route?.metadata.annotations?.["rings.sluice.dev/web"] !== undefined,
      () => "the routes don't know the rings",
    );
    const routed = JSON.parse(route?.metadata.annotations?.["rings.sluice.dev/web"] ?? "{}");
    checks.holds(
      "agrees",
      picture.ringSet === undefined || sameJson(routed.rings, picture.ringSet.spec.rings),
      () => `the routes have the rings ${JSON.stringify(routed.rings)}`,
    );
  }
  if (phase === "Paused") return;
  const isOver = stable !== "" && (status.abort === true || stable === status.currentPodHash);
  // A deadline aborts nothing where the spec says so, where going back would do harm and a person went on in spite of it,
  // nor for Pods of the stable version, which are no fault of the next one.
  const isSpared =
    spec.progressDeadlineAbort === false ||
    metadata.annotations?.["sluice.dev/gate-progress-deadline"] === "off" ||
    status.notRevertible !== undefined ||
    readyOf(picture, stable) < (spec.replicas ?? 1);
  const isLate = isSpared && message.startsWith("ProgressDeadlineExceeded");
  // A first version that an earlier Rollout of this name found bad, or a person aborted at once, has nothing to go back to.
  const isHeld = stable === "" && (message.startsWith("Quarantined") || status.abort === true);
  checks.holds("ends", isOver || isLate || isHeld, () => `it is ${phase}, and neither aborted nor stable: ${message}`);
  if (!isOver) return;
  // To a first version that never gets ready nobody is sent from where there is one to answer.
  const isNever = readyOf(picture, stable) === 0;
  // A Service that names no version leads to whoever is ready.
  const { activeHash } = picture;
  const isAnyReady = pods.some((pod) => isOfRollout(pod) && isReady(pod));
  const isAnswered = activeHash === "" || readyOf(picture, activeHash) > 0 || !isAnyReady;
  if (spec.strategy.canary?.trafficRouting !== undefined) {
    checks.holds(
      "agrees",
      stableHash === stable || isNever,
      () => `the stable subset leads to ${stableHash}, stable is ${stable}`,
    );
    // A stable version that was made smaller takes traffic back as fast as its pods come, be it never.
    const isKept = spec.strategy.canary.dynamicStableScale === true && isNever;
    checks.holds(
      "agrees",
      canaryHash === stableHash || weight === 0 || isKept,
      () => `it is over, and ${canaryHash} has ${weight} %`,
    );
    const left = [...picture.added, ...picture.beside.map(({ service }) => service)];
    checks.holds("agrees", left.length === 0, () => `it is over, and the routes still have ${left.join(", ")}`);
  }
  if (spec.strategy.blueGreen !== undefined) {
    checks.holds(
      "agrees",
      activeHash === stable || (isNever && isAnswered),
      () => `everybody gets ${activeHash}, stable is ${stable}`,
    );
  }
  for (const { metadata: of, spec: judged } of judgements) {
    if (judged.rollout.uid !== metadata.uid) continue;
    checks.holds("ends", judged.terminate === true, () => `Judgement ${of.name} goes on, and the release is over`);
  }
  // Where Pods are the weight, those of any version that answer are all that users have.
  const isByPods = spec.strategy.canary !== undefined && spec.strategy.canary.trafficRouting === undefined;
  const isScarce = pods.filter((pod) => isOfRollout(pod) && isReady(pod)).length <= (spec.replicas ?? 1);
  // While nobody of the stable version answers, whoever everybody is sent to, and does, keeps its Pods.
  const serves = (set: ReplicaSet) =>
    isNever &&
    hashOf(set) !== stable &&
    readyOf(picture, hashOf(set)) > 0 &&
    (isByPods
      ? isScarce && wantedOf(set) === readyOf(picture, hashOf(set))
      : spec.strategy.blueGreen !== undefined && ["", hashOf(set)].includes(activeHash));
  // What is kept of other versions leaves the stable one as much less room.
  const crowds = (set: ReplicaSet) =>
    (status.abort === true && hashOf(set) === status.currentPodHash) || (isByPods && serves(set));
  const kept = sets
    .filter((set) => ownerOf(set) === "Rollout" && crowds(set))
    .reduce((sum, set) => sum + wantedOf(set), 0);
  const left = picture.experiments.filter(isLeft).map((one) => one.metadata.uid);
  for (const set of sets.filter((one) => ["Rollout", "Experiment"].includes(ownerOf(one)))) {
    if (left.includes(controllerOf(set)?.uid)) continue;
    const wanted = wantedOf(set);
    const replicas = spec.replicas ?? 1;
    // What was taken back is let go once the stable version is whole, which one that never gets ready isn't.
    const isKept = status.abort === true && hashOf(set) === status.currentPodHash;
    const mayStay = hashOf(set) !== stable && ((isKept && isNever) || serves(set)) && wanted <= replicas;
    const isCrowded = isNever && kept > 0 && hashOf(set) === stable && wanted <= replicas && wanted + kept >= replicas;
    const expected = ownerOf(set) === "Rollout" && hashOf(set) === stable ? replicas : 0;
    checks.holds(
      "agrees",
      wanted === expected || isCrowded || mayStay,
      () => `ReplicaSet ${set.metadata.name} wants ${wanted} pods, not ${expected}; ${phase}: ${message}`,
    );
    const there = pods.filter((pod) => pod.metadata.ownerReferences?.[0]?.uid === set.metadata.uid).length;
    checks.holds(
      "agrees",
      there === wanted,
      () => `ReplicaSet ${set.metadata.name} wants ${wanted} pods, and ${there} are there`,
    );
  }
  const taken = picture.deployments.find((one) => one.metadata.name === templateKey.name);
  const running = sets.find((set) => ownerOf(set) === "Rollout" && hashOf(set) === stable);
  const readBy = (template: PodTemplateSpec | undefined) =>
    template?.spec.containers[0]?.envFrom?.[0]?.configMapRef?.name;
  // An undo goes back to what was read then, by the copy's own name.
  const [read, asked] = [readBy(running?.spec.template), readBy(spec.template ?? taken?.spec.template) ?? settingsName];
  // An undo means what was read then, beside the name as its author wrote it.
  const isUndone = metadata.annotations?.["sluice.dev/undone"]?.includes(stable) === true;
  if (read !== undefined && phase === "Healthy" && !isUndone) {
    const contentOf = (name: string) => picture.configMaps.find((one) => one.metadata.name === name)?.data;
    checks.holds(
      "agrees",
      contentOf(read) !== undefined && sameJson(contentOf(read), contentOf(asked)),
      () => `Pods read ${read}: ${JSON.stringify(contentOf(read))}, not ${JSON.stringify(contentOf(asked))}`,
    );
  }
  if (taken !== undefined && phase === "Healthy") {
    // Of a Rollout that is asked for no Pods before it had its own nothing is taken over.
    const isPrepared = isAsleep(picture) && taken.metadata.annotations?.["sluice.dev/taken-over"] === undefined;
    checks.holds(
      "agrees",
      wantedOf(taken) === 0 || isPrepared,
      () => `the Deployment that was taken over has ${wantedOf(taken)} pods of its own`,
    );
  }
}

/** A pause that has an end is over then: it is no question to a person. */
export function checkPause({ rollout }: Picture, now: Instant, checks: Checks): void {
  const { spec, status = {} } = rollout;
  const { pauseConditions = [], currentStepIndex = 0 } = status;
  const [pause] = pauseConditions;
  if (spec.paused === true || pause === undefined || pauseConditions.length > 1) return;
  const { canary, blueGreen } = spec.strategy;
  const durations: Readonly<Partial<Record<string, string>>> = {
    CanaryPauseStep: canary?.steps?.[currentStepIndex]?.pause?.duration?.toString(),
    ...(blueGreen?.autoPromotionEnabled === false
      ? {}
      : { BlueGreenPause: `${blueGreen?.autoPromotionSeconds ?? 0}s` }),
  };
  const duration = parseGoDuration(durations[pause.reason] ?? "");
  const since = parseInstant(pause.startTime);
  if (duration.is === "refused" || since === undefined) return;
  const late = now - after(since, duration.value);
  checks.holds(
    "ends",
    late < 60_000,
    () => `${pause.reason} of ${durations[pause.reason]} was to end ${late / 1000} s ago`,
  );
}

/** Git and what is live ask for the same, and each bad version was reverted once at most. */
export function checkGitEnd(
  { application, rollout, configMaps, quarantines }: Picture,
  repository: ModelledRepository,
  checks: Checks,
): void {
  if (application === undefined) return;
  const { sync, operationState } = application.status ?? {};
  const { head } = repository;
  const words = `${sync?.status} at ${sync?.revision}; ${operationState?.phase}: ${operationState?.message}`;
  checks.holds(
    "agrees",
    sync?.status === "Synced" && sync.revision === head.revision,
    () => `the Application is ${words}, HEAD is ${head.revision}`,
  );
  const inGit = head.resources.find(({ kind }) => kind === "Rollout")?.spec as Rollout["spec"] | undefined;
  // An annotation that an undo brought back stays, as git doesn't name it: so the original merges.
  const named = Object.keys(inGit?.template?.metadata?.annotations ?? {});
  const templateIn = (spec: Rollout["spec"] | undefined) => {
    const { metadata: { annotations = {}, ...metadata } = {}, ...template } = spec?.template ?? {};
    return canonicalJson({ ...template, metadata, annotations: named.map((name) => annotations[name]) });
  };
  const wanted = templateIn(inGit);
  const live = templateIn(rollout.spec);
  checks.holds("agrees", live === wanted, () => `git asks for ${wanted}, live is ${live}`);
  checks.holds(
    "agrees",
    rollout.spec.replicas === inGit?.replicas && sameJson(rollout.spec.strategy, inGit?.strategy),
    () => `git asks for ${inGit?.replicas} pods by its steps, live is ${rollout.spec.replicas} by others`,
  );
  for (const name of [notesName, settingsName]) {
    const wantedData = (head.resources.find((one) => one.metadata.name === name) as ConfigMap | undefined)?.data;
    const data = configMaps.find(({ metadata }) => metadata.name === name)?.data;
    const words = () => `git has ${name} as ${JSON.stringify(wantedData)}, live is ${JSON.stringify(data)}`;
    checks.holds("agrees", sameJson(data, wantedData), words);
  }
  for (const { metadata, status: of } of quarantines) {
    const { phase = "unasked" } = of?.gitRevert ?? {};
    const isOpen = ["unasked", "Pending", "Running"].includes(phase);
    checks.holds("ends", !isOpen, () => `for an hour the revert of Quarantine ${metadata.name} is ${phase}`);
  }
  for (const [quarantine, count] of repository.reverts) {
    checks.holds("agrees", count === 1, () => `${quarantine} was reverted ${count} times`);
  }
}
