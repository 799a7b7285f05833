import type { Pod } from "@sluice/api";
import { isReady, readySince } from "./pods.ts";

const deletionCost = "controller.kubernetes.io/pod-deletion-cost";
const phases: readonly string[] = ["Pending", "Unknown", "Running"];

/**
 * Those that are missed least come first, in Kubernetes' order: without a node, pending, not ready, cheap, ready for the
 * shortest time, often restarted, young.
 * https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/controller_utils.go ActivePodsWithRanks
 */
export function byDispensability(a: Pod, b: Pod): number {
  return (
    Number(hasNode(a)) - Number(hasNode(b)) ||
    phases.indexOf(a.status?.phase ?? "Pending") - phases.indexOf(b.status?.phase ?? "Pending") ||
    Number(isReady(a)) - Number(isReady(b)) ||
    costOf(a) - costOf(b) ||
    youngestFirst(readySince(a), readySince(b)) ||
    restartsOf(b) - restartsOf(a) ||
    compare(b.metadata.creationTimestamp ?? "", a.metadata.creationTimestamp ?? "") ||
    compare(a.metadata.name, b.metadata.name)
  );
}

const hasNode = ({ spec }: Pod): boolean => (spec.nodeName ?? "") !== "";

const costOf = ({ metadata }: Pod): number => {
  const cost = Number(metadata.annotations?.[deletionCost] ?? 0);
  return Number.isInteger(cost) ? cost : 0;
};

const youngestFirst = (a = 0, b = 0): number => b - a;

const restartsOf = ({ status }: Pod): number =>
  Math.max(0, ...(status?.containerStatuses ?? []).map(({ restartCount }) => restartCount));

const compare = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);
