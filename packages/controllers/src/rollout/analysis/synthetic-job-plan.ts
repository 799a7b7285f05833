import { controlledBy, type EnvVar, type Job, type Service, type SyntheticCheck } from "@sluice/api";
import type { Effect } from "../../loop/index.ts";
import { endpointOf } from "../../pods/index.ts";
import { podHashLabel } from "../../version/index.ts";
import { jobKind, keyIn } from "../names.ts";
import type { ObservedRollout } from "../observe.ts";
import type { View } from "../view.ts";
import { checkJobName } from "./synthetic-job.ts";

/** On a check's Job: which check of which version it is. */
const checkLabel = "sluice.dev/synthetic-check";

/** A Job that says neither yes nor no would hold the release for ever. */
const defaultDeadlineSeconds = 600;

/** What it runs in is told the version, and where its Pods answer. */
export function checkJob(observed: ObservedRollout, { hash }: View, check: SyntheticCheck): Effect | undefined {
  const { rollout } = observed;
  const spec = check.job?.spec;
  const targets = targetsOf(observed, hash, check);
  if (spec === undefined || targets === undefined) return undefined;
  const { namespace } = rollout.metadata;
  const told: readonly EnvVar[] = [
    { name: "SLUICE_POD_TEMPLATE_HASH", value: hash },
    ...(targets.length === 0 ? [] : [{ name: "SLUICE_TARGETS", value: targets.join(" ") }]),
  ];
  const containers = spec.template.spec.containers.map((container) => ({
    ...container,
    env: [...told, ...(container.env ?? [])],
  }));
  const object: Job = {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: checkJobName(rollout, hash, check),
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...check.job?.metadata?.labels, [podHashLabel]: hash, [checkLabel]: check.name },
      ...(check.job?.metadata?.annotations === undefined ? {} : { annotations: check.job.metadata.annotations }),
      ownerReferences: [controlledBy(rollout)],
    },
    spec: {
      activeDeadlineSeconds: defaultDeadlineSeconds,
      ...spec,
      template: { ...spec.template, spec: { ...spec.template.spec, containers } },
    },
  };
  return { do: "create", object };
}

/** `host:port` of the version's Pods behind the check's Service; undefined while none of them can be reached. */
function targetsOf(
  { checkServices, pods }: ObservedRollout,
  hash: string,
  { service, port }: SyntheticCheck,
): readonly string[] | undefined {
  if (service === undefined) return [];
  const found: Service | undefined = checkServices.get(service);
  if (found === undefined) return undefined;
  const targets = pods
    .filter(({ metadata }) => metadata.labels?.[podHashLabel] === hash)
    .flatMap((pod) => {
      const reached = endpointOf(found, pod);
      if (reached?.endpoint.conditions?.ready !== true) return [];
      const open = reached.ports.find(({ name }) => port === undefined || name === port);
      return open === undefined ? [] : reached.endpoint.addresses.map((address) => `${address}:${open.port}`);
    });
  return targets.length === 0 ? undefined : targets;
}

/** Those of this Rollout's checks; of one version, or of all but it. */
export const endJobs = ({ checkJobs }: ObservedRollout, isOver: (hash: string) => boolean): readonly Effect[] =>
  checkJobs
    .filter(({ metadata: { labels, deletionTimestamp } }) => {
      return (
        labels?.[checkLabel] !== undefined && deletionTimestamp === undefined && isOver(labels[podHashLabel] ?? "")
      );
    })
    .map(
      ({ metadata }): Effect => ({
        do: "delete",
        key: keyIn(jobKind, metadata.namespace, metadata.name),
        options: { propagationPolicy: "Background" },
      }),
    );
