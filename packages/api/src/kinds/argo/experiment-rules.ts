import type { Violation } from "@sluice/kernel";
import { dns1035Label, dnsLabel } from "../../schema/names.ts";
import { show } from "../../schema/show.ts";
import { matchesSelector } from "../../selectors/label-selector.ts";
import { checkSelector } from "../apps/workload-rules.ts";
import { checkTemplate } from "../core/pod-rules.ts";
import { doubled, doubles, exactlyOne, forbidden, invalid, missing, named } from "../rules.ts";
import { checkMatchers } from "./analysis-rules.ts";
import type { ExperimentSpec, ExperimentTemplate, RolloutExperimentStep } from "./experiment.ts";

/** Rules of argo-rollouts' utils/conditions VerifyExperimentSpec, and that names are used once. */
export function checkExperiment(spec: ExperimentSpec): readonly Violation[] {
  const { templates, analyses = [], progressDeadlineSeconds } = spec;
  return [
    ...checkNames(templates, analyses, "spec"),
    ...templates.flatMap((template, index) =>
      checkVersion(template, `spec.templates[${index}]`, progressDeadlineSeconds),
    ),
    ...checkMatchers(spec.dryRun, "spec.dryRun"),
    ...checkMatchers(spec.measurementRetention, "spec.measurementRetention"),
    ...analyses.flatMap(({ args = [] }, index) =>
      doubles(args.map(({ name }) => name)).map((double) =>
        doubled(`spec.analyses[${index}].args[${double.index}].name`, double.name, "arguments"),
      ),
    ),
  ];
}

type Named = readonly { readonly name: string; readonly service?: { readonly name?: string } }[];

function checkNames(templates: Named, analyses: Named, path: string): readonly Violation[] {
  return [
    ...(templates.length === 0 ? [missing(`${path}.templates`, "at least one version")] : []),
    // They end up in names of ReplicaSets and Services.
    ...templates.flatMap(({ name, service }, index) => [
      ...named(dnsLabel, `${path}.templates[${index}].name`, name),
      ...(service?.name === undefined
        ? []
        : named(dns1035Label, `${path}.templates[${index}].service.name`, service.name)),
    ]),
    ...doubles(templates.map(({ name }) => name)).map(({ index, name }) =>
      doubled(`${path}.templates[${index}].name`, name, "templates"),
    ),
    ...doubles(analyses.map(({ name }) => name)).map(({ index, name }) =>
      doubled(`${path}.analyses[${index}].name`, name, "analyses"),
    ),
  ];
}

function checkVersion(
  { selector, template, minReadySeconds = 0 }: ExperimentTemplate,
  path: string,
  progressDeadlineSeconds = 600,
): readonly Violation[] {
  const violations: Violation[] = [
    ...checkSelector(selector, `${path}.selector`),
    ...checkTemplate(template, `${path}.template`),
  ];
  const isEmpty =
    Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0;
  if (isEmpty) {
    violations.push(
      invalid({
        path: `${path}.selector`,
        found: "an empty selector, which picks every pod",
        expected: "at least one label",
      }),
    );
  } else if (!matchesSelector(selector, template.metadata?.labels)) {
    violations.push(
      invalid({
        path: `${path}.template.metadata.labels`,
        found: "labels that the selector doesn't pick",
        expected: `labels that ${path}.selector picks`,
      }),
    );
  }
  if (minReadySeconds > progressDeadlineSeconds) {
    violations.push(
      invalid({
        path: `${path}.minReadySeconds`,
        found: String(minReadySeconds),
        expected: `at most progressDeadlineSeconds, ${progressDeadlineSeconds}`,
      }),
    );
  }
  return violations;
}

/** The rules of a step; `path` is the step's experiment. */
export function checkExperimentStep(
  step: RolloutExperimentStep,
  path: string,
  isRouted: boolean,
): readonly Violation[] {
  const { templates, analyses = [] } = step;
  const violations: Violation[] = [
    ...checkNames(templates, analyses, path),
    ...checkMatchers(step.dryRun, `${path}.dryRun`),
    ...analyses.flatMap(({ args = [] }, index) =>
      args.flatMap(({ valueFrom }, place) =>
        valueFrom === undefined
          ? []
          : exactlyOne(
              `${path}.analyses[${index}].args[${place}].valueFrom`,
              valueFrom,
              ["podTemplateHashValue", "fieldRef"],
              "source of the value",
            ),
      ),
    ),
  ];
  const weighted = templates.flatMap(({ weight }, index) => (weight === undefined ? [] : [{ weight, index }]));
  if (!isRouted) {
    for (const { weight, index } of weighted) {
      violations.push(
        forbidden({
          path: `${path}.templates[${index}].weight`,
          found: String(weight),
          expected: "nothing: only with trafficRouting",
          repair: "add trafficRouting or take it out",
        }),
      );
    }
  }
  const sum = weighted.reduce((total, { weight }) => total + weight, 0);
  if (sum > 100) {
    violations.push(
      invalid({ path: `${path}.templates`, found: `weights of ${show(sum)} together`, expected: "at most 100" }),
    );
  }
  return violations;
}
