import { ApiFault } from "@sluice/api";
import { sameJson } from "@sluice/kernel";
import { badRequest } from "../refusals.ts";
import { checkKey, isRecord } from "./record.ts";

/**
 * RFC 6902. The input is not changed. Faults: BadRequest for what is no JSON patch,
 * Invalid for a test that fails or a path that isn't there.
 */
export function jsonPatch(document: unknown, operations: readonly unknown[]): unknown {
  return operations.reduce((patched, operation, index) => applyOne(patched, operation, index), document);
}

function applyOne(document: unknown, operation: unknown, index: number): unknown {
  if (!isRecord(operation)) throw malformed(index, "expected an object with op and path");
  const { op, path, from } = operation;
  if (typeof path !== "string") throw malformed(index, "path is missing");
  const to = parsePointer(path, index);
  switch (op) {
    case "add":
    case "replace":
    case "test":
      if (!Object.hasOwn(operation, "value")) throw malformed(index, `${op} needs a value`);
      if (op === "add") return add(document, to, operation.value, path);
      if (op === "replace") return replaceAt(document, to, operation.value, path);
      if (!sameJson(read(document, to, path), operation.value)) {
        throw refused(`testing value ${path} failed`, path, "another value", "the value that the test names");
      }
      return document;
    case "remove":
      return removeAt(document, to, path);
    case "move":
    case "copy": {
      if (typeof from !== "string") throw malformed(index, `${op} needs from`);
      const source = parsePointer(from, index);
      if (op === "move" && path.startsWith(`${from}/`)) throw malformed(index, "a value can't be moved into itself");
      const value = read(document, source, from);
      return add(op === "move" ? removeAt(document, source, from) : document, to, value, path);
    }
    default:
      throw malformed(index, `op is ${JSON.stringify(op)}, expected add, remove, replace, move, copy or test`);
  }
}

function parsePointer(pointer: string, index: number): readonly string[] {
  if (pointer === "") return [];
  if (!pointer.startsWith("/")) throw malformed(index, `"${pointer}" is no JSON pointer: it begins with "/"`);
  return pointer
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function read(document: unknown, path: readonly string[], pointer: string): unknown {
  let value = document;
  for (const part of path) value = child(value, part, pointer);
  return value;
}

function child(parent: unknown, part: string, pointer: string): unknown {
  if (Array.isArray(parent)) return parent[position(part, parent.length - 1, pointer)];
  if (isRecord(parent) && Object.hasOwn(parent, part)) return parent[part];
  throw missing(pointer);
}

/** Rebuilds the way down to the parent of the last part; `change` makes the new parent. */
function rebuild(
  document: unknown,
  path: readonly string[],
  pointer: string,
  change: (parent: unknown, last: string) => unknown,
): unknown {
  const [part = "", ...rest] = path;
  if (rest.length === 0) return change(document, part);
  const changed = rebuild(child(document, part, pointer), rest, pointer, change);
  if (Array.isArray(document)) return document.with(Number(part), changed);
  return { ...(document as object), [checkKey(part)]: changed };
}

function add(document: unknown, path: readonly string[], value: unknown, pointer: string): unknown {
  if (path.length === 0) return value;
  return rebuild(document, path, pointer, (parent, last) => {
    if (Array.isArray(parent)) {
      return parent.toSpliced(last === "-" ? parent.length : position(last, parent.length, pointer), 0, value);
    }
    if (!isRecord(parent)) throw missing(pointer);
    return { ...parent, [checkKey(last)]: value };
  });
}

function replaceAt(document: unknown, path: readonly string[], value: unknown, pointer: string): unknown {
  if (path.length === 0) return value;
  return rebuild(document, path, pointer, (parent, last) => {
    child(parent, last, pointer);
    return Array.isArray(parent)
      ? parent.with(Number(last), value)
      : { ...(parent as object), [checkKey(last)]: value };
  });
}

function removeAt(document: unknown, path: readonly string[], pointer: string): unknown {
  if (path.length === 0) return null;
  return rebuild(document, path, pointer, (parent, last) => {
    child(parent, last, pointer);
    if (Array.isArray(parent)) return parent.toSpliced(Number(last), 1);
    const { [last]: _, ...rest } = parent as Record<string, unknown>;
    return rest;
  });
}

function position(part: string, most: number, pointer: string): number {
  if (!/^(0|[1-9]\d*)$/.test(part) || Number(part) > most) throw missing(pointer);
  return Number(part);
}

const malformed = (index: number, why: string) =>
  badRequest(`the JSON patch can't be read: operation ${index}: ${why}`);

const missing = (pointer: string) =>
  refused(`path ${pointer} is missing`, pointer, "nothing at this path", "a path that exists in the object");

function refused(what: string, path: string, found: string, expected: string): ApiFault {
  return new ApiFault("Invalid", `the server rejected our request due to an error in our request: ${what}`, {
    violations: [{ path, found, expected, reason: "FieldValueInvalid" }],
  });
}
