import { blueGreenAnnotation, type Deployment, type Service } from "@sluice/api";
import type { Effect } from "../loop/index.ts";
import type { Turn } from "./turn.ts";

// All with the resourceVersion that was seen: what changed meanwhile is a conflict, and is looked at again.

/** The same object where the mark is there. */
function mark<Marked extends Deployment | Service>(object: Marked, what: string): Marked {
  const { annotations } = object.metadata;
  if (annotations?.[blueGreenAnnotation] === what) return object;
  return {
    ...object,
    metadata: { ...object.metadata, annotations: { ...annotations, [blueGreenAnnotation]: what } },
  };
}

/** The idle colour with its image and Pods; undefined once it has them. */
export function prepared({ to, object, status, found }: Turn): Effect | "gone" | undefined {
  if (to === undefined) return "gone";
  const container = object.spec.container ?? (found.is === "found" ? found.pair.container : undefined);
  const { image = "", replicas = 1 } = status;
  const { containers } = to.spec.template.spec;
  const isRight = (name: string, current: string | undefined) => name !== container || current === image;
  const isSo = to.spec.replicas === replicas && containers.every((one) => isRight(one.name, one.image));
  const marked = container === undefined ? to : mark(to, container);
  if (isSo && marked === to) return undefined;
  const template = {
    ...to.spec.template,
    spec: {
      ...to.spec.template.spec,
      containers: containers.map((one) => (one.name === container ? { ...one, image } : one)),
    },
  };
  return { do: "update", object: { ...marked, spec: { ...to.spec, replicas, template } } };
}

/** None, unless the traffic would go with it. */
export function scaled(
  { service, object, status, from, to, found }: Turn,
  unwanted: Deployment | undefined,
): Effect | undefined {
  if (unwanted === undefined || unwanted.spec.replicas === 0) return undefined;
  const colour = service?.spec.selector?.[object.spec.label ?? "version"];
  const isServing = (unwanted === from && colour === status.from) || (unwanted === to && colour === status.to);
  if (isServing) return undefined;
  const container = object.spec.container ?? (found.is === "found" ? found.pair.container : undefined);
  const marked = container === undefined ? unwanted : mark(unwanted, container);
  return { do: "update", object: { ...marked, spec: { ...unwanted.spec, replicas: 0 } } };
}

/** The Service's selector, in one write; undefined where it is so, `elsewhere` where it is neither. */
export function switchTo({ service, object }: Turn, colour: string, other: string): Effect | "elsewhere" | undefined {
  const label = object.spec.label ?? "version";
  const current = service?.spec.selector?.[label];
  if (service === undefined || (current !== colour && current !== other)) return "elsewhere";
  if (current === colour) return undefined;
  const selector = { ...service.spec.selector, [label]: colour };
  return { do: "update", object: { ...mark(service, label), spec: { ...service.spec, selector } } };
}

/** A Service for the new colour alone, where the manifests have none. */
export function ensurePreview({ to, preview, service }: Turn): Effect | undefined {
  if (to === undefined || service === undefined || preview !== undefined) return undefined;
  const selector = to.spec.selector.matchLabels ?? {};
  const { namespace, labels } = service.metadata;
  const object: Service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: `${to.metadata.name.slice(0, 55)}-service`,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
    },
    spec: { selector, ports: (service.spec.ports ?? []).map(({ nodePort: _, ...port }) => port) },
  };
  return { do: "create", object };
}
