import { CORE_SCHEMA, load, loadAll, Type, types } from "js-yaml";

declare module "js-yaml" {
  /** There since 4.1; its declarations don't know it yet. */
  export const types: Readonly<Record<"int" | "merge" | "binary", Type>>;
}

// Kubernetes reads YAML as sigs.k8s.io/yaml does: YAML 1.1's booleans and octals, no base-60 numbers, and timestamps
// stay text. https://github.com/kubernetes-sigs/yaml/tree/master/goyaml.v2
const yes = new Set(["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"]);
const no = new Set(["n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"]);

const boolean11 = new Type("tag:yaml.org,2002:bool", {
  kind: "scalar",
  resolve: (text: unknown) => typeof text === "string" && (yes.has(text) || no.has(text)),
  construct: (text: string) => yes.has(text),
  predicate: (value) => typeof value === "boolean",
});

const octal11 = /^[-+]?0[0-7_]+$/;

const integer11 = new Type("tag:yaml.org,2002:int", {
  kind: "scalar",
  resolve: (text: unknown) => typeof text === "string" && (octal11.test(text) || types.int.resolve(text)),
  construct: (text: string) => (octal11.test(text) ? parseOctal(text) : types.int.construct(text)),
  predicate: (value) => types.int.predicate?.(value as object) ?? Number.isInteger(value),
});

function parseOctal(text: string): number {
  const digits = text.replaceAll("_", "");
  return digits.startsWith("-") ? -Number.parseInt(digits.slice(1), 8) : Number.parseInt(digits.replace("+", ""), 8);
}

const dialect = CORE_SCHEMA.extend({ implicit: [types.merge, boolean11, integer11], explicit: [types.binary] });

/** One YAML document, as Kubernetes reads it. Throws js-yaml's YAMLException with a mark; doubled keys are errors. */
export const loadYaml = (text: string): unknown => load(text, { schema: dialect });

/** Each document of a text, as `loadYaml`. */
export const loadYamlDocuments = (text: string): readonly unknown[] => loadAll(text, null, { schema: dialect });

/** `{{args.name}}` is an AnalysisTemplate's; Helm's begin with a dot, a variable, a comment or a word of its language. */
export const isHelmTemplate = (text: string): boolean =>
  /\{\{-?\s*(\.|\$|\/\*|(include|template|if|else|end|range|with|define|toYaml|tpl|default|quote)\b)/.test(text);
