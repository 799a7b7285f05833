import { formatLabelSelector, type KindDefinition, type LabelSelector, type Resource } from "@sluice/api";
import { isRecord } from "../patch/record.ts";
import { invalid, notFound } from "../refusals.ts";

/** The autoscaling/v1 Scale of an object. Faults: NotFound where its kind has no scale subresource. */
export function scaleOf(definition: KindDefinition, object: Resource): Resource {
  const paths = definition.scale;
  if (paths === undefined) throw notFound(definition, `${object.metadata.name}/scale`);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = paths.selector === undefined ? undefined : selectorText(readPath(object, paths.selector));
  return {
    apiVersion: "autoscaling/v1",
    kind: "Scale",
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    },
    spec: { replicas: readPath(object, paths.specReplicas) ?? 0 },
    status: {
      replicas: readPath(object, paths.statusReplicas) ?? 0,
      ...(selector === undefined ? {} : { selector }),
    },
  };
}

/** The object with the replicas, and at the version, that a changed Scale asks for. Faults: Invalid. */
export function withReplicas(definition: KindDefinition, object: Resource, scale: Resource): Resource {
  const replicas = isRecord(scale.spec) ? scale.spec.replicas : undefined;
  if (!Number.isInteger(replicas) || (replicas as number) < 0) {
    throw invalid(definition, object.metadata.name, [
      {
        path: "spec.replicas",
        found: JSON.stringify(replicas) ?? "nothing",
        expected: "a whole number, 0 or more",
        reason: "FieldValueInvalid",
      },
    ]);
  }
  const { resourceVersion, uid } = scale.metadata;
  const scaled = writePath(
    object,
    (definition.scale?.specReplicas ?? "spec.replicas").split("."),
    replicas,
  ) as Resource;
  return {
    ...scaled,
    metadata: {
      ...scaled.metadata,
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(uid === undefined ? {} : { uid }),
    },
  };
}

/** Dotted, a leading dot allowed, as CRDs write it. */
function readPath(object: unknown, path: string): unknown {
  return path
    .split(".")
    .filter((part) => part !== "")
    .reduce<unknown>((value, part) => (isRecord(value) ? value[part] : undefined), object);
}

function writePath(value: unknown, [part, ...rest]: readonly string[], leaf: unknown): unknown {
  if (part === undefined) return leaf;
  if (part === "") return writePath(value, rest, leaf);
  const record = isRecord(value) ? value : {};
  return { ...record, [part]: writePath(record[part], rest, leaf) };
}

function selectorText(selector: unknown): string | undefined {
  if (typeof selector === "string") return selector;
  return isRecord(selector) ? formatLabelSelector(selector as LabelSelector) : undefined;
}
