import type { Container } from "./container.ts";
import { defaultPullPolicy } from "./image.ts";
import type { PodSpec, PodTemplateSpec } from "./pod.ts";
import type { Volume } from "./volume.ts";

/** What a schema can't say: defaults that depend on other fields. Kubernetes' pkg/apis/core/v1/defaults.go. */
export function defaultPodSpec(spec: PodSpec): PodSpec {
  return {
    ...spec,
    containers: spec.containers?.map(defaultContainer) ?? [],
    ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(defaultContainer) }),
    ...(spec.volumes === undefined ? {} : { volumes: spec.volumes.map(defaultVolume) }),
  };
}

export const defaultTemplate = (template: PodTemplateSpec): PodTemplateSpec =>
  template?.spec?.containers === undefined ? template : { ...template, spec: defaultPodSpec(template.spec) };

function defaultContainer(container: Container): Container {
  if (container.imagePullPolicy !== undefined || typeof container.image !== "string") return container;
  return { ...container, imagePullPolicy: defaultPullPolicy(container.image) };
}

/** A volume that says only its name is an empty folder. */
function defaultVolume(volume: Volume): Volume {
  return Object.keys(volume).length === 1 && volume.name !== undefined ? { ...volume, emptyDir: {} } : volume;
}

/** Of a Pod, not of a template: a limit without a request is the request. */
export function defaultRequests(spec: PodSpec): PodSpec {
  const withRequests = (container: Container): Container => {
    const { limits } = container.resources ?? {};
    if (limits === undefined) return container;
    return {
      ...container,
      resources: { ...container.resources, requests: { ...limits, ...container.resources?.requests } },
    };
  };
  return {
    ...spec,
    enableServiceLinks: spec.enableServiceLinks ?? true,
    containers: spec.containers.map(withRequests),
  };
}
