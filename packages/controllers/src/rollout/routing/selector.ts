import type { Service } from "@sluice/api";
import { podHashLabel } from "../../version/index.ts";
import { annotations } from "../names.ts";

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
