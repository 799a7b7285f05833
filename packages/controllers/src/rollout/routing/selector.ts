import type { Service } from "@sluice/api";
import type { PlannedEvent } from "@sluice/kernel";
import { podHashLabel } from "../../version/index.ts";
import { annotations } from "../names.ts";

/** The version that a Service selects; "" where it tells none apart. */
export const selectedBy = (service: Service | undefined): string => service?.spec?.selector?.[podHashLabel] ?? "";

/** As the original tells of it, whatever the strategy. */
export const switchEvent = (service: Service, hash: string): PlannedEvent => ({
  type: "Normal",
  reason: "SwitchService",
  message: `Switched selector for service '${service.metadata.name}' from '${selectedBy(service)}' to '${hash}'`,
});

/** Selecting one version, and saying which Rollout decides so. */
export function withSelector(service: Service, hash: string, rollout: string): Service {
  return {
    ...service,
    metadata: {
      ...service.metadata,
      annotations: { ...service.metadata.annotations, [annotations.managedBy]: rollout },
    },
    spec: { ...service.spec, selector: { ...service.spec?.selector, [podHashLabel]: hash } },
  };
}
