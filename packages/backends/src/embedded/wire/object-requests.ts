import {
  ApiFault,
  type KindDefinition,
  type Patch,
  type Pod,
  type Resource,
  type Subresource,
  type WriteOptions,
} from "@sluice/api";
import type { ResourceKey } from "@sluice/kernel";
import type { Reply } from "./answer/reply.ts";
import { columnDefinitions, columnsOf, metadataOf, row } from "./answer/table.ts";
import type { Exchange } from "./exchange.ts";
import { podLogOptions, streamLog } from "./pod-logs.ts";
import { deleteOptions, isRecord, isSet, writeOptions } from "./request/request-options.ts";
import type { ResourceTarget, Target } from "./request/request-target.ts";

type ObjectTarget = Extract<Target, { is: "object" }>;

/** Answers a request about one object. Faults: ApiFault. */
export async function answerObject(exchange: Exchange, target: ObjectTarget): Promise<Reply> {
  const { subresource } = target;
  if (subresource !== undefined && !isServed(target.definition, subresource)) throw notServed(target);
  if (subresource === "log") return readLog(exchange, target);
  const part = subresource as Subresource | undefined;
  switch (exchange.method) {
    case "GET":
    case "HEAD":
      return getObject(exchange, target, part);
    case "PUT":
      return updateObject(exchange, target, part);
    case "PATCH":
      return patchObject(exchange, target, part);
    case "DELETE":
      if (part === undefined) return deleteObject(exchange, target);
  }
  throw methodNotAllowed();
}

/** Answers a create. Faults: ApiFault. */
export async function createObject(exchange: Exchange, target: ResourceTarget): Promise<Reply> {
  if (target.definition.namespaced && target.namespace === undefined) throw methodNotAllowed();
  const options = writeOptionsOf(exchange);
  const object = objectFrom(await exchange.body(), target);
  exchange.createdName = object.metadata.name;
  return shown(exchange, target, 201, await exchange.service.client.create(object, options));
}

/** The object in the form that the caller asked for. */
export function shown(exchange: Exchange, { definition }: ResourceTarget, code: number, object: Resource): Reply {
  const reply = { is: "json", code, warnings: exchange.warnings } as const;
  switch (exchange.form()) {
    case "whole":
      return { ...reply, body: object };
    case "metadata":
      return { ...reply, body: metadataOf(object) };
    case "table": {
      const columns = columnsOf(definition);
      const body = {
        kind: "Table",
        apiVersion: "meta.k8s.io/v1",
        metadata: { resourceVersion: object.metadata.resourceVersion ?? "" },
        columnDefinitions: columnDefinitions(columns),
        rows: [row(object, columns, exchange.includeObject(), exchange.service.clock.now())],
      };
      return { ...reply, body };
    }
  }
}

export const methodNotAllowed = () =>
  new ApiFault("MethodNotAllowed", "the server does not allow this method on the requested resource");

const isServed = (definition: KindDefinition, subresource: string): boolean =>
  (subresource === "status" && definition.status === true) ||
  (subresource === "scale" && definition.scale !== undefined) ||
  definition.otherSubresources?.includes(subresource) === true;

function notServed({ definition, subresource = "", name }: ObjectTarget): ApiFault {
  if (definition.plural === "pods" && ["exec", "attach", "portforward"].includes(subresource)) {
    return new ApiFault(
      "MethodNotAllowed",
      `${subresource} is not served: pod ${name} is a process of this machine; look at its logs and its address, ` +
        "or use a shell of your own",
    );
  }
  return new ApiFault("NotFound", "the server could not find the requested resource");
}

const keyFor = ({ definition, apiVersion, namespace, name }: ObjectTarget): ResourceKey => ({
  apiVersion,
  kind: definition.kind,
  ...(namespace === undefined ? {} : { namespace }),
  name,
});

async function existing(exchange: Exchange, target: ObjectTarget, subresource?: Subresource): Promise<Resource> {
  const found = await exchange.service.client.get(keyFor(target), subresource === undefined ? {} : { subresource });
  if (found !== undefined) return found;
  throw notFound(target);
}

function notFound({ definition: { group, plural }, name }: ObjectTarget): ApiFault {
  return new ApiFault("NotFound", `${group === "" ? plural : `${plural}.${group}`} "${name}" not found`);
}

async function getObject(exchange: Exchange, target: ObjectTarget, part: Subresource | undefined): Promise<Reply> {
  return shown(exchange, target, 200, await existing(exchange, target, part));
}

async function updateObject(exchange: Exchange, target: ObjectTarget, part: Subresource | undefined): Promise<Reply> {
  const options = writeOptionsOf(exchange, part);
  const body = await exchange.body();
  const { client } = exchange.service;
  if (part === "scale") {
    // A Scale doesn't say whose it is: as a patch, the path says it.
    const value = scaleChange(body, target);
    return shown(exchange, target, 200, await client.patch(keyFor(target), { type: "merge", value }, options));
  }
  const object = objectFrom(body, target);
  if (object.metadata.name !== target.name) {
    throw new ApiFault(
      "BadRequest",
      `the name of the object (${object.metadata.name}) does not match the name on the URL (${target.name})`,
    );
  }
  return shown(exchange, target, 200, await client.update(object, options));
}

function scaleChange(body: unknown, { name }: ObjectTarget): unknown {
  if (!isRecord(body) || !isRecord(body.spec)) throw new ApiFault("BadRequest", "the body is not a Scale");
  const { name: named = name, resourceVersion } = isRecord(body.metadata) ? body.metadata : {};
  if (named !== name) {
    throw new ApiFault("BadRequest", `the name of the object does not match the name on the URL (${name})`);
  }
  const replicas = body.spec.replicas ?? 0;
  return { spec: { replicas }, ...(resourceVersion ? { metadata: { resourceVersion } } : {}) };
}

async function patchObject(exchange: Exchange, target: ObjectTarget, part: Subresource | undefined): Promise<Reply> {
  const { client } = exchange.service;
  const options = writeOptionsOf(exchange, part);
  const patch = patchFrom(exchange.contentType, await exchange.body(), exchange);
  const key = keyFor(target);
  if (patch.type !== "apply") return shown(exchange, target, 200, await client.patch(key, patch, options));
  if (exchange.query.get("fieldManager") === null) {
    throw new ApiFault(
      "BadRequest",
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    );
  }
  const existed = (await client.get(key)) !== undefined;
  return shown(exchange, target, existed ? 200 : 201, await client.patch(key, patch, options));
}

function patchFrom(contentType: string, body: unknown, exchange: Exchange): Patch {
  switch (contentType) {
    case "application/json-patch+json":
      if (!Array.isArray(body)) throw new ApiFault("BadRequest", "a JSON patch is a list of operations");
      return { type: "json", operations: body };
    case "application/merge-patch+json":
      return { type: "merge", value: body };
    case "application/strategic-merge-patch+json":
      return { type: "strategic", value: body };
    case "application/apply-patch+yaml":
      return { type: "apply", value: body, force: isSet(exchange.query, "force") };
    default:
      throw new ApiFault(
        "UnsupportedMediaType",
        "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, " +
          "application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml",
      );
  }
}

async function deleteObject(exchange: Exchange, target: ObjectTarget): Promise<Reply> {
  const options = deleteOptions(exchange.query, await exchange.body());
  const last = await exchange.service.client.delete(keyFor(target), options);
  if (last === undefined) throw notFound(target);
  return shown(exchange, target, 200, last);
}

async function readLog(exchange: Exchange, target: ObjectTarget): Promise<Reply> {
  if (exchange.method !== "GET") throw methodNotAllowed();
  const { podLogs } = exchange.service;
  if (podLogs === undefined) throw new ApiFault("ServiceUnavailable", "no logs are kept here");
  const pod = (await existing(exchange, target)) as Pod;
  const options = podLogOptions(exchange.query, pod);
  return {
    is: "stream",
    run: (_, response) => streamLog(response, (signal) => podLogs.read(pod, options, signal), options.limitBytes),
  };
}

function writeOptionsOf(exchange: Exchange, subresource?: Subresource): WriteOptions {
  return {
    ...writeOptions(exchange.query, exchange.identity, exchange.request.headers["user-agent"]),
    ...(subresource === undefined ? {} : { subresource }),
    onWarning: (text) => exchange.warnings.push(text),
  };
}

/** What a body must be to be stored at the place that the URL names. Faults: BadRequest. */
function objectFrom(body: unknown, { definition, apiVersion, namespace }: ResourceTarget): Resource {
  if (!isRecord(body)) throw new ApiFault("BadRequest", `the body of the request is not a ${definition.kind}`);
  const kind = body.kind ?? definition.kind;
  const version = body.apiVersion ?? apiVersion;
  if (kind !== definition.kind || version !== apiVersion) {
    throw new ApiFault(
      "BadRequest",
      `${String(kind)} in version "${String(version)}" cannot be handled as a ${definition.kind} in version "${apiVersion}"`,
    );
  }
  if (body.metadata !== undefined && !isRecord(body.metadata)) {
    throw new ApiFault("BadRequest", "metadata: found something else, expected an object");
  }
  const metadata = body.metadata ?? {};
  const given = metadata.namespace;
  if (namespace !== undefined && given !== undefined && given !== "" && given !== namespace) {
    throw new ApiFault(
      "BadRequest",
      `the namespace of the provided object does not match the namespace sent on the request`,
    );
  }
  return {
    ...body,
    apiVersion,
    kind: definition.kind,
    metadata: { ...metadata, ...(namespace === undefined ? {} : { namespace }) },
  } as Resource;
}
