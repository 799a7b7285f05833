import { ApiFault, type DeleteOptions, type ListOptions, type Schema, type WriteOptions } from "@sluice/api";
import type { Identity } from "../credentials.ts";

/** What the query of a request says. Faults: BadRequest, naming the parameter. */
export function listOptions(query: URLSearchParams, namespace: string | undefined): ListOptions {
  const limit = wholeNumber(query, "limit");
  const token = query.get("continue");
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...selectors(query),
    ...(limit === undefined || limit === 0 ? {} : { limit }),
    ...(token === null || token === "" ? {} : { continue: token }),
  };
}

export function selectors(query: URLSearchParams): { labelSelector?: string; fieldSelector?: string } {
  const labelSelector = query.get("labelSelector");
  const fieldSelector = query.get("fieldSelector");
  return {
    ...(labelSelector === null || labelSelector === "" ? {} : { labelSelector }),
    ...(fieldSelector === null || fieldSelector === "" ? {} : { fieldSelector }),
  };
}

export function writeOptions(
  query: URLSearchParams,
  identity: Identity,
  userAgent: string | undefined,
): WriteOptions & { readonly fieldManager: string; readonly fieldValidation: "Strict" | "Warn" | "Ignore" } {
  // Kubernetes' own rule for writers that don't name themselves: the program's name.
  const program = userAgent?.split("/", 1)[0]?.slice(0, 128);
  const fieldManager = query.get("fieldManager") || program || identity.name;
  if (fieldManager.length > 128) throw badParameter("fieldManager", "at most 128 characters");
  return {
    fieldManager,
    fieldValidation: fieldValidation(query.get("fieldValidation")),
    ...(isDryRun(query.getAll("dryRun")) ? { dryRun: true } : {}),
  };
}

function fieldValidation(text: string | null): "Strict" | "Warn" | "Ignore" {
  // Kubernetes' default for requests that don't say.
  if (text === null || text === "") return "Warn";
  if (text === "Strict" || text === "Warn" || text === "Ignore") return text;
  throw badParameter("fieldValidation", "Strict, Warn or Ignore");
}

export function isDryRun(values: readonly string[]): boolean {
  if (values.some((value) => value !== "All")) throw badParameter("dryRun", "All");
  return values.length > 0;
}

const text: Schema = { type: "string" };
/** https://github.com/kubernetes/apimachinery/blob/master/pkg/apis/meta/v1/generated.proto */
export const deleteOptionsSchema: Schema = {
  type: "object",
  properties: {
    gracePeriodSeconds: { type: "integer", "x-sluice-proto": 1 },
    preconditions: {
      type: "object",
      properties: {
        uid: { ...text, "x-sluice-proto": 1 },
        resourceVersion: { ...text, "x-sluice-proto": 2 },
      },
      "x-sluice-proto": 2,
    },
    orphanDependents: { type: "boolean", "x-sluice-proto": 3 },
    propagationPolicy: { ...text, "x-sluice-proto": 4 },
    dryRun: { type: "array", items: text, "x-sluice-proto": 5 },
  },
};

/** The body's words win over the query's, as in Kubernetes. */
export function deleteOptions(query: URLSearchParams, body: unknown): DeleteOptions {
  if (body !== undefined && !isRecord(body)) throw new ApiFault("BadRequest", "the body is not DeleteOptions");
  const given = body ?? {};
  const grace = given.gracePeriodSeconds ?? wholeNumber(query, "gracePeriodSeconds");
  if (grace !== undefined && grace !== null && !(Number.isInteger(grace) && Number(grace) >= 0)) {
    throw badParameter("gracePeriodSeconds", "a whole number of seconds, 0 or more");
  }
  const orphan = given.orphanDependents ?? (query.get("orphanDependents") === "true" ? true : undefined);
  const policy = given.propagationPolicy ?? query.get("propagationPolicy") ?? (orphan === true ? "Orphan" : undefined);
  const dryRun = [...query.getAll("dryRun"), ...(Array.isArray(given.dryRun) ? given.dryRun.map(String) : [])];
  return {
    ...(isRecord(given.preconditions) ? { preconditions: preconditions(given.preconditions) } : {}),
    ...(policy === undefined || policy === "" ? {} : { propagationPolicy: propagation(policy) }),
    ...(typeof grace === "number" ? { gracePeriodSeconds: grace } : {}),
    ...(isDryRun(dryRun) ? { dryRun: true } : {}),
  };
}

function preconditions({ uid, resourceVersion }: Record<string, unknown>) {
  return {
    ...(typeof uid === "string" ? { uid } : {}),
    ...(typeof resourceVersion === "string" ? { resourceVersion } : {}),
  };
}

function propagation(policy: unknown): "Background" | "Foreground" | "Orphan" {
  if (policy === "Background" || policy === "Foreground" || policy === "Orphan") return policy;
  throw badParameter("propagationPolicy", "Background, Foreground or Orphan");
}

/** Undefined where the parameter is absent. */
export function wholeNumber(query: URLSearchParams, name: string): number | undefined {
  const given = query.get(name);
  if (given === null || given === "") return undefined;
  if (!/^\d{1,15}$/.test(given)) throw badParameter(name, "a whole number, 0 or more");
  return Number(given);
}

/** As Go's ParseBool takes them. */
export function isSet(query: URLSearchParams, name: string): boolean {
  const given = query.get(name);
  if (given === null || ["", "0", "f", "F", "false", "False", "FALSE"].includes(given)) return false;
  if (["1", "t", "T", "true", "True", "TRUE"].includes(given)) return true;
  throw badParameter(name, "true or false");
}

export const badParameter = (name: string, expected: string): ApiFault =>
  new ApiFault("BadRequest", `invalid query parameter ${name}: expected ${expected}`);

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
