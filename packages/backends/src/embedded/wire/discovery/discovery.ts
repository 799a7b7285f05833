import { groupVersion, type KindDefinition, type KindRegistry } from "@sluice/api";

/** https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/api/apidiscovery/v2/types.go */
export const aggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

const verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const subresourceVerbs = ["get", "patch", "update"];

interface Subresource {
  readonly name: string;
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly verbs: readonly string[];
}

interface Group {
  readonly name: string;
  /** The preferred one first. */
  readonly versions: readonly { readonly version: string; readonly kinds: readonly KindDefinition[] }[];
}

const reviewGroups: readonly { group: string; kinds: readonly { plural: string; kind: string }[] }[] = [
  { group: "authentication.k8s.io", kinds: [{ plural: "selfsubjectreviews", kind: "SelfSubjectReview" }] },
  {
    group: "authorization.k8s.io",
    kinds: [
      { plural: "selfsubjectaccessreviews", kind: "SelfSubjectAccessReview" },
      { plural: "selfsubjectrulesreviews", kind: "SelfSubjectRulesReview" },
    ],
  },
];

/** Groups by name; within one, versions in the order that its kinds name them. */
function groupsOf(kinds: KindRegistry): readonly Group[] {
  const groups = new Map<string, Map<string, KindDefinition[]>>();
  for (const definition of kinds.all()) {
    const versions = getOrSet(groups, definition.group, () => new Map<string, KindDefinition[]>());
    for (const version of definition.versions) getOrSet(versions, version, () => []).push(definition);
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, versions]) => ({
      name,
      versions: [...versions].map(([version, served]) => ({
        version,
        kinds: served.sort((a, b) => (a.plural < b.plural ? -1 : 1)),
      })),
    }));
}

function getOrSet<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

function subresourcesOf(definition: KindDefinition, version: string): readonly Subresource[] {
  const own = { group: definition.group, version, kind: definition.kind };
  return [
    ...(definition.status ? [{ name: "status", kind: own, verbs: subresourceVerbs }] : []),
    ...(definition.scale
      ? [{ name: "scale", kind: { group: "autoscaling", version: "v1", kind: "Scale" }, verbs: subresourceVerbs }]
      : []),
    ...(definition.otherSubresources ?? []).map((name) => ({ name, kind: own, verbs: ["get"] })),
  ];
}

/** What `/api` (`core`) or `/apis` answers to callers of aggregated discovery. */
export function aggregatedDiscovery(kinds: KindRegistry, core: boolean): unknown {
  const items = groupsOf(kinds)
    .filter(({ name }) => (name === "") === core)
    .map(({ name, versions }) => ({
      metadata: core ? {} : { name },
      versions: versions.map(({ version, kinds: served }) => ({
        version,
        freshness: "Current",
        resources: served.map((definition) => ({
          resource: definition.plural,
          responseKind: { group: name, version, kind: definition.kind },
          scope: definition.namespaced ? "Namespaced" : "Cluster",
          singularResource: definition.singular,
          verbs,
          ...(definition.shortNames ? { shortNames: definition.shortNames } : {}),
          ...(definition.categories ? { categories: definition.categories } : {}),
          subresources: subresourcesOf(definition, version).map((subresource) => ({
            subresource: subresource.name,
            responseKind: subresource.kind,
            verbs: subresource.verbs,
          })),
        })),
      })),
    }));
  const reviews = reviewGroups.map(({ group, kinds: served }) => ({
    metadata: { name: group },
    versions: [
      {
        version: "v1",
        freshness: "Current",
        resources: served.map(({ plural, kind }) => ({
          resource: plural,
          responseKind: { group, version: "v1", kind },
          scope: "Cluster",
          singularResource: kind.toLowerCase(),
          verbs: ["create"],
        })),
      },
    ],
  }));
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: "apidiscovery.k8s.io/v2",
    metadata: {},
    items: core ? items : [...items, ...reviews],
  };
}

export const coreVersions = () => ({
  kind: "APIVersions",
  versions: ["v1"],
  serverAddressByClientCIDRs: [],
});

export function groupList(kinds: KindRegistry): unknown {
  const groups = groupsOf(kinds).filter(({ name }) => name !== "");
  return {
    kind: "APIGroupList",
    apiVersion: "v1",
    groups: [
      ...groups.map(({ name, versions }) =>
        apiGroup(
          name,
          versions.map(({ version }) => version),
        ),
      ),
      ...reviewGroups.map(({ group }) => apiGroup(group, ["v1"])),
    ],
  };
}

/** Undefined where the group isn't served. */
export function groupNamed(kinds: KindRegistry, name: string): unknown {
  const group = groupsOf(kinds).find((each) => each.name === name && name !== "");
  const versions = group?.versions.map(({ version }) => version) ?? (isReviewGroup(name) ? ["v1"] : undefined);
  return versions && { kind: "APIGroup", apiVersion: "v1", ...apiGroup(name, versions) };
}

function apiGroup(name: string, names: readonly string[]) {
  const versions = names.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions, preferredVersion: versions[0] };
}

/** Undefined where the group and version aren't served. */
export function resourceList(kinds: KindRegistry, group: string, version: string): unknown {
  const served = groupsOf(kinds)
    .find((each) => each.name === group)
    ?.versions.find((each) => each.version === version)?.kinds;
  const review = reviewGroups.find((each) => each.group === group && version === "v1");
  if (served === undefined && review === undefined) return undefined;
  const resources = (served ?? []).flatMap((definition) => [
    {
      name: definition.plural,
      singularName: definition.singular,
      namespaced: definition.namespaced,
      kind: definition.kind,
      verbs,
      ...(definition.shortNames ? { shortNames: definition.shortNames } : {}),
      ...(definition.categories ? { categories: definition.categories } : {}),
    },
    ...subresourcesOf(definition, version).map((subresource) => ({
      name: `${definition.plural}/${subresource.name}`,
      singularName: "",
      namespaced: definition.namespaced,
      ...subresource.kind,
      verbs: subresource.verbs,
    })),
  ]);
  const reviews = (review?.kinds ?? []).map(({ plural, kind }) => ({
    name: plural,
    singularName: kind.toLowerCase(),
    namespaced: false,
    kind,
    verbs: ["create"],
  }));
  return {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: group === "" ? version : `${group}/${version}`,
    resources: [...resources, ...reviews],
  };
}

const isReviewGroup = (name: string): boolean => reviewGroups.some(({ group }) => group === name);

/** `api/v1`, `apis/apps/v1`: each group version that has an OpenAPI document. */
export function openapiPlaces(kinds: KindRegistry): ReadonlySet<string> {
  const places = new Set<string>();
  for (const definition of kinds.all()) {
    for (const version of definition.versions) {
      places.add(definition.group === "" ? `api/${version}` : `apis/${groupVersion(definition, version)}`);
    }
  }
  return places;
}
