import { ApiFault, type KindDefinition, type KindRegistry } from "@sluice/api";

/** The kind's place in the API, as a request names it. */
export interface ResourceTarget {
  readonly definition: KindDefinition;
  /** The version asked for; all versions of a kind share one schema. */
  readonly apiVersion: string;
  readonly namespace?: string;
}

/** What a request's path means. The grammar is Kubernetes': https://kubernetes.io/docs/reference/using-api/api-concepts/ */
export type Target =
  | { readonly is: "health"; readonly check: "livez" | "readyz" | "healthz" }
  | { readonly is: "version" }
  | { readonly is: "root" }
  | { readonly is: "coreVersions" }
  | { readonly is: "groups" }
  | { readonly is: "group"; readonly group: string }
  | { readonly is: "groupVersion"; readonly group: string; readonly version: string }
  | { readonly is: "openapiIndex" }
  | { readonly is: "openapi"; readonly group: string; readonly version: string }
  | { readonly is: "openapiV2" }
  | { readonly is: "review"; readonly group: string; readonly plural: string }
  | ({ readonly is: "collection" } & ResourceTarget)
  | ({ readonly is: "object"; readonly name: string; readonly subresource?: string } & ResourceTarget);

/** Kinds that are answered and never stored. */
const reviews: Readonly<Record<string, readonly string[]>> = {
  "authorization.k8s.io": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
  "authentication.k8s.io": ["selfsubjectreviews"],
};

/** Faults: BadRequest where the path isn't decodable, NotFound where nothing is served there. */
export function targetOf(path: string, kinds: KindRegistry): Target {
  const segments = path.split("/").slice(1).map(decodeSegment);
  if (segments.at(-1) === "") segments.pop();
  const [first, ...rest] = segments;
  switch (first) {
    case undefined:
      return { is: "root" };
    case "livez":
    case "readyz":
    case "healthz":
      return { is: "health", check: first };
    case "version":
      if (rest.length === 0) return { is: "version" };
      break;
    case "openapi":
      return openapiTarget(rest);
    case "api": {
      const [version, ...below] = rest;
      if (version === undefined) return { is: "coreVersions" };
      return resourceTarget(kinds, "", version, below);
    }
    case "apis": {
      const [group, version, ...below] = rest;
      if (group === undefined) return { is: "groups" };
      if (version === undefined) return { is: "group", group };
      return resourceTarget(kinds, group, version, below);
    }
  }
  throw nothingHere();
}

function openapiTarget([generation, ...place]: readonly string[]): Target {
  if (generation === "v2" && place.length === 0) return { is: "openapiV2" };
  if (generation !== "v3") throw nothingHere();
  const [prefix, first, second, ...more] = place;
  if (prefix === undefined) return { is: "openapiIndex" };
  if (prefix === "api" && first !== undefined && second === undefined) {
    return { is: "openapi", group: "", version: first };
  }
  if (prefix === "apis" && first !== undefined && second !== undefined && more.length === 0) {
    return { is: "openapi", group: first, version: second };
  }
  throw nothingHere();
}

function resourceTarget(kinds: KindRegistry, group: string, version: string, segments: readonly string[]): Target {
  if (segments.length === 0) return { is: "groupVersion", group, version };
  const [first = "", second, ...rest] = segments;
  if (version === "v1" && second === undefined && reviews[group]?.includes(first)) {
    return { is: "review", group, plural: first };
  }
  // `namespaces/NAME/PLURAL...`, unless what follows the name is a subresource of the Namespace itself.
  const [inNamespace] = rest;
  if (first === "namespaces" && second !== undefined && inNamespace !== undefined) {
    const definition = kinds.byPlural(group, version, inNamespace);
    if (definition !== undefined) return below(definition, group, version, rest.slice(1), second);
    if (group !== "") throw nothingHere();
  }
  const definition = kinds.byPlural(group, version, first);
  if (definition === undefined) throw nothingHere();
  return below(definition, group, version, segments.slice(1), undefined);
}

function below(
  definition: KindDefinition,
  group: string,
  version: string,
  segments: readonly string[],
  namespace: string | undefined,
): Target {
  const [name, subresource, ...more] = segments;
  if (more.length > 0 || (namespace !== undefined && !definition.namespaced)) throw nothingHere();
  const place: ResourceTarget = {
    definition,
    apiVersion: group === "" ? version : `${group}/${version}`,
    ...(namespace === undefined ? {} : { namespace }),
  };
  if (name === undefined) return { is: "collection", ...place };
  if (definition.namespaced && namespace === undefined) throw nothingHere();
  return { is: "object", ...place, name, ...(subresource === undefined ? {} : { subresource }) };
}

function decodeSegment(segment: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(segment);
  } catch {
    throw new ApiFault("BadRequest", "the path is not valid percent-encoding");
  }
  if (decoded.includes("/") || decoded.includes("\0") || decoded === "..") {
    throw new ApiFault("BadRequest", "the path has a segment that no name can have");
  }
  return decoded;
}

/** kubectl tells people `the server could not find the requested resource` by this text. */
const nothingHere = () => new ApiFault("NotFound", "the server could not find the requested resource");
