// Writes the tables of docs/compatibility.md from the kinds' schemas and rules, between their markers.
// `node scripts/compatibility.ts` writes the page; a test checks that it is current.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  builtInKinds,
  type KindDefinition,
  notEnforcedFields,
  type PodSpec,
  type Resource,
  refusedVolumes,
  type Schema,
} from "@sluice/api";
import type { Violation } from "@sluice/kernel";
import { promqlSignatures, unsupportedPromqlFunctions } from "@sluice/languages";

const page = join(import.meta.dirname, "..", "docs", "compatibility.md");

const container = {
  name: "shop",
  image: "shop:v1",
  ports: [{ name: "http", containerPort: 8080 }],
  volumeMounts: [{ name: "files", mountPath: "/files" }],
};
const template = {
  metadata: { labels: { app: "shop" } },
  spec: { containers: [container], initContainers: [{ ...container, name: "init" }], volumes: [{ name: "files" }] },
};
const selector = { matchLabels: { app: "shop" } };
const metric = { name: "success", interval: "1m", count: 3, provider: {} };
/** The smallest right spec of each kind, in which one field after another is set. */
const samples: Readonly<Record<string, object>> = {
  Application: {
    source: { repoURL: "https://example.com/shop.git", path: "deploy", targetRevision: "HEAD" },
    destination: { server: "https://kubernetes.default.svc", namespace: "shop" },
  },
  AppProject: { sourceRepos: ["*"], destinations: [{ server: "*", name: "in-cluster", namespace: "*" }] },
  Rollout: {
    selector,
    template,
    strategy: { canary: { trafficRouting: { istio: { virtualService: { name: "shop" } } }, steps: [{}] } },
  },
  Experiment: { templates: [{ name: "baseline", selector, template }], analyses: [{ name: "a", templateName: "a" }] },
  AnalysisTemplate: { metrics: [metric] },
  AnalysisRun: { metrics: [metric] },
  VirtualService: { hosts: ["shop"], http: [{ route: [{ destination: { host: "shop" } }] }] },
  DestinationRule: { host: "shop", subsets: [{ name: "stable" }] },
  Pod: template.spec,
  Deployment: { selector, template },
  Job: { template: { ...template, spec: { ...template.spec, restartPolicy: "Never" } } },
  Service: { selector: { app: "shop" }, ports: [{ name: "http", port: 80 }] },
  BlueGreenDeployment: { release: "shop:v2" },
};

/** Accepted, and without effect for a reason that no schema tells. Everything else without effect is in `NotEnforced`. */
const withoutEffect: Readonly<Record<string, readonly string[]>> = {
  Application: ["spec.info", "spec.project", "spec.source.name"],
  AppProject: [
    "spec.description",
    "spec.orphanedResources",
    "spec.permitOnlyProjectScopedClusters",
    "spec.sourceNamespaces",
  ],
  VirtualService: ["spec.gateways", "spec.http[].match[].name"],
  Service: [
    "spec.allocateLoadBalancerNodePorts",
    "spec.externalTrafficPolicy",
    "spec.internalTrafficPolicy",
    "spec.ipFamilies",
    "spec.ipFamilyPolicy",
    "spec.sessionAffinityConfig",
    "spec.trafficDistribution",
    "spec.clusterIPs",
  ],
};
/** Shown as one field: the inside is the Pod's table, or a plain map or list of the API machinery. */
const notOpened = /(^|\.)template$|[sS]elector$|(^|\.)metadata$/;

type Fate =
  | { readonly is: "honoured" | "without effect" }
  /** `values`: only these are refused. */
  | { readonly is: "refused"; readonly use: string; readonly values?: readonly string[] };

interface Row {
  readonly path: string;
  readonly fields: { readonly name: string; readonly fate: Fate }[];
}

function definitionOf(kind: string): KindDefinition {
  const found = builtInKinds().find((known) => known.kind === kind);
  if (found === undefined) throw new Error(`no kind ${kind}`);
  return found;
}

/** Some value that the schema takes. */
function sampleOf(schema: Schema): unknown {
  if (schema.enum !== undefined) return schema.enum[0];
  switch (schema.type) {
    case "object":
      return Object.fromEntries(
        (schema.required ?? []).map((name) => [name, sampleOf(schema.properties?.[name] ?? {})]),
      );
    case "array":
      return [sampleOf(schema.items ?? {})];
    case "integer":
    case "number":
      return Math.max(1, schema.minimum ?? 1);
    case "boolean":
      return true;
    default:
      return schema["x-kubernetes-int-or-string"] ? 1 : schema["x-kubernetes-preserve-unknown-fields"] ? {} : "1s";
  }
}

/** The sample of `kind` with `value` at `path` (`spec.a[].b`: the first of `a`). */
function objectWith(kind: string, path: string, value: unknown): Resource {
  const object = structuredClone({
    apiVersion: "v1",
    kind,
    metadata: { name: "shop" },
    spec: samples[kind],
  }) as unknown as Resource;
  let place = object as unknown as Record<string, unknown>;
  const keys = path.replaceAll("[]", ".0").replaceAll("{}", ".key").split(".");
  const last = keys.pop() ?? "";
  for (const [index, key] of keys.entries()) {
    place[key] ??= (keys[index + 1] ?? last) === "0" ? [] : {};
    place = place[key] as Record<string, unknown>;
  }
  place[last] = value;
  return object;
}

const inPath = (path: string): string => path.replaceAll("[]", "[0]").replaceAll("{}", "[key]");
const useOf = (repair: string): string => repair.slice(repair.indexOf(", use ") + ", use ".length);

/** What the kind's rules say of a field, asked by setting it. */
function refusals(definition: KindDefinition, path: string, value: unknown): readonly Violation[] {
  const object = objectWith(definition.kind, path, value);
  try {
    const own = definition.validate?.(object) ?? [];
    const volumes = definition.kind === "Pod" ? refusedVolumes(object.spec as PodSpec) : [];
    return [...own, ...volumes].filter(
      ({ path: at, repair }) => at === inPath(path) && repair?.startsWith("not supported yet") === true,
    );
  } catch {
    // A rule that reads more than this one field: the value isn't whole, so it says nothing of the field.
    return [];
  }
}

function fateOf(definition: KindDefinition, path: string, schema: Schema): Fate {
  const { kind } = definition;
  const refused = schema["x-sluice-refused"];
  if (refused !== undefined) return { is: "refused", use: useOf(refused) };
  if (withoutEffect[kind]?.includes(path)) return { is: "without effect" };
  if (kind === "Pod") {
    const spec = objectWith(kind, path, probe(schema)).spec as PodSpec;
    const mine = inPath(path).replace(/^spec\./, "");
    if (notEnforcedFields(spec).some((field) => field === mine)) return { is: "without effect" };
  }
  const values = schema.enum ?? [...known(kind, path), sampleOf(schema)];
  const found = values.flatMap((value) => refusals(definition, path, value).map(({ repair }) => ({ value, repair })));
  const first = found[0]?.repair;
  if (first === undefined) return { is: "honoured" };
  const use = useOf(first);
  if (found.length === values.length) return { is: "refused", use };
  return { is: "refused", use, values: schema.enum === undefined ? [] : found.map(({ value }) => String(value)) };
}

/** The value that the sample has there: some fields are honoured with one value only. */
function known(kind: string, path: string): readonly unknown[] {
  let place: unknown = { spec: samples[kind] };
  for (const key of path.replaceAll("[]", ".0").split("."))
    place = (place as Record<string, unknown> | undefined)?.[key];
  return place === undefined ? [] : [place];
}

/** A value that says something: not a default, not empty. */
function probe(schema: Schema): unknown {
  if (schema.type === "object") {
    const [name, field] = Object.entries(schema.properties ?? {})[0] ?? ["key", {} as Schema];
    return { ...(sampleOf(schema) as object), [name]: probe(field) };
  }
  if (schema.type === "array") return [probe(schema.items ?? {})];
  return schema.enum?.at(-1) ?? sampleOf(schema);
}

function fieldsOf(schema: Schema): readonly (readonly [string, Schema])[] {
  return Object.entries(schema.properties ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** The object inside a field, and how its path goes on. */
function inside(schema: Schema): { readonly schema: Schema; readonly suffix: string } | undefined {
  if (schema.properties !== undefined) return { schema, suffix: "" };
  if (schema.items?.properties !== undefined) return { schema: schema.items, suffix: "[]" };
  const values = schema.additionalProperties;
  return typeof values === "object" && values.properties !== undefined ? { schema: values, suffix: "{}" } : undefined;
}

function rowsOf(definition: KindDefinition, path: string, schema: Schema): Row[] {
  const rows: Row[] = [{ path, fields: [] }];
  for (const [name, field] of fieldsOf(schema)) {
    const at = `${path}.${name}`;
    const fate = fateOf(definition, at, field);
    rows[0]?.fields.push({ name, fate });
    const inner = inside(field);
    const isOpen = fate.is === "honoured" || (fate.is === "refused" && fate.values !== undefined);
    if (inner === undefined || !isOpen || notOpened.test(at)) continue;
    rows.push(...rowsOf(definition, `${at}${inner.suffix}`, inner.schema));
  }
  return rows;
}

const code = (text: string): string => `\`${text}\``;

function tableOf(kind: string): string {
  const definition = definitionOf(kind);
  const spec = definition.schema.properties?.spec;
  if (spec === undefined) throw new Error(`${kind} has no spec`);
  const rows = joined(rowsOf(definition, "spec", spec));
  return [
    "| In | Honoured | Accepted, without effect here | Refused: use instead |",
    "|---|---|---|---|",
    ...rows.map(({ paths, fields }) => {
      const named = (is: "honoured" | "without effect") =>
        fields
          .filter(
            ({ fate }) => fate.is === is || (is === "honoured" && fate.is === "refused" && fate.values !== undefined),
          )
          .map(({ name }) => code(name))
          .join(", ");
      return `| ${paths.map(code).join("<br>")} | ${named("honoured")} | ${named("without effect")} | ${refusedOf(fields)} |`;
    }),
  ].join("\n");
}

/** Fields with the same way out stand together. */
function refusedOf(fields: Row["fields"]): string {
  const byUse = new Map<string, string[]>();
  for (const { name, fate } of fields) {
    if (fate.is !== "refused") continue;
    const values =
      fate.values === undefined
        ? ""
        : fate.values.length === 0
          ? " with another value"
          : ` ${fate.values.map(code).join(", ")}`;
    byUse.set(fate.use, [...(byUse.get(fate.use) ?? []), `${code(name)}${values}`]);
  }
  return [...byUse].map(([use, names]) => `${names.join(", ")}: ${use.replaceAll("|", "\\|")}`).join("<br>");
}

/** Objects of the same shape, such as three probes, stand in one row. */
function joined(rows: readonly Row[]): { readonly paths: string[]; readonly fields: Row["fields"] }[] {
  const bySaying = new Map<string, { paths: string[]; fields: Row["fields"] }>();
  for (const { path, fields } of rows) {
    const key = JSON.stringify(fields);
    const known = bySaying.get(key);
    if (known === undefined) bySaying.set(key, { paths: [path], fields });
    else known.paths.push(path);
  }
  return [...bySaying.values()];
}

const promql = (): string =>
  [
    `Functions: ${Object.keys(promqlSignatures).map(code).join(", ")}.`,
    "",
    `Refused by name, since they are experimental or about native histograms: ${[...unsupportedPromqlFunctions].map(code).join(", ")}.`,
  ].join("\n");

/** The page with each `<!-- table: KIND -->` … `<!-- end -->` filled anew. */
export function withTables(text: string): string {
  return text.replace(
    /(<!-- table: (\w+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, begin: string, name: string, end: string) => `${begin}${name === "PromQL" ? promql() : tableOf(name)}\n${end}`,
  );
}

if (import.meta.main) writeFileSync(page, withTables(readFileSync(page, "utf8")));
