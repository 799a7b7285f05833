import type { Rollout } from "@sluice/api";

export type ProfileName = "argo" | "sluice";

const gates = [
  "gate-no-data",
  "gate-crash-loop",
  "gate-never-ready",
  "gate-progress-deadline",
  "gate-quarantine",
  "gate-judge",
];

/** The same Rollout under the original's rules: our gates are off, nothing else changes. */
export function asArgo(rollout: Rollout): Rollout {
  const off = Object.fromEntries(gates.map((gate) => [`sluice.dev/${gate}`, "off"]));
  return { ...rollout, metadata: { ...rollout.metadata, annotations: { ...rollout.metadata.annotations, ...off } } };
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
