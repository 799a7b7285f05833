import { analysisRunReconciler } from "./analysisrun/index.ts";
import { ApplicationReconciler, type KindLookup } from "./application/index.ts";
import { blueGreenReconciler } from "./bluegreen/index.ts";
import { deploymentReconciler } from "./deployment/index.ts";
import { destinationRuleReconciler } from "./destinationrule/index.ts";
import { serviceReconciler } from "./endpointslice/index.ts";
import { experimentReconciler } from "./experiment/index.ts";
import { jobReconciler } from "./job/index.ts";
import { judgementReconciler } from "./judgement/index.ts";
import type { AnyReconciler, Effects } from "./loop/index.ts";
import { QuarantineReconciler } from "./quarantine/index.ts";
import { replicaSetReconciler } from "./replicaset/index.ts";
import { rolloutReconciler } from "./rollout/index.ts";
import { virtualServiceReconciler } from "./virtualservice/index.ts";

interface Surroundings {
  readonly kinds: KindLookup;
  /** Whether Services get addresses of their own. */
  readonly allocatesAddresses: boolean;
}

/** All that decides, the same whatever stands around it. */
export const everyReconciler = (
  effects: Effects,
  { kinds, allocatesAddresses }: Surroundings,
): readonly AnyReconciler[] => [
  new ApplicationReconciler({ effects, kinds }),
  new QuarantineReconciler({ effects }),
  rolloutReconciler(effects),
  analysisRunReconciler(effects),
  experimentReconciler(effects),
  judgementReconciler(effects),
  deploymentReconciler(effects),
  replicaSetReconciler(effects),
  jobReconciler(effects),
  blueGreenReconciler(effects),
  virtualServiceReconciler(effects),
  destinationRuleReconciler(effects),
  serviceReconciler(effects, { allocatesAddresses }),
];
