import type { Deployment } from "../kinds/apps/deployment.ts";
import type { Service } from "../kinds/core/service.ts";
import type { BlueGreenDeployment, BlueGreenDeploymentSpec } from "../kinds/sluice/blue-green.ts";
import { matchesSelector } from "../selectors/label-selector.ts";

/** The Service, the Deployment that it picks now, and the other. */
export interface ColourPair {
  readonly from: string;
  readonly to: string;
  readonly active: Deployment;
  readonly idle: Deployment;
  /** Whose image changes. */
  readonly container: string;
}

export type FoundPair =
  | { readonly is: "found"; readonly pair: ColourPair }
  | { readonly is: "refused"; readonly because: string };

const refused = (because: string): FoundPair => ({ is: "refused", because });

/** Which colour has the traffic is what the Service's selector says, and nothing else. */
export function findPair(
  name: string,
  { label = "version", container }: Pick<BlueGreenDeploymentSpec, "label" | "container">,
  service: Service | undefined,
  deployments: readonly Deployment[],
): FoundPair {
  if (service === undefined) return refused(`there is no Service ${name}`);
  const { [label]: from, ...common } = service.spec.selector ?? {};
  if (from === undefined) return refused(`the selector of Service ${name} has no label ${label} to switch`);
  const pair = deployments.filter(({ spec, metadata }) => {
    const labels = spec.template.metadata?.labels ?? {};
    return (
      metadata.deletionTimestamp === undefined && label in labels && matchesSelector({ matchLabels: common }, labels)
    );
  });
  const active = pair.filter((deployment) => colourOf(deployment, label) === from);
  const others = pair.filter((deployment) => colourOf(deployment, label) !== from);
  const [idle] = others;
  if (active.length !== 1 || others.length !== 1 || active[0] === undefined || idle === undefined) {
    const found = pair.map((deployment) => `${deployment.metadata.name} (${colourOf(deployment, label)})`).join(", ");
    return refused(
      `it takes one Deployment with ${label}=${from} and one with another ${label} behind Service ${name}; there are ${found || "none"}`,
    );
  }
  const containers = idle.spec.template.spec.containers.map((one) => one.name);
  const chosen = container ?? (containers.length === 1 ? containers[0] : undefined);
  if (chosen === undefined || !containers.includes(chosen)) {
    return refused(`Deployment ${idle.metadata.name} has the containers ${containers.join(", ")}: name one of them`);
  }
  return {
    is: "found",
    pair: { from, to: colourOf(idle, label), active: active[0], idle, container: chosen },
  };
}

const colourOf = ({ spec }: Deployment, label: string): string => spec.template.metadata?.labels?.[label] ?? "";

export const imageOf = ({ spec }: Deployment, container: string): string | undefined =>
  spec.template.spec.containers.find(({ name }) => name === container)?.image;

/** The other colour serves again as it was: what `sluice bluegreen rollback` and the console ask for. */
export function wayBack(
  known: BlueGreenDeployment | undefined,
  { release, by, drainSeconds }: { readonly release: string; readonly by: string; readonly drainSeconds: number },
): BlueGreenDeploymentSpec {
  const { label = "version", container, healthPath } = known?.spec ?? {};
  return {
    release,
    label,
    by,
    ...(container === undefined ? {} : { container }),
    ...(healthPath === undefined ? {} : { healthPath }),
    drainSeconds,
  };
}
