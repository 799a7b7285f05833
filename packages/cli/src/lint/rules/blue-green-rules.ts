import type { Deployment, Service } from "@sluice/api";
import { matchesSelector } from "@sluice/api";
import type { Finding } from "../finding.ts";
import { madeColourService } from "../manifests/made-documents.ts";
import type { Manifest } from "../manifests/manifest.ts";
import { findingAt, type World } from "../manifests/world.ts";
import { withFix } from "../repairs/repairs.ts";

const label = "version";

/** Pairs of Deployments of which a Service's selector picks one, and images that move under them. */
export function blueGreenFindings(world: World): readonly Finding[] {
  return world.of("Service").flatMap((manifest) => {
    const { name, namespace } = manifest.resource.metadata;
    const selector = (manifest.resource as Partial<Service>).spec?.selector ?? {};
    const { [label]: colour, ...common } = selector;
    if (colour === undefined || Object.keys(common).length === 0) return [];
    const pair = world
      .inNamespace("Deployment", namespace)
      .filter(({ resource }) => matchesSelector({ matchLabels: common }, labelsOf(resource as Deployment)));
    const colours = new Set(pair.map(({ resource }) => labelsOf(resource as Deployment)[label]));
    if (pair.length !== 2 || colours.size !== 2 || colours.has(undefined)) return [];
    // A Service that is named after its colour stays with it.
    if (name.includes(colour)) return [];
    return [
      ...pair.flatMap((deployment) => [...withoutService(world, deployment, manifest), ...movingImages(deployment)]),
    ];
  });
}

const labelsOf = ({ spec }: Deployment): Readonly<Record<string, string>> => spec?.template?.metadata?.labels ?? {};

/** Who tries a colour before the switch needs a way to it. */
function withoutService(world: World, deployment: Manifest, pattern: Manifest): readonly Finding[] {
  const labels = labelsOf(deployment.resource as Deployment);
  const isPicked = world.inNamespace("Service", deployment.resource.metadata.namespace).some(({ resource }) => {
    const selector = (resource as Partial<Service>).spec?.selector ?? {};
    return (
      label in selector &&
      resource.metadata.name.includes(labels[label] ?? "") &&
      matchesSelector({ matchLabels: selector }, labels)
    );
  });
  if (isPicked) return [];
  const name = `${deployment.resource.metadata.name}-service`;
  const selector = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  const finding = findingAt(deployment, "spec.template.metadata.labels", {
    severity: "warning",
    rule: "colour-without-service",
    what: `no Service leads to ${labels[label]} alone, so nothing can try it before it has the traffic`,
    found: `${label}: ${labels[label]}`,
    repair: `add a Service ${name} with the selector ${selector.join(",")}; sluice bluegreen deploy creates it, too`,
  });
  return [withFix(finding, madeColourService(deployment, pattern, name))];
}

/** With a tag that moves both colours may be the same program, and a rollback another one. */
function movingImages(deployment: Manifest): readonly Finding[] {
  const containers = (deployment.resource as Deployment).spec?.template?.spec?.containers ?? [];
  return containers.flatMap(({ image = "" }, index) => {
    const name = image.slice(image.lastIndexOf("/") + 1);
    if (name.includes("@") || (name.includes(":") && !name.endsWith(":latest"))) return [];
    return [
      findingAt(deployment, `spec.template.spec.containers[${index}].image`, {
        severity: "warning",
        rule: "moving-image",
        what: "the tag moves: both colours may be the same program, and going back may lead to another one",
        found: image,
        expected: "a tag that never moves, or a digest",
        repair: `tag each build, such as ${image.replace(/:latest$/, "")}:v1`,
      }),
    ];
  });
}
