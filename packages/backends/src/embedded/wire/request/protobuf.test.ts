import type { Schema } from "@sluice/api";
import { expect, test } from "vitest";
import { decodeMessage, openEnvelope } from "./protobuf.ts";

/** A protobuf writer of its own, so that reader and writer can't share a mistake. */
const varint = (value: bigint): number[] => {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest > 127n) {
    out.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return [...out, Number(rest)];
};
const bytes = (number: number, data: readonly number[] | string): number[] => {
  const content = typeof data === "string" ? [...Buffer.from(data)] : data;
  return [...varint(BigInt((number << 3) | 2)), ...varint(BigInt(content.length)), ...content];
};
const int = (number: number, value: number): number[] => [...varint(BigInt(number << 3)), ...varint(BigInt(value))];

const at = (number: number, schema: Schema): Schema => ({ ...schema, "x-sluice-proto": number });
const within = (embedded: number, number: number, schema: Schema): Schema => ({
  ...at(number, schema),
  "x-sluice-proto-within": embedded,
});
const text: Schema = { type: "string" };
const schema: Schema = {
  type: "object",
  properties: {
    name: at(1, text),
    data: at(2, { type: "object", additionalProperties: { type: "string", format: "byte" } }),
    replicas: at(3, { type: "integer" }),
    minReadySeconds: at(4, { type: "integer" }),
    limits: at(5, { type: "object", additionalProperties: { "x-kubernetes-int-or-string": true, format: "quantity" } }),
    targetPort: at(6, { "x-kubernetes-int-or-string": true }),
    created: at(7, { type: "string", format: "date-time" }),
    args: at(8, { type: "array", items: text }),
    numbers: at(9, { type: "array", items: { type: "integer" } }),
    emptyDir: within(10, 1, { type: "object", properties: { medium: at(1, text) } }),
    path: within(10, 2, text),
    fields: at(11, { type: "object", "x-kubernetes-preserve-unknown-fields": true }),
  },
};
const decoded = (...parts: number[][]) => decodeMessage(schema, Uint8Array.from(parts.flat()), "");

test("texts, bytes, maps and repeated fields", () => {
  expect(
    decoded(
      bytes(1, "shop"),
      bytes(2, [...bytes(1, "key"), ...bytes(2, "secret")]),
      bytes(5, [...bytes(1, "cpu"), ...bytes(2, bytes(1, "500m"))]),
      bytes(8, "a"),
      bytes(8, ""),
      int(9, 1),
      bytes(9, [...varint(300n), ...varint(7n)]),
    ),
  ).toEqual({
    name: "shop",
    data: { key: Buffer.from("secret").toString("base64") },
    limits: { cpu: "500m" },
    args: ["a", ""],
    numbers: [1, 300, 7],
  });
});

test("a zero stays where it was meant, and goes where Go writes it of itself", () => {
  expect(decoded(bytes(1, ""), int(3, 0), int(4, 0))).toEqual({ replicas: 0 });
});

test("int-or-string, times, negative numbers", () => {
  expect(decoded(bytes(6, [...int(1, 0), ...int(2, 8080), ...bytes(3, "")]))).toEqual({ targetPort: 8080 });
  expect(decoded(bytes(6, [...int(1, 1), ...int(2, 0), ...bytes(3, "http")]))).toEqual({ targetPort: "http" });
  expect(decoded(bytes(7, int(1, 1_700_000_000)))).toEqual({ created: "2023-11-14T22:13:20Z" });
  expect(decoded(bytes(7, []))).toEqual({});
  expect(decoded(int(4, -5))).toEqual({ minReadySeconds: -5 });
});

test("an embedded struct's fields stand beside the others, an empty object included", () => {
  expect(decoded(bytes(10, [...bytes(1, bytes(1, "")), ...bytes(2, "/data")]))).toEqual({
    emptyDir: {},
    path: "/data",
  });
});

test("raw JSON is read, and is refused where it is none", () => {
  expect(decoded(bytes(11, bytes(1, '{"f:spec":{}}')))).toEqual({ fields: { "f:spec": {} } });
  expect(() => decoded(bytes(11, bytes(1, "{")))).toThrow(/fields: what should be JSON is not/);
});

test("a field without a number is refused when it says something, and only then", () => {
  expect(decoded(bytes(1, "a"), bytes(20, [...int(1, 0), ...bytes(2, "")]))).toEqual({ name: "a" });
  expect(() => decoded(bytes(20, "something"))).toThrow(/protobuf field 20 is not known/);
});

test.each([
  ["cut short", [10, 5, 65]],
  ["a length beyond the end", [10, 255, 255, 255, 255, 15]],
  ["an endless varint", [8, ...new Array(12).fill(255)]],
  ["a wire type that doesn't exist", [15]],
  ["another wire type than the field's", [8, 1]],
])("%s is refused", (_, data) => {
  expect(() => decodeMessage(schema, Uint8Array.from(data), "")).toThrow(/protobuf/);
});

test("a map key that would reach the prototype is refused", () => {
  expect(() => decoded(bytes(2, [...bytes(1, "__proto__"), ...bytes(2, "x")]))).toThrow(/__proto__/);
});

test("the envelope", () => {
  const body = Uint8Array.from([
    ...Buffer.from("k8s\0"),
    ...bytes(1, [...bytes(1, "v1"), ...bytes(2, "Secret")]),
    ...bytes(2, "raw"),
    ...bytes(3, ""),
  ]);

  expect(openEnvelope(body)).toMatchObject({ apiVersion: "v1", kind: "Secret" });
  expect(() => openEnvelope(Uint8Array.from(Buffer.from("{}xx")))).toThrow(/doesn't begin/);
});
