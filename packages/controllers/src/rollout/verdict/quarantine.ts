import type { Quarantine, Rollout } from "@sluice/api";
import { isLifted } from "@sluice/api/release";
import { shortHash } from "@sluice/kernel";
import type { Effect } from "../../loop/index.ts";
import { imagesOf, podHashLabel, templateDigest } from "../../version/index.ts";
import { annotations } from "../names.ts";
import type { ObservedRollout } from "../observe.ts";
import type { View } from "../view.ts";

/** By content, or by name where an undo brought the content back with its defaults filled in. */
const isOf = (quarantine: Quarantine, { rollout, version, hash }: View): boolean =>
  quarantine.spec.workload.kind === rollout.kind &&
  quarantine.spec.workload.name === rollout.metadata.name &&
  (quarantine.spec.podTemplateHash === hash || quarantine.spec.templateDigest === templateDigest(version.template));

/** The Quarantine that holds a Rollout's current template back, if one does. */
export function heldBy(view: View, quarantines: readonly Quarantine[]): Quarantine | undefined {
  return quarantines.find((quarantine) => !isLifted(quarantine) && isOf(quarantine, view));
}

/** What a person is told who wants a quarantined version back. */
export const liftHint = (quarantine: Quarantine): string =>
  `this version is quarantined (${quarantine.spec.reason}); to let it have traffic again: sluice quarantine lift ${quarantine.metadata.name}`;

/** Takes the version of `view` out of traffic for good. A lifted one that fails again gets a Quarantine of its own. */
export function quarantined(observed: ObservedRollout, view: View, reason: string, decision: string): Effect {
  const { rollout, hash } = view;
  const { namespace = "default", name } = rollout.metadata;
  const digest = templateDigest(view.version.template);
  const earlier = observed.quarantines.filter((known) => isOf(known, view));
  const suffix = earlier.length === 0 ? "" : `-${earlier.length + 1}`;
  const application = applicationOf(rollout);
  const source = sourceOf(rollout);
  const configuration = view.version.digests;
  const object: Quarantine = {
    apiVersion: "sluice.dev/v1alpha1",
    kind: "Quarantine",
    metadata: {
      name: `${name}-${shortHash(digest)}${suffix}`,
      namespace,
      labels: { "sluice.dev/subject": name, [podHashLabel]: hash },
    },
    spec: {
      ...(application === undefined ? {} : { application }),
      namespace,
      workload: { apiVersion: rollout.apiVersion, kind: rollout.kind, name },
      podTemplateHash: hash,
      templateDigest: digest,
      ...(Object.keys(configuration).length === 0 ? {} : { configuration }),
      images: [...new Set([...imagesOf(rollout.spec.template), ...runningImages(observed, hash)])],
      reason,
      decision,
      ...(source === undefined ? {} : { source }),
    },
  };
  return { do: "create", object };
}

/** The digests that really ran: a tag may have moved since. */
function runningImages({ pods }: ObservedRollout, hash: string): readonly string[] {
  return pods
    .filter(({ metadata }) => metadata.labels?.[podHashLabel] === hash)
    .flatMap(({ status }) => status?.containerStatuses ?? [])
    .flatMap(({ imageID }) => (imageID === undefined || imageID === "" ? [] : [imageID]));
}

/** From Argo CD's tracking id, `<app>:<group>/<Kind>:<namespace>/<name>`. */
function applicationOf({ metadata }: Rollout): string | undefined {
  const id = metadata.annotations?.[annotations.trackingId];
  const name = id?.split(":")[0];
  return name === undefined || name === "" ? undefined : name.replace("_", "/");
}

function sourceOf({ metadata }: Rollout) {
  const repoURL = metadata.annotations?.[annotations.sourceRepository];
  const revision = metadata.annotations?.[annotations.sourceRevision];
  const path = metadata.annotations?.[annotations.sourcePath];
  if (repoURL === undefined || revision === undefined) return undefined;
  return { repoURL, revision, ...(path === undefined ? {} : { path }) };
}
