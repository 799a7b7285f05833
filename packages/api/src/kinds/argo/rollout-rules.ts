import { sameJson, type Violation } from "@sluice/kernel";
import { goDurationMillis } from "../../schema/formats.ts";
import { show } from "../../schema/show.ts";
import { checkDeadline, checkRollingUpdate, checkWorkloadSelector } from "../apps/workload-rules.ts";
import { checkTemplate } from "../core/pod-rules.ts";
import { doubled, doubles, exactlyOne, forbidden, invalid, missing, setKeys } from "../rules.ts";
import { ringsAnnotation } from "../sluice/ring-set.ts";
import { checkUndone } from "../sluice/undone.ts";
import { checkMatchers } from "./analysis-rules.ts";
import { checkExperimentStep } from "./experiment-rules.ts";
import type {
  BlueGreenStrategy,
  CanaryStep,
  CanaryStrategy,
  Rollout,
  RolloutPause,
  RolloutSpec,
  RolloutWorkloadReference,
  SetCanaryScale,
} from "./rollout.ts";
import type { RolloutAnalysis } from "./rollout-analysis.ts";
import { checkAntiAffinity, checkRouteStep, checkRouting } from "./routing-rules.ts";

const stepKinds = [
  "setWeight",
  "pause",
  "setCanaryScale",
  "analysis",
  "experiment",
  "plugin",
  "setHeaderRoute",
  "setMirrorRoute",
] as const satisfies readonly (keyof CanaryStep)[];

/** Rules of argo-rollouts' pkg/apis/rollouts/validation/validation.go. */
export function checkRollout(rollout: Rollout, old: Rollout | undefined): readonly Violation[] {
  const { spec } = rollout;
  const violations: Violation[] = [
    ...checkStrategy(spec),
    ...checkDeadline(spec.progressDeadlineSeconds, spec.minReadySeconds),
    ...checkReadiness(spec),
  ];
  const rings = rollout.metadata.annotations?.[ringsAnnotation];
  if (rings !== undefined && spec.strategy.canary?.trafficRouting?.istio === undefined) {
    violations.push(
      forbidden({
        path: `metadata.annotations[${ringsAnnotation}]`,
        found: show(rings),
        expected: "a canary with trafficRouting.istio: who gets a version is the router's to choose",
        repair: "add trafficRouting.istio, or take the annotation out",
      }),
    );
  }
  violations.push(...checkUndone(rollout.metadata, old?.metadata));
  if (spec.workloadRef !== undefined) violations.push(...checkWorkloadReference(spec, spec.workloadRef));
  else {
    if (spec.selector === undefined) violations.push(missing("spec.selector", "a selector for the template's labels"));
    if (spec.template === undefined) violations.push(missing("spec.template", "a pod template"));
  }
  if (spec.selector !== undefined) violations.push(...checkWorkloadSelector(spec.selector, spec.template));
  // Only status moved: the template was checked when it came.
  if (spec.template !== undefined && !(old !== undefined && sameJson(spec.template, old.spec.template))) {
    violations.push(...checkTemplate(spec.template, "spec.template"));
  }
  violations.push(...checkPorts(spec));
  return violations;
}

/** Where no deadline is written there is one all the same. */
function checkReadiness({ progressDeadlineSeconds, minReadySeconds = 0 }: RolloutSpec): readonly Violation[] {
  if (progressDeadlineSeconds !== undefined || minReadySeconds < 600) return [];
  return [
    invalid({
      path: "spec.minReadySeconds",
      found: String(minReadySeconds),
      expected: "less than progressDeadlineSeconds, 600 unless given",
      repair: `add progressDeadlineSeconds: ${minReadySeconds + 600}`,
    }),
  ];
}

/** An experiment's Services listen on its containers' ports: nothing else says which. */
function checkPorts({ template, strategy }: RolloutSpec): readonly Violation[] {
  if (template === undefined || template.spec.containers.some(({ ports = [] }) => ports.length > 0)) return [];
  return (strategy.canary?.steps ?? []).flatMap(({ experiment }, index) =>
    (experiment?.templates ?? []).some(({ weight, service }) => weight !== undefined || service !== undefined)
      ? [
          invalid({
            path: "spec.template.spec.containers",
            found: "no container with ports",
            expected: `the ports of the Services that steps[${index}].experiment makes`,
            repair: "give the container that serves its ports",
          }),
        ]
      : [],
  );
}

const workloadVersions = { Deployment: "apps/v1", ReplicaSet: "apps/v1", PodTemplate: "v1" } as const;

function checkWorkloadReference(spec: RolloutSpec, reference: RolloutWorkloadReference): readonly Violation[] {
  const { kind = "Deployment", apiVersion, scaleDown = "never" } = reference;
  const violations: Violation[] = [];
  if (spec.template !== undefined) {
    violations.push(
      forbidden({
        path: "spec.template",
        found: "a template beside workloadRef",
        expected: `nothing: the ${kind} holds the template`,
        repair: "take spec.template out, or spec.workloadRef",
      }),
    );
  }
  if (apiVersion !== undefined && apiVersion !== workloadVersions[kind]) {
    violations.push(
      invalid({ path: "spec.workloadRef.apiVersion", found: show(apiVersion), expected: workloadVersions[kind] }),
    );
  }
  if (kind === "PodTemplate" && spec.selector === undefined) {
    violations.push(missing("spec.selector", "a selector: a PodTemplate has none", "name labels of its template"));
  }
  if (kind === "PodTemplate" && scaleDown !== "never") {
    violations.push(
      forbidden({
        path: "spec.workloadRef.scaleDown",
        found: show(scaleDown),
        expected: "nothing: a PodTemplate has no pods of its own",
        repair: "take it out",
      }),
    );
  }
  return violations;
}

function checkStrategy({ strategy, revisionHistoryLimit }: RolloutSpec): readonly Violation[] {
  const kinds = setKeys(strategy, ["canary", "blueGreen"]);
  if (kinds.length !== 1) return exactlyOne("spec.strategy", strategy, ["canary", "blueGreen"], "strategy");
  return [
    ...(strategy.canary === undefined ? [] : checkCanary(strategy.canary, "spec.strategy.canary")),
    ...(strategy.blueGreen === undefined ? [] : checkBlueGreen(strategy.blueGreen, revisionHistoryLimit)),
  ];
}

function checkBlueGreen(blueGreen: BlueGreenStrategy, revisionHistoryLimit = 10): readonly Violation[] {
  const path = "spec.strategy.blueGreen";
  const { activeService, previewService, prePromotionAnalysis, postPromotionAnalysis, maxUnavailable } = blueGreen;
  const violations: Violation[] = [
    ...checkRollingUpdate(path, undefined, maxUnavailable),
    ...checkAntiAffinity(blueGreen.antiAffinity, `${path}.antiAffinity`),
  ];
  if (previewService !== undefined && previewService !== "" && previewService === activeService) {
    violations.push(
      invalid({
        path: `${path}.previewService`,
        found: show(previewService),
        expected: "another Service than activeService: each picks the pods of one version",
        repair: "name a Service of its own, or take previewService out",
      }),
    );
  }
  const { scaleDownDelayRevisionLimit: kept } = blueGreen;
  if (kept !== undefined && kept > revisionHistoryLimit) {
    violations.push(
      invalid({
        path: `${path}.scaleDownDelayRevisionLimit`,
        found: String(kept),
        expected: `at most spec.revisionHistoryLimit, ${revisionHistoryLimit}`,
        repair: "raise spec.revisionHistoryLimit, or keep fewer versions running",
      }),
    );
  }
  for (const [field, analysis] of Object.entries({ prePromotionAnalysis, postPromotionAnalysis })) {
    if (analysis !== undefined) violations.push(...checkAnalysis(analysis, `${path}.${field}`));
  }
  return violations;
}

function checkCanary(canary: CanaryStrategy, path: string): readonly Violation[] {
  const violations: Violation[] = [...checkRollingUpdate(path, canary.maxSurge, canary.maxUnavailable)];
  if (canary.trafficRouting === undefined && canary.scaleDownDelaySeconds !== undefined) {
    violations.push(
      forbidden({
        path: `${path}.scaleDownDelaySeconds`,
        found: String(canary.scaleDownDelaySeconds),
        expected: "nothing: only with trafficRouting",
        repair: "add trafficRouting or take it out",
      }),
    );
  }
  violations.push(
    ...checkSizes(canary, path),
    ...checkRouting(canary, path),
    ...checkAntiAffinity(canary.antiAffinity, `${path}.antiAffinity`),
  );
  for (const [index, step] of (canary.steps ?? []).entries()) {
    violations.push(...checkStep(step, canary, `${path}.steps[${index}]`));
    violations.push(...checkShares(canary.steps ?? [], index, `${path}.steps[${index}]`));
  }
  if (canary.analysis !== undefined) violations.push(...checkAnalysis(canary.analysis, `${path}.analysis`));
  return violations;
}

/** Beside the canary's weight an experiment's versions get theirs: together no more than there is. */
function checkShares(steps: readonly CanaryStep[], index: number, path: string): readonly Violation[] {
  const { templates = [] } = steps[index]?.experiment ?? {};
  const sum = templates.reduce((total, { weight = 0 }) => total + weight, 0);
  const { setWeight = 0 } = steps.slice(0, index).findLast((step) => step.setWeight !== undefined) ?? {};
  if (sum === 0 || sum > 100 || sum + setWeight <= 100) return [];
  return [
    invalid({
      path: `${path}.experiment.templates`,
      found: `weights of ${sum} together, beside setWeight ${setWeight}`,
      expected: `at most ${100 - setWeight} together`,
    }),
  ];
}

/** Of validation.go: what only makes sense together, or never does. */
function checkSizes(canary: CanaryStrategy, path: string): readonly Violation[] {
  const violations: Violation[] = [];
  if (canary.dynamicStableScale === true && canary.trafficRouting === undefined) {
    violations.push(
      forbidden({
        path: `${path}.dynamicStableScale`,
        found: "true",
        expected: "nothing: only with trafficRouting, since otherwise pods are the traffic",
        repair: "add trafficRouting or take it out",
      }),
    );
  }
  if (canary.dynamicStableScale === true && canary.scaleDownDelaySeconds !== undefined) {
    violations.push(
      forbidden({
        path: `${path}.dynamicStableScale`,
        found: `true beside scaleDownDelaySeconds ${canary.scaleDownDelaySeconds}`,
        expected: "one of them: a stable version that shrinks with its traffic leaves nothing to keep",
        repair: "take scaleDownDelaySeconds out",
      }),
    );
  }
  const { type, value = 0 } = canary.replicaProgressThreshold ?? {};
  if (type === "Percent" && (value < 0 || value > 100)) {
    violations.push(
      invalid({ path: `${path}.replicaProgressThreshold.value`, found: String(value), expected: "0 to 100 percent" }),
    );
  }
  if (type === "Pod" && value < 0) {
    violations.push(
      invalid({ path: `${path}.replicaProgressThreshold.value`, found: String(value), expected: "0 or more pods" }),
    );
  }
  return violations;
}

function checkStep(step: CanaryStep, canary: CanaryStrategy, path: string): readonly Violation[] {
  if (setKeys(step, ["replicaProgressThreshold"]).length > 0) return [];
  const kinds = setKeys(step, stepKinds);
  if (kinds.length !== 1) {
    const several = kinds.length > 1;
    return [
      invalid({
        path,
        found: several ? kinds.join(" and ") : "nothing",
        expected:
          "exactly one of setWeight, pause, setCanaryScale, analysis, experiment, setHeaderRoute, setMirrorRoute",
        ...(several ? { repair: `write ${kinds.length} steps: ${kinds.map((kind) => `- ${kind}`).join(", ")}` } : {}),
      }),
    ];
  }
  const violations: Violation[] = [];
  if (step.setWeight !== undefined && (step.setWeight < 0 || step.setWeight > 100)) {
    violations.push(invalid({ path: `${path}.setWeight`, found: String(step.setWeight), expected: "0 to 100" }));
  }
  if (step.pause !== undefined) violations.push(...checkPause(step.pause, `${path}.pause`));
  if (step.setCanaryScale !== undefined) {
    violations.push(
      ...checkCanaryScale(step.setCanaryScale, `${path}.setCanaryScale`, canary.trafficRouting !== undefined),
    );
  }
  if (step.analysis !== undefined) violations.push(...checkAnalysis(step.analysis, `${path}.analysis`));
  if (step.experiment !== undefined) {
    violations.push(...checkExperimentStep(step.experiment, `${path}.experiment`, canary.trafficRouting !== undefined));
  }
  violations.push(...checkRouteStep(step, canary, path));
  return violations;
}

/** A pause in milliseconds; undefined: until promoted. NaN where the text is no duration. Seconds, `"30"`, `"5m"`. */
export function pauseMillis({ duration }: RolloutPause): number | undefined {
  if (duration === undefined) return undefined;
  if (typeof duration === "number") return duration * 1000;
  if (/^\d+$/.test(duration)) return Number(duration) * 1000;
  return goDurationMillis(duration) ?? Number.NaN;
}

function checkPause(pause: RolloutPause, path: string): readonly Violation[] {
  const millis = pauseMillis(pause);
  if (millis === undefined || millis >= 0) return [];
  return [
    invalid({
      path: `${path}.duration`,
      found: show(pause.duration),
      expected: "seconds, or a duration such as 30s, 5m or 1h, not negative",
    }),
  ];
}

function checkCanaryScale(scale: SetCanaryScale, path: string, routed: boolean): readonly Violation[] {
  if (!routed) {
    return [
      forbidden({
        path,
        found: "setCanaryScale",
        expected: "nothing: only with trafficRouting, since otherwise pods are the traffic",
        repair: "add trafficRouting or use setWeight alone",
      }),
    ];
  }
  const { weight, replicas, matchTrafficWeight } = scale;
  const given = [weight !== undefined, replicas !== undefined, matchTrafficWeight === true].filter(Boolean).length;
  if (given === 1) return [];
  return [
    invalid({
      path,
      found: given === 0 ? "none of them" : Object.keys(scale).join(" and "),
      expected: "exactly one of weight, replicas, matchTrafficWeight: true",
    }),
  ];
}

const fieldPaths =
  /^(metadata\.(name|namespace|uid)|metadata\.(labels|annotations)\[['"]?[^'"\]]+['"]?\]|(spec|status|metadata)(\.[A-Za-z][A-Za-z0-9]*(\[\d+\])?)+)$/;

function checkAnalysis(analysis: RolloutAnalysis, path: string): readonly Violation[] {
  const violations: Violation[] = [
    ...checkMatchers(analysis.dryRun, `${path}.dryRun`),
    ...checkMatchers(analysis.measurementRetention, `${path}.measurementRetention`),
  ];
  if ((analysis.templates ?? []).length === 0) {
    violations.push(missing(`${path}.templates`, "at least one template"));
  }
  for (const { index, name } of doubles((analysis.args ?? []).map(({ name }) => name))) {
    violations.push(doubled(`${path}.args[${index}].name`, name, "arguments"));
  }
  for (const [index, { value, valueFrom }] of (analysis.args ?? []).entries()) {
    const at = `${path}.args[${index}]`;
    if (value !== undefined && valueFrom !== undefined) {
      violations.push(invalid({ path: at, found: "value and valueFrom", expected: "one of them" }));
    } else if (valueFrom !== undefined) {
      violations.push(
        ...exactlyOne(`${at}.valueFrom`, valueFrom, ["podTemplateHashValue", "fieldRef"], "source of the value"),
      );
      const fieldPath = valueFrom.fieldRef?.fieldPath;
      if (fieldPath !== undefined && !fieldPaths.test(fieldPath)) {
        violations.push(
          invalid({
            path: `${at}.valueFrom.fieldRef.fieldPath`,
            found: show(fieldPath),
            expected: "a field of the Rollout such as metadata.labels['region']",
          }),
        );
      }
    } else if (value?.includes("{{") === true) {
      const field = /^\{\{\s*(metadata\.(?:labels|annotations))\.([^}\s]+)\s*\}\}$/.exec(value);
      violations.push(
        invalid({
          path: `${at}.value`,
          found: show(value),
          expected: "a value: Rollouts expand no {{…}} in arguments",
          repair:
            field === null
              ? "use valueFrom.fieldRef.fieldPath"
              : `use valueFrom: {fieldRef: {fieldPath: "${field[1]}['${field[2]}']"}}`,
        }),
      );
    }
  }
  return violations;
}
