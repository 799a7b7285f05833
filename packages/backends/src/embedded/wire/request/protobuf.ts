import { ApiFault, type Schema } from "@sluice/api";
import { formatInstant, instant } from "@sluice/kernel";
import { fieldsOf, type RawField, varintsOf } from "./protobuf-reader.ts";

type Message = Record<string, unknown>;

/** What Kubernetes' protobuf envelope holds: https://github.com/kubernetes/apimachinery/blob/master/pkg/runtime/generated.proto */
export interface Envelope {
  readonly apiVersion: string;
  readonly kind: string;
  readonly raw: Uint8Array;
}

const magic = Uint8Array.of(0x6b, 0x38, 0x73, 0);

/** Faults: BadRequest. */
export function openEnvelope(body: Uint8Array): Envelope {
  if (body.length < 4 || magic.some((byte, index) => body[index] !== byte)) {
    throw new ApiFault("BadRequest", "the body is not Kubernetes protobuf: it doesn't begin with k8s\\0");
  }
  let apiVersion = "";
  let kind = "";
  let raw: Uint8Array = new Uint8Array();
  for (const field of fieldsOf(body.subarray(4))) {
    if (field.number === 1 && field.is === "bytes") {
      for (const inner of fieldsOf(field.value)) {
        if (inner.number === 1) apiVersion = textOf(inner);
        if (inner.number === 2) kind = textOf(inner);
      }
    }
    if (field.number === 2 && field.is === "bytes") raw = field.value;
    // 3 is contentEncoding, 4 contentType: both empty in requests.
  }
  return { apiVersion, kind, raw };
}

/**
 * Decodes a message by the numbers in its schema (`x-sluice-proto`).
 * Faults: BadRequest for what isn't protobuf, and for a field with a value that the schema has no number for.
 */
export function decodeMessage(schema: Schema, data: Uint8Array, path: string): Message {
  const table = tableOf(schema);
  const message: Message = {};
  for (const field of fieldsOf(data)) assign(message, table, field, path);
  return message;
}

interface Field {
  readonly name: string;
  readonly schema: Schema;
}

/** Fields by number; an embedded struct is a table of its own. */
interface Table {
  readonly fields: Map<number, Field>;
  readonly embedded: Map<number, Table>;
}

const tables = new WeakMap<Schema, Table>();

function tableOf(schema: Schema): Table {
  const known = tables.get(schema);
  if (known !== undefined) return known;
  const table: Table = { fields: new Map(), embedded: new Map() };
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const number = field["x-sluice-proto"];
    const within = field["x-sluice-proto-within"];
    if (number === undefined) continue;
    if (within === undefined) {
      table.fields.set(number, { name, schema: field });
      continue;
    }
    const inner = table.embedded.get(within) ?? { fields: new Map(), embedded: new Map() };
    table.embedded.set(within, inner);
    inner.fields.set(number, { name, schema: field });
  }
  tables.set(schema, table);
  return table;
}

function assign(message: Message, table: Table, raw: RawField, path: string): void {
  const embedded = table.embedded.get(raw.number);
  if (embedded !== undefined && raw.is === "bytes") {
    for (const inner of fieldsOf(raw.value)) assign(message, embedded, inner, path);
    return;
  }
  const field = table.fields.get(raw.number);
  if (field === undefined) {
    if (isEmpty(raw)) return; // Go writes every field that is no pointer, so an empty one says nothing.
    throw new ApiFault("BadRequest", `${path}: protobuf field ${raw.number} is not known here; send JSON instead`);
  }
  const { name, schema } = field;
  const place = path === "" ? name : `${path}.${name}`;
  if (schema.type === "array") {
    message[name] ??= [];
    const items = message[name] as unknown[];
    items.push(...itemsOf(schema.items ?? {}, raw, `${place}[${items.length}]`));
    return;
  }
  if (schema.type === "object" && typeof schema.additionalProperties === "object") {
    const [key, value] = entryOf(schema.additionalProperties, raw, place);
    if (key === "__proto__") throw new ApiFault("BadRequest", `${place}: the key __proto__ is not allowed`);
    message[name] ??= {};
    (message[name] as Message)[key] = value;
    return;
  }
  const value = decodeValue(schema, raw, place);
  if (value === undefined || (isZero(value) && !optional.has(name))) return;
  message[name] = value;
}

/**
 * Go writes a zero for each field that is no pointer, and JSON leaves it out. In the fields that are pointers
 * a zero was meant: these, by their names, of all the kinds that come as protobuf.
 */
const optional = new Set([
  ...["replicas", "revisionHistoryLimit", "progressDeadlineSeconds", "partition", "backoffLimit", "parallelism"],
  ...["completions", "ttlSecondsAfterFinished", "suspend", "gracePeriodSeconds", "orphanDependents"],
  ...["terminationGracePeriodSeconds", "activeDeadlineSeconds", "deletionGracePeriodSeconds", "priority"],
  ...["tolerationSeconds", "expirationSeconds", "defaultMode", "mode", "runAsUser", "runAsGroup", "fsGroup"],
  ...["runAsNonRoot", "privileged", "readOnlyRootFilesystem", "allowPrivilegeEscalation", "hostUsers"],
  ...["automountServiceAccountToken", "enableServiceLinks", "shareProcessNamespace", "setHostnameAsFQDN"],
  ...["optional", "immutable", "controller", "blockOwnerDeletion", "allocateLoadBalancerNodePorts", "started"],
  ...["ready", "serving", "terminating"],
]);

const isZero = (value: unknown): boolean => value === 0 || value === "" || value === false;

function itemsOf(items: Schema, raw: RawField, path: string): unknown[] {
  if (raw.is === "bytes" && items.type === "integer") return [...varintsOf(raw.value)].map(toInteger);
  return [decodeValue(items, raw, path)];
}

function entryOf(values: Schema, raw: RawField, path: string): [string, unknown] {
  let key = "";
  let value: unknown;
  for (const field of fieldsOf(bytesOf(raw))) {
    if (field.number === 1) key = textOf(field);
    if (field.number === 2) value = decodeValue(values, field, path);
  }
  return [key, value ?? (values.type === "string" ? "" : {})];
}

function decodeValue(schema: Schema, raw: RawField, path: string): unknown {
  if (schema.format === "quantity") return textOf([...fieldsOf(bytesOf(raw))][0]);
  if (schema["x-kubernetes-int-or-string"]) return intOrString(bytesOf(raw));
  if (schema.format === "date-time") return time(bytesOf(raw));
  switch (schema.type) {
    case "string":
      if (schema.format === "byte") return Buffer.from(bytesOf(raw)).toString("base64");
      return textOf(raw);
    case "integer":
      return toInteger(varintOf(raw));
    case "boolean":
      return varintOf(raw) !== 0n;
    case "number":
      return float(raw);
    default:
      if (schema.properties === undefined) return rawJson(bytesOf(raw), path);
      return decodeMessage(schema, bytesOf(raw), path);
  }
}

/** RawExtension and FieldsV1: field 1 holds JSON. */
function rawJson(data: Uint8Array, path: string): unknown {
  for (const field of fieldsOf(data)) {
    if (field.number !== 1 || field.is !== "bytes" || field.value.length === 0) continue;
    try {
      return JSON.parse(Buffer.from(field.value).toString("utf8"));
    } catch (cause) {
      throw new ApiFault("BadRequest", `${path}: what should be JSON is not`, { cause });
    }
  }
  return {};
}

/** Time and MicroTime: 1 seconds, 2 nanoseconds. Go's zero time is no time. */
function time(data: Uint8Array): string | undefined {
  let seconds: number | undefined;
  let nanos = 0;
  for (const field of fieldsOf(data)) {
    if (field.number === 1) seconds = toInteger(varintOf(field));
    if (field.number === 2) nanos = toInteger(varintOf(field));
  }
  if (seconds === undefined || seconds === -62_135_596_800) return undefined;
  const text = formatInstant(instant(seconds * 1000));
  return nanos === 0 ? text : text.replace("Z", `.${String(Math.floor(nanos / 1000)).padStart(6, "0")}Z`);
}

/** 1 which of both, 2 the number, 3 the text. */
function intOrString(data: Uint8Array): number | string {
  let isText = false;
  let number = 0;
  let text = "";
  for (const field of fieldsOf(data)) {
    if (field.number === 1) isText = varintOf(field) === 1n;
    if (field.number === 2) number = toInteger(BigInt.asIntN(64, varintOf(field)));
    if (field.number === 3) text = textOf(field);
  }
  return isText ? text : number;
}

function float(raw: RawField): number {
  if (raw.is !== "fixed") throw mismatch(raw.number);
  const view = new DataView(raw.value.buffer, raw.value.byteOffset, raw.value.length);
  return raw.value.length === 8 ? view.getFloat64(0, true) : view.getFloat32(0, true);
}

const toInteger = (value: bigint): number => Number(BigInt.asIntN(64, value));

/** Zero, nothing, or a message of nothing but that. */
function isEmpty(raw: RawField): boolean {
  if (raw.is === "varint") return raw.value === 0n;
  if (raw.is === "fixed") return raw.value.every((byte) => byte === 0);
  try {
    return [...fieldsOf(raw.value)].every(isEmpty);
  } catch {
    return false; // A text, then.
  }
}

function textOf(raw: RawField | undefined): string {
  return raw === undefined ? "" : Buffer.from(bytesOf(raw)).toString("utf8");
}

function bytesOf(raw: RawField): Uint8Array {
  if (raw.is !== "bytes") throw mismatch(raw.number);
  return raw.value;
}

function varintOf(raw: RawField): bigint {
  if (raw.is !== "varint") throw mismatch(raw.number);
  return raw.value;
}

const mismatch = (number: number) =>
  new ApiFault("BadRequest", `protobuf field ${number} has another wire type than its kind has`);
