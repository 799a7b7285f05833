import { sameJson, type Violation } from "@sluice/kernel";
import { checkAnnotations, checkLabels } from "../../schema/metadata.ts";
import { show } from "../../schema/show.ts";
import { checkWorkloadSelector } from "../apps/workload-rules.ts";
import { checkPodSpec } from "../core/pod-rules.ts";
import { exactlyOne, immutable, invalid, missing, notSupported } from "../rules.ts";
import type { Job, JobSpec, PodFailurePolicyRule } from "./job.ts";

/** Rules of Kubernetes' pkg/apis/batch/validation. */
export function checkJob({ spec, metadata }: Job): readonly Violation[] {
  return [
    ...(spec.completionMode === "Indexed"
      ? [notSupported("spec.completionMode", '"Indexed"', "Indexed Jobs", "NonIndexed, and one Job for each index")]
      : []),
    ...checkJobTemplate(spec),
    ...checkJobSelector(spec, metadata.uid),
    ...checkFailurePolicy(spec),
  ];
}

export function checkJobChange({ spec }: Job, old: JobSpec): readonly Violation[] {
  return (["completions", "selector", "template", "completionMode", "podFailurePolicy"] as const).flatMap((field) =>
    immutable(`spec.${field}`, spec[field], old[field]),
  );
}

function checkJobTemplate({ template }: JobSpec): readonly Violation[] {
  const violations: Violation[] = [...checkPodSpec(template.spec, "spec.template.spec")];
  checkLabels(template.metadata?.labels, "spec.template.metadata.labels", violations);
  checkAnnotations(template.metadata?.annotations, "spec.template.metadata.annotations", violations);
  const { restartPolicy } = template.spec;
  if (restartPolicy !== "Never" && restartPolicy !== "OnFailure") {
    violations.push({
      path: "spec.template.spec.restartPolicy",
      found: restartPolicy === undefined ? "nothing, which means Always" : show(restartPolicy),
      expected: "Never or OnFailure: a Job's Pods come to an end",
      repair: "restartPolicy: Never",
      reason: "FieldValueRequired",
    });
  }
  return violations;
}

/** Without a uid, as in a file that is only looked at, there is no selector to expect. */
function checkJobSelector(
  { selector, manualSelector, template }: JobSpec,
  uid: string | undefined,
): readonly Violation[] {
  if (manualSelector === true) {
    return selector === undefined
      ? [missing("spec.selector", "a selector, since manualSelector is true")]
      : checkWorkloadSelector(selector, template);
  }
  if (selector === undefined || uid === undefined) return [];
  if (sameJson(selector, { matchLabels: { [controllerUidLabel]: uid } })) return [];
  return [
    invalid({
      path: "spec.selector",
      found: show(selector),
      expected: "nothing: a Job's selector is made for it",
      repair: "leave it out",
    }),
  ];
}

function checkFailurePolicy({ podFailurePolicy, podReplacementPolicy, template }: JobSpec): readonly Violation[] {
  if (podFailurePolicy === undefined) return [];
  const violations = podFailurePolicy.rules.flatMap((rule, index) =>
    checkRule(rule, `spec.podFailurePolicy.rules[${index}]`),
  );
  if (template.spec.restartPolicy === "OnFailure") {
    violations.push(
      invalid({
        path: "spec.template.spec.restartPolicy",
        found: '"OnFailure"',
        expected: "Never, since there is a podFailurePolicy",
      }),
    );
  }
  if (podReplacementPolicy === "TerminatingOrFailed") {
    violations.push(
      invalid({
        path: "spec.podReplacementPolicy",
        found: '"TerminatingOrFailed"',
        expected: "Failed, since there is a podFailurePolicy",
      }),
    );
  }
  return violations;
}

function checkRule(rule: PodFailurePolicyRule, path: string): readonly Violation[] {
  const values = rule.onExitCodes?.values;
  return [
    ...exactlyOne(path, rule, ["onExitCodes", "onPodConditions"], "requirement"),
    ...(rule.action === "FailIndex" ? [notSupported(`${path}.action`, '"FailIndex"', "Indexed Jobs", "FailJob")] : []),
    ...(values?.length === 0 ? [missing(`${path}.onExitCodes.values`, "at least one exit code")] : []),
    ...(rule.onExitCodes?.operator === "In" && values?.includes(0) === true
      ? [invalid({ path: `${path}.onExitCodes.values`, found: "0", expected: "exit codes of failures" })]
      : []),
  ];
}

export const controllerUidLabel = "batch.kubernetes.io/controller-uid";
export const jobNameLabel = "batch.kubernetes.io/job-name";
