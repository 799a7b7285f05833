import { ApiFault, type Resource, type ResourceList, type WatchOptions } from "@sluice/api";
import { type Millis, seconds } from "@sluice/kernel";
import { jsonOf } from "@sluice/store";
import type { Reply } from "./answer/reply.ts";
import { columnDefinitions, columnsOf, metadataOf, row } from "./answer/table.ts";
import { streamWatch } from "./answer/watch-stream.ts";
import type { Exchange } from "./exchange.ts";
import { createObject, methodNotAllowed } from "./object-requests.ts";
import { badParameter, deleteOptions, isSet, listOptions, selectors, wholeNumber } from "./request/request-options.ts";
import type { ResourceTarget } from "./request/request-target.ts";

/** Answers a request about all objects of a kind, of one namespace or of all. Faults: ApiFault. */
export async function answerCollection(exchange: Exchange, target: ResourceTarget): Promise<Reply> {
  switch (exchange.method) {
    case "GET":
    case "HEAD":
      return isSet(exchange.query, "watch") ? watch(exchange, target) : list(exchange, target);
    case "POST":
      return createObject(exchange, target);
    case "DELETE":
      return deleteCollection(exchange, target);
    default:
      throw methodNotAllowed();
  }
}

const kindOf = ({ definition, apiVersion }: ResourceTarget) => ({ apiVersion, kind: definition.kind });

async function list(exchange: Exchange, target: ResourceTarget): Promise<Reply> {
  if (isSet(exchange.query, "sendInitialEvents")) {
    throw listOptionsInvalid("sendInitialEvents", "sendInitialEvents is forbidden for list");
  }
  const form = exchange.form();
  const options = listOptions(exchange.query, target.namespace);
  const found = await exchange.service.client.list(kindOf(target), options);
  requireVersion(exchange.query, found.resourceVersion, options.continue !== undefined);
  const metadata = {
    resourceVersion: found.resourceVersion,
    ...(found.continue === undefined ? {} : { continue: found.continue }),
    ...(found.remainingItemCount === undefined ? {} : { remainingItemCount: found.remainingItemCount }),
  };
  switch (form) {
    case "whole":
      return { is: "text", code: 200, contentType: "application/json", text: listText(target, metadata, found.items) };
    case "metadata": {
      const items = found.items.map(metadataOf);
      const body = { kind: "PartialObjectMetadataList", apiVersion: "meta.k8s.io/v1", metadata, items };
      return { is: "json", code: 200, body };
    }
    case "table": {
      const columns = columnsOf(target.definition);
      const include = exchange.includeObject();
      const now = exchange.service.clock.now();
      const body = {
        kind: "Table",
        apiVersion: "meta.k8s.io/v1",
        metadata,
        columnDefinitions: columnDefinitions(columns),
        rows: found.items.map((item) => row(item, columns, include, now)),
      };
      return { is: "json", code: 200, body };
    }
  }
}

/** Joined from the items' own texts, which a watch may have made already. */
function listText({ definition, apiVersion }: ResourceTarget, metadata: object, items: readonly Resource[]): string {
  const head = JSON.stringify({ kind: `${definition.kind}List`, apiVersion, metadata });
  return `${head.slice(0, -1)},"items":[${items.map(jsonOf).join(",")}]}`;
}

/**
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions: a list is always the newest,
 * so `Exact` asks for what is there only while nothing has been written since.
 */
function requireVersion(query: URLSearchParams, current: string, isNextPage: boolean): void {
  const match = query.get("resourceVersionMatch") ?? "";
  const asked = query.get("resourceVersion") ?? "";
  if (match !== "" && match !== "Exact" && match !== "NotOlderThan") {
    throw listOptionsInvalid("resourceVersionMatch", `Unsupported value: expected Exact or NotOlderThan`);
  }
  if (match !== "" && asked === "") {
    throw listOptionsInvalid(
      "resourceVersionMatch",
      "resourceVersionMatch is forbidden unless resourceVersion is provided",
    );
  }
  if (asked === "" || asked === "0" || isNextPage) return;
  if (!/^\d+$/.test(asked)) throw badParameter("resourceVersion", "one that the API gave");
  if (match === "Exact" && asked !== current) {
    throw new ApiFault("Expired", "The resourceVersion for the provided list is too old.");
  }
  if (Number(asked) > Number(current)) {
    throw new ApiFault("Timeout", `Too large resource version: ${asked}, current: ${current}`);
  }
}

function watch(exchange: Exchange, target: ResourceTarget): Reply {
  const { client, clock, limits } = exchange.service;
  const options = watchOptions(exchange.query, target.namespace);
  const form = exchange.form();
  const include = exchange.includeObject();
  const timeout = wholeNumber(exchange.query, "timeoutSeconds");
  const duration = (timeout === undefined || timeout === 0 ? limits.watchDuration : seconds(timeout)) as Millis;
  const { definition, apiVersion } = target;
  const opened = client.watch(kindOf(target), options);
  return {
    is: "stream",
    run: (_, response) =>
      streamWatch(response, {
        watch: opened,
        definition,
        apiVersion,
        form,
        include,
        clock,
        duration,
        stall: limits.watchStall,
      }),
  };
}

function watchOptions(query: URLSearchParams, namespace: string | undefined): WatchOptions {
  const resourceVersion = query.get("resourceVersion") ?? "";
  if (!/^\d*$/.test(resourceVersion)) throw badParameter("resourceVersion", "one that the API gave");
  const sendInitialEvents = query.get("sendInitialEvents");
  const match = query.get("resourceVersionMatch") ?? "";
  if (sendInitialEvents !== null && match !== "NotOlderThan") {
    throw listOptionsInvalid(
      "resourceVersionMatch",
      "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
    );
  }
  if (sendInitialEvents === null && match !== "") {
    throw listOptionsInvalid(
      "resourceVersionMatch",
      "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
    );
  }
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...selectors(query),
    ...(resourceVersion === "" ? {} : { resourceVersion }),
    ...(isSet(query, "sendInitialEvents") ? { sendInitialEvents: true } : {}),
    ...(isSet(query, "allowWatchBookmarks") ? { allowBookmarks: true } : {}),
  };
}

async function deleteCollection(exchange: Exchange, target: ResourceTarget): Promise<Reply> {
  const options = {
    ...listOptions(exchange.query, target.namespace),
    ...deleteOptions(exchange.query, await exchange.body()),
  };
  const gone: ResourceList = await exchange.service.client.deleteAll(kindOf(target), options);
  const text = listText(target, { resourceVersion: gone.resourceVersion }, gone.items);
  return { is: "text", code: 200, contentType: "application/json", text };
}

const listOptionsInvalid = (path: string, message: string): ApiFault =>
  new ApiFault("Invalid", `ListOptions.meta.k8s.io "" is invalid: ${path}: Forbidden: ${message}`, {
    violations: [{ path, found: path, expected: message, reason: "FieldValueForbidden" }],
  });
