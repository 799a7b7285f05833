import type { Violation } from "@sluice/kernel";
import type { KindDefinition } from "../../contract/kind-definition.ts";
import { configMapKey } from "../../schema/names.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { whole } from "../meta-schema.ts";
import { immutable, invalid, missing } from "../rules.ts";
import { base64OfText } from "./base64.ts";
import type { ConfigMap, Secret } from "./config.ts";
import { configMap, secret } from "./config-schema.ts";

const bytesMax = 1024 * 1024;

export const configMapKind: KindDefinition = {
  group: "",
  versions: ["v1"],
  kind: "ConfigMap",
  plural: "configmaps",
  singular: "configmap",
  shortNames: ["cm"],
  namespaced: true,
  schema: whole(configMap),
  strategicMerge: true,
  columns: [
    nameColumn,
    column<ConfigMap>("Data", ({ data, binaryData }) => size(data) + size(binaryData), { type: "string" }),
    ageColumn,
  ],
  validate: (object, old) => {
    const { data, binaryData } = object as ConfigMap;
    const both = Object.keys(data ?? {}).filter((key) => Object.hasOwn(binaryData ?? {}, key));
    return [
      ...checkKeys("data", data),
      ...checkKeys("binaryData", binaryData),
      ...checkSize(data, binaryData),
      ...both.map((key) =>
        invalid({ path: `binaryData[${key}]`, found: "a key of data, too", expected: "a key of one of them" }),
      ),
      ...checkImmutable(object as ConfigMap, old as ConfigMap | undefined),
    ];
  },
};

export const secretKind: KindDefinition = {
  group: "",
  versions: ["v1"],
  kind: "Secret",
  plural: "secrets",
  singular: "secret",
  namespaced: true,
  schema: whole(secret),
  selectableFields: ["type"],
  strategicMerge: true,
  columns: [
    nameColumn,
    column<Secret>("Type", ({ type }) => type),
    column<Secret>("Data", ({ data }) => size(data), { type: "string" }),
    ageColumn,
  ],
  applyDefaults: (object) => {
    const { stringData, ...secret } = object as Secret;
    if (stringData === undefined) return object;
    const added = Object.fromEntries(
      Object.entries(stringData).map(([key, value]) => [key, typeof value === "string" ? base64OfText(value) : value]),
    );
    return { ...secret, data: { ...secret.data, ...added } } as Secret;
  },
  validate: (object, old) => {
    const secret = object as Secret;
    return [
      ...checkKeys("data", secret.data),
      ...checkSize(secret.data, undefined),
      ...requiredKeys(secret),
      ...checkImmutable(secret, old as Secret | undefined),
      ...(old === undefined ? [] : immutable("type", secret.type, (old as Secret).type)),
    ];
  },
};

const size = (record: object | undefined): number => Object.keys(record ?? {}).length;

const checkKeys = (path: string, data: object | undefined): readonly Violation[] =>
  Object.keys(data ?? {}).flatMap((key) => {
    const expected = configMapKey(key);
    return expected === undefined ? [] : [invalid({ path, found: JSON.stringify(key.slice(0, 60)), expected })];
  });

function checkSize(...parts: readonly (Readonly<Record<string, string>> | undefined)[]): readonly Violation[] {
  const bytes = parts.reduce(
    (sum, part) => sum + Object.values(part ?? {}).reduce((inner, value) => inner + value.length, 0),
    0,
  );
  return bytes <= bytesMax * (4 / 3)
    ? []
    : [invalid({ path: "data", found: `${bytes} bytes`, expected: `at most ${bytesMax} bytes` })];
}

function checkImmutable(object: ConfigMap | Secret, old: ConfigMap | Secret | undefined): readonly Violation[] {
  if (old?.immutable !== true) return [];
  return [
    ...immutable("immutable", object.immutable, true),
    ...immutable("data", object.data, old.data),
    ...("binaryData" in object || "binaryData" in old
      ? immutable("binaryData", (object as ConfigMap).binaryData, (old as ConfigMap).binaryData)
      : []),
  ];
}

const keysOfType: Readonly<Record<string, readonly string[]>> = {
  "kubernetes.io/tls": ["tls.crt", "tls.key"],
  "kubernetes.io/dockerconfigjson": [".dockerconfigjson"],
  "kubernetes.io/dockercfg": [".dockercfg"],
  "kubernetes.io/ssh-auth": ["ssh-privatekey"],
};

const requiredKeys = ({ type, data }: Secret): readonly Violation[] =>
  (keysOfType[type ?? ""] ?? [])
    .filter((key) => data?.[key] === undefined)
    .map((key) => missing(`data[${key}]`, `a value, since the type is ${type}`));
