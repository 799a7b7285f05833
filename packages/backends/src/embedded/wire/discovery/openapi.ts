import { createHash } from "node:crypto";
import type { KindDefinition, KindRegistry, Schema } from "@sluice/api";
import type { Reply } from "../answer/reply.ts";
import { openapiPlaces } from "./discovery.ts";

/** A document with the hash of its text: the same hash, the same document. */
export interface OpenapiDocument {
  readonly text: string;
  readonly hash: string;
}

/** Writes OpenAPI v3 from the kinds' schemas; a kind that comes or changes at run time changes its group version's text. */
export class OpenapiDocuments {
  readonly #kinds: KindRegistry;
  readonly #kept = new Map<string, { readonly kinds: readonly KindDefinition[]; readonly document: OpenapiDocument }>();

  constructor(kinds: KindRegistry) {
    this.#kinds = kinds;
  }

  /** What `/openapi/v3` answers. */
  index(): unknown {
    const paths: Record<string, { serverRelativeURL: string }> = {};
    for (const place of openapiPlaces(this.#kinds)) {
      const [prefix, first = "", second] = place.split("/");
      const document = prefix === "api" ? this.document("", first) : this.document(first, second ?? "");
      paths[place] = { serverRelativeURL: `/openapi/v3/${place}?hash=${document?.hash ?? ""}` };
    }
    return { paths };
  }

  /** Undefined where nothing of this group version is served. */
  document(group: string, version: string): OpenapiDocument | undefined {
    const kinds = this.#kinds.all().filter((kind) => kind.group === group && kind.versions.includes(version));
    if (kinds.length === 0) return undefined;
    const place = `${group}/${version}`;
    const kept = this.#kept.get(place);
    if (kept !== undefined && kept.kinds.length === kinds.length && kept.kinds.every((kind, i) => kind === kinds[i])) {
      return kept.document;
    }
    const text = JSON.stringify(documentOf(kinds, group, version));
    const hash = createHash("sha512").update(text).digest("hex").slice(0, 64).toUpperCase();
    const document = { text, hash };
    this.#kept.set(place, { kinds, document });
    return document;
  }
}

/**
 * kubectl asks version 2 about a kind that version 3 doesn't know, and takes 404 for a broken server. It holds nothing,
 * so kubectl goes on to say which kind is missing. Kubernetes' clients read it as protobuf: here `swagger` (field 1)
 * and `info` (field 2) of https://github.com/google/gnostic-models/blob/main/openapiv2/OpenAPIv2.proto.
 */
export function openapiV2(accept: string | undefined): Reply {
  // Asked for with an @, which no media type may have, and so answered without.
  if (accept !== undefined && /proto-openapi\.spec\.v2[@.]v1\.0\+protobuf/.test(accept)) {
    const contentType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
    return { is: "text", code: 200, contentType, text: "\n\x032.0\x12\x0c\n\x06Sluice\x12\x02v1" };
  }
  const info = { title: "Sluice", version: "v1" };
  return { is: "json", code: 200, body: { swagger: "2.0", info, paths: {}, definitions: {} } };
}

interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

const metaPrefix = "io.k8s.apimachinery.pkg.apis.meta.v1";
const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` });

function documentOf(kinds: readonly KindDefinition[], group: string, version: string): unknown {
  const schemas: Record<string, unknown> = { ...metaSchemas };
  const paths: Record<string, unknown> = {};
  for (const definition of kinds) {
    const gvk = { group, version, kind: definition.kind };
    const name = `${[...group.split(".").reverse(), version].filter((part) => part !== "").join(".")}.${definition.kind}`;
    schemas[name] = kindSchema(definition, gvk);
    schemas[`${name}List`] = listSchema(name, gvk);
    Object.assign(paths, pathsOf(definition, gvk, name));
  }
  return { openapi: "3.0.0", info: { title: "Sluice", version: "v1" }, paths, components: { schemas } };
}

const identityFields = {
  apiVersion: { type: "string", description: "The group and version of the schema of this object." },
  kind: { type: "string", description: "The kind of this object, in CamelCase." },
};

function kindSchema({ schema, kind }: KindDefinition, gvk: GroupVersionKind): unknown {
  const { metadata: _, apiVersion: _1, kind: _2, ...properties } = schema.properties ?? {};
  const written = openapiSchema({ ...schema, properties }) as { properties?: Record<string, unknown> };
  return {
    ...written,
    type: "object",
    description: schema.description ?? `A ${kind}.`,
    properties: {
      ...identityFields,
      metadata: {
        description: "Name, namespace, labels and the rest.",
        allOf: [reference(`${metaPrefix}.ObjectMeta`)],
        default: {},
      },
      ...written.properties,
    },
    "x-kubernetes-group-version-kind": [gvk],
  };
}

const listSchema = (name: string, gvk: GroupVersionKind) => ({
  type: "object",
  description: `A list of ${gvk.kind}.`,
  required: ["items"],
  properties: {
    ...identityFields,
    metadata: { allOf: [reference(`${metaPrefix}.ListMeta`)], default: {} },
    items: { type: "array", items: { allOf: [reference(name)], default: {} } },
  },
  "x-kubernetes-group-version-kind": [{ ...gvk, kind: `${gvk.kind}List` }],
});

/** Our own extensions are nobody else's business; everything else is OpenAPI as it stands. */
function openapiSchema(schema: Schema): unknown {
  const written: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key.startsWith("x-sluice-") || key === "x-kubernetes-validations") continue;
    written[key] = value;
  }
  // As Kubernetes publishes them: without a type, explain would call them objects.
  if (schema["x-kubernetes-int-or-string"]) written.type = "string";
  if (schema.properties) {
    written.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([name, property]) => [name, openapiSchema(property)]),
    );
  }
  if (schema.items) written.items = openapiSchema(schema.items);
  if (typeof schema.additionalProperties === "object") {
    written.additionalProperties = openapiSchema(schema.additionalProperties);
  }
  return written;
}

const query = (name: string, description: string, type = "string") => ({
  name,
  in: "query",
  description,
  schema: { type, uniqueItems: true },
});
const writeParameters = [
  query("dryRun", "`All`: everything is checked and nothing is written."),
  query("fieldManager", "Who owns the fields that this request sets."),
  query("fieldValidation", "`Ignore`, `Warn` or `Strict`: what unknown and doubled fields do."),
];
const patchTypes = ["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json"];
/** kubectl sends strategic merge patches to the kinds that name it here, and to no other. */
const strategicPatch = "application/strategic-merge-patch+json";

function pathsOf(definition: KindDefinition, gvk: GroupVersionKind, name: string): Record<string, unknown> {
  const base = gvk.group === "" ? `/api/${gvk.version}` : `/apis/${gvk.group}/${gvk.version}`;
  const collection = `${base}/${definition.namespaced ? "namespaces/{namespace}/" : ""}${definition.plural}`;
  const operation = (action: string, answer: string, more: object = {}) => ({
    responses: {
      200: { description: "OK", content: { "application/json": { schema: reference(answer) } } },
    },
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": gvk,
    ...more,
  });
  const body = { content: { "application/json": { schema: reference(name) } } };
  const accepted = definition.strategicMerge ? [...patchTypes, strategicPatch] : patchTypes;
  const patches = Object.fromEntries(accepted.map((type) => [type, { schema: { type: "object" } }]));
  return {
    [collection]: {
      get: operation("list", `${name}List`),
      post: operation("post", name, { parameters: writeParameters, requestBody: body }),
    },
    [`${collection}/{name}`]: {
      get: operation("get", name),
      put: operation("put", name, { parameters: writeParameters, requestBody: body }),
      patch: operation("patch", name, {
        parameters: [...writeParameters, query("force", "Take over fields that others own.", "boolean")],
        requestBody: { content: patches },
      }),
      delete: operation("delete", name),
    },
  };
}

const text = (description: string) => ({ type: "string", description });
const textMap = (description: string) => ({ type: "object", description, additionalProperties: { type: "string" } });

const metaSchemas = {
  [`${metaPrefix}.ListMeta`]: {
    type: "object",
    description: "What a list says of itself.",
    properties: {
      resourceVersion: text("The version of the whole list; a watch from here misses nothing."),
      continue: text("Set where there is more: pass it to get the next page of the same snapshot."),
      remainingItemCount: { type: "integer", format: "int64", description: "How many items are left." },
    },
  },
  [`${metaPrefix}.ObjectMeta`]: {
    type: "object",
    description: "What every stored object has.",
    properties: {
      name: text("Unique among the objects of its kind in its namespace. Cannot be changed."),
      generateName: text("A prefix; the server completes it to a name that is free."),
      namespace: text("The space within which the name is unique."),
      uid: text("Unique in time and space; set by the server."),
      resourceVersion: text("The version of this object; a write that names a stale one is refused."),
      generation: { type: "integer", format: "int64", description: "Counts the changes of the desired state." },
      creationTimestamp: { type: "string", format: "date-time", description: "When it was made; set by the server." },
      deletionTimestamp: { type: "string", format: "date-time", description: "When it was asked to go." },
      deletionGracePeriodSeconds: { type: "integer", format: "int64", description: "How long it has to go." },
      labels: textMap("Keys and values to select by."),
      annotations: textMap("Keys and values that nothing selects by."),
      finalizers: {
        type: "array",
        description: "What must be done before it is gone.",
        items: { type: "string", default: "" },
        "x-kubernetes-list-type": "set",
        "x-kubernetes-patch-strategy": "merge",
      },
      ownerReferences: {
        type: "array",
        description: "What it belongs to: it goes when they all are gone.",
        items: {
          type: "object",
          required: ["apiVersion", "kind", "name", "uid"],
          properties: {
            apiVersion: text("The owner's group and version."),
            kind: text("The owner's kind."),
            name: text("The owner's name."),
            uid: text("The owner's uid."),
            controller: { type: "boolean", description: "This owner manages it." },
            blockOwnerDeletion: { type: "boolean", description: "The owner waits for it when it goes." },
          },
          "x-kubernetes-map-type": "atomic",
        },
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["uid"],
        "x-kubernetes-patch-merge-key": "uid",
        "x-kubernetes-patch-strategy": "merge",
      },
      managedFields: {
        type: "array",
        description: "Who owns which field.",
        items: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
        "x-kubernetes-list-type": "atomic",
      },
    },
  },
};
