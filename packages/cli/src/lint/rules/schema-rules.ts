import { didYouMean, splitApiVersion, validate } from "@sluice/api";
import type { Violation } from "@sluice/kernel";
import type { Finding } from "../finding.ts";
import type { Manifest } from "../manifests/manifest.ts";
import { suppliedPart } from "../manifests/template-parts.ts";
import { findingAt, type World } from "../manifests/world.ts";
import { movedAffinity, replacement, withFix } from "../repairs/repairs.ts";
import { repairInFile, repairInWords } from "../repairs/schema-repairs.ts";

/** Everything that the API itself would refuse. */
export const schemaFindings = (world: World): readonly Finding[] => [
  ...world.manifests.flatMap((manifest) => checkOne(world, manifest)),
  ...doubledObjects(world),
];

function checkOne(world: World, manifest: Manifest): readonly Finding[] {
  const definition = world.definitionOf(manifest.resource);
  if (definition === undefined) return [unknownKind(world, manifest)];
  const affinity = misplacedAffinity(manifest);
  return [
    ...affinity,
    ...validate(definition, manifest.resource)
      .filter(({ path }) => affinity.length === 0 || !path.startsWith("spec.strategy.canary.antiAffinity"))
      .map((violation) => describe(world, manifest, violation)),
  ];
}

function describe(world: World, manifest: Manifest, violation: Violation): Finding {
  const { path, found, expected } = violation;
  const supplied = suppliedPart(world, manifest, violation);
  const repair = supplied?.repair ?? violation.repair ?? repairInWords(violation);
  const finding = findingAt(
    manifest,
    path,
    { severity: "error", rule: ruleOf(violation), what: whatOf(violation), found, expected, repair },
    isUnknownField(violation) ? "key" : "value",
  );
  return withFix(finding, supplied?.fix ?? repairInFile(manifest, violation));
}

const isUnknownField = ({ found }: Violation): boolean => found.startsWith("an unknown field");

function ruleOf(violation: Violation): string {
  const { reason, repair } = violation;
  if (isUnknownField(violation)) return "unknown-field";
  if (repair?.startsWith("not supported yet") === true) return "not-supported";
  switch (reason) {
    case "FieldValueRequired":
      return "missing-field";
    case "FieldValueTypeInvalid":
      return "wrong-type";
    case "FieldValueDuplicate":
      return "doubled";
    case "FieldValueForbidden":
      return "forbidden-field";
    case "FieldValueNotSupported":
      return "unknown-value";
    default:
      return "invalid-value";
  }
}

function whatOf(violation: Violation): string {
  const { path, found, reason, repair } = violation;
  if (repair?.startsWith("not supported yet") === true) return `${path} is not supported yet`;
  if (isUnknownField(violation)) return `${path} is no field of this kind`;
  switch (reason) {
    case "FieldValueRequired":
      return `${path} is missing`;
    case "FieldValueTypeInvalid":
      return `${path} is ${found}`;
    case "FieldValueDuplicate":
      return `${path} is there twice`;
    case "FieldValueForbidden":
      return `${path} may not stand here`;
    default:
      return `${path} is ${found}`;
  }
}

/** The original takes what it doesn't know here, and ignores it: the pods are spread nowhere. */
function misplacedAffinity(manifest: Manifest): readonly Finding[] {
  const path = "spec.strategy.canary.antiAffinity";
  const text = JSON.stringify(manifest.resource.spec ?? {});
  if (manifest.resource.kind !== "Rollout" || !/"antiAffinity":\{"[a-zA-Z]+":\{"pod(Anti)?Affinity"/.test(text))
    return [];
  const finding = findingAt(
    manifest,
    path,
    {
      severity: "error",
      rule: "misplaced-affinity",
      what: "antiAffinity holds a pod's affinity: Argo's own knows only weight (preferred…) or {} (required…)",
      expected: "requiredDuringSchedulingIgnoredDuringExecution: {}",
      repair: "move it to spec.template.spec.affinity",
    },
    "key",
  );
  return [withFix(finding, movedAffinity(manifest, path))];
}

function unknownKind(world: World, manifest: Manifest): Finding {
  const { apiVersion, kind } = manifest.resource;
  const { group } = splitApiVersion(apiVersion);
  const sameKind = world.kinds.all().filter((definition) => definition.kind === kind);
  const sameGroup = sameKind.find((definition) => definition.group === group);
  if (sameGroup !== undefined || sameKind.length > 0) {
    const right = (sameGroup === undefined ? sameKind : [sameGroup]).flatMap(({ group: known, versions }) =>
      versions.map((version) => (known === "" ? version : `${known}/${version}`)),
    );
    const finding = findingAt(manifest, "apiVersion", {
      severity: "error",
      rule: "unknown-version",
      what: `there is no ${kind} in ${apiVersion}`,
      found: apiVersion,
      expected: right.join(" or "),
      repair: `use ${right[0]}`,
    });
    // Another version of the same kind; another group may be another thing.
    const isSure = sameGroup !== undefined && right.length === 1 && right[0] !== undefined;
    return isSure ? withFix(finding, replacement(manifest, "apiVersion", right[0] as string)) : finding;
  }
  const meant = didYouMean(
    kind,
    world.kinds.all().map((definition) => definition.kind),
  );
  return findingAt(manifest, "kind", {
    severity: "error",
    rule: "unknown-kind",
    what: `there is no kind ${kind}${group === "" ? "" : ` in ${group}`}`,
    found: `${apiVersion} ${kind}`,
    expected: "a kind that Sluice serves, or one of a CustomResourceDefinition among the files",
    repair: meant === undefined ? "leave it out of this path for now" : `did you mean ${meant}?`,
  });
}

function doubledObjects(world: World): readonly Finding[] {
  const first = new Map<string, Manifest>();
  return world.manifests.flatMap((manifest) => {
    const { apiVersion, kind, metadata } = manifest.resource;
    if (metadata.name === undefined) return [];
    const key = JSON.stringify([splitApiVersion(apiVersion).group, kind, metadata.namespace, metadata.name]);
    const other = first.get(key);
    if (other === undefined) {
      first.set(key, manifest);
      return [];
    }
    return [
      findingAt(manifest, "metadata.name", {
        severity: "warning",
        rule: "doubled-object",
        what: `${manifest.describe()} stands in ${other.file}:${other.placeOf("metadata.name").line}, too: the last one wins`,
        repair: "keep one of them",
      }),
    ];
  });
}
