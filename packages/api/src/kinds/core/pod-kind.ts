import type { KindDefinition } from "../../contract/kind-definition.ts";
import { at } from "../../schema/build.ts";
import { ageColumn, column, joined, nameColumn, wideColumn } from "../columns.ts";
import { resource } from "../meta-schema.ts";
import { immutable } from "../rules.ts";
import type { Container } from "./container.ts";
import type { Pod, PodSpec } from "./pod.ts";
import { defaultPodSpec, defaultRequests } from "./pod-defaults.ts";
import { checkPodSpec } from "./pod-rules.ts";
import { podSpec } from "./pod-schema.ts";
import { podStatus } from "./pod-status-schema.ts";
import { podStatusWord, readyContainers, restarts } from "./pod-summary.ts";

export const podKind: KindDefinition = {
  group: "",
  versions: ["v1"],
  kind: "Pod",
  plural: "pods",
  singular: "pod",
  shortNames: ["po"],
  categories: ["all"],
  namespaced: true,
  schema: resource("Containers that run together.", { spec: at(2, podSpec), status: at(3, podStatus) }, ["spec"]),
  status: true,
  otherSubresources: ["log", "eviction"],
  selectableFields: [
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.nominatedNodeName",
  ],
  strategicMerge: true,
  columns: [
    nameColumn,
    column<Pod>("Ready", readyContainers, { type: "string", description: "Ready containers of all." }),
    column<Pod>("Status", podStatusWord, { type: "string", description: "What the Pod does." }),
    column<Pod>("Restarts", restarts, { type: "string", description: "How often containers were restarted." }),
    ageColumn,
    wideColumn<Pod>("IP", ({ status }) => status?.podIP ?? "<none>"),
    wideColumn<Pod>("Node", ({ spec }) => spec.nodeName ?? "<none>"),
    wideColumn<Pod>("Nominated Node", ({ status }) => status?.nominatedNodeName ?? "<none>"),
    wideColumn<Pod>("Readiness Gates", ({ spec }) => joined(spec.readinessGates?.map((gate) => gate.conditionType))),
  ],
  applyDefaults: (object) => {
    const pod = object as Pod;
    if (!Array.isArray(pod.spec?.containers)) return pod;
    return { ...pod, spec: defaultRequests(defaultPodSpec(pod.spec)) };
  },
  validate: (object, old) => {
    const { spec } = object as Pod;
    if (old === undefined) return checkPodSpec(spec, "spec");
    return immutable("spec", fixedPart(spec), fixedPart((old as Pod).spec));
  },
};

/** Kubernetes lets an update change images, deadlines and tolerations, and the scheduler the node. */
function fixedPart(spec: PodSpec): unknown {
  const { nodeName, tolerations, activeDeadlineSeconds, terminationGracePeriodSeconds, ...rest } = spec;
  const withoutImage = ({ image, ...container }: Container) => container;
  return {
    ...rest,
    containers: spec.containers.map(withoutImage),
    initContainers: spec.initContainers?.map(withoutImage),
  };
}
