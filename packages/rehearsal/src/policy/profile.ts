import type { CanaryStep, Rollout } from "@sluice/api";

export type ProfileName = "argo" | "sluice";

/** The seconds for which a small share of the stable version stays, so that there is something to compare with. */
const holdbackSeconds = 600;
const holdbackWeight = 95;

const gates = ["gate-no-data", "gate-crash-loop", "gate-progress-deadline", "gate-quarantine"];

/** The same Rollout under the original's rules: our gates are off, nothing else changes. */
export function asArgo(rollout: Rollout): Rollout {
  const off = Object.fromEntries(gates.map((gate) => [`sluice.dev/${gate}`, "off"]));
  return { ...rollout, metadata: { ...rollout.metadata, annotations: { ...rollout.metadata.annotations, ...off } } };
}

/** The same Rollout with our gates, and the holdback as the steps that it amounts to. */
export function asSluice(rollout: Rollout): Rollout {
  const { canary } = rollout.spec.strategy;
  if (canary?.steps === undefined || canary.trafficRouting === undefined) return rollout;
  const last = canary.steps.findLastIndex((step) => step.setWeight !== undefined);
  const isFull = canary.steps[last]?.setWeight === 100;
  const holdback: readonly CanaryStep[] = [
    { setWeight: holdbackWeight },
    { pause: { duration: `${holdbackSeconds}s` } },
  ];
  const steps = [...canary.steps];
  steps.splice(isFull ? last : steps.length, 0, ...holdback);
  return { ...rollout, spec: { ...rollout.spec, strategy: { canary: { ...canary, steps } } } };
}

/** The version before: the same but for its image. */
export function stableOf(rollout: Rollout): Rollout {
  const { template } = rollout.spec;
  if (template === undefined) return rollout;
  const containers = template.spec.containers.map((container, index) =>
    index === 0 ? { ...container, image: stableImage(container.image ?? rollout.metadata.name) } : container,
  );
  return {
    ...rollout,
    spec: { ...rollout.spec, template: { ...template, spec: { ...template.spec, containers } } },
  };
}

const stableImage = (image: string): string =>
  `${image.replace(/@sha256:.*$/, "").replace(/:[^:/]*$/, "")}:before-the-rehearsal`;
