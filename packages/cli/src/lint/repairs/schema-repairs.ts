import type { Violation } from "@sluice/kernel";
import { isMap, isScalar } from "yaml";
import type { Manifest } from "../manifests/manifest.ts";
import { keysOf } from "../manifests/source.ts";
import { type Repair, removal, replacement, splitStep, together, withField, withItem } from "./repairs.ts";

/** How to repair what the API refuses, in words, where it says nothing of that itself. */
export function repairInWords({ path, found, expected, reason }: Violation): string {
  const field = keysOf(path).at(-1) ?? path;
  switch (reason) {
    case "FieldValueRequired":
      return `add ${/^\d+$/.test(field) ? "it" : field}: ${expected}`;
    case "FieldValueDuplicate":
      return "give it a name of its own, or take one of them out";
    case "FieldValueForbidden":
      return `take ${field} out`;
    default:
      if (found.startsWith("an unknown field")) return `take ${field} out, or use ${expected}`;
      return found.includes(" and ") ? `keep one of ${found}` : `write ${expected}`;
  }
}

/** The repair as a change of the file, where there is only one. */
export function repairInFile(manifest: Manifest, violation: Violation): Repair {
  const { path, expected, repair = "" } = violation;
  const keys = keysOf(path);
  const field = keys.at(-1) ?? "";
  const holder = path.slice(0, path.length - field.length).replace(/\.$/, "");
  const managed = /^add trafficRouting\.managedRoutes: \[\{name: (.+)\}\]$/.exec(repair)?.[1];
  const meant = /^did you mean "(.+)"/.exec(repair)?.[1];
  if (/\.steps\[\d+\]$/.test(path) && repair.startsWith("write ")) return splitStep(manifest, path);
  if (repair === "take it out" || field === "activeDeadlineSeconds") return removal(manifest, path);
  if (repair === "take scaleDownDelaySeconds out") return removal(manifest, `${holder}.scaleDownDelaySeconds`);
  if (managed !== undefined) {
    const flow = `{ name: ${managed} }`;
    return withItem(manifest, "spec.strategy.canary.trafficRouting", "managedRoutes", managed, [`- ${flow}`], flow);
  }
  const from = /^use valueFrom: (\{.*\})$/.exec(repair)?.[1];
  if (from !== undefined) return valueFrom(manifest, path, from);
  if (field === "restartPolicy" && expected === "Always") return replacement(manifest, path, "Always");
  if (field === "method" && expected === "POST or PUT") return withMethod(manifest, holder, path);
  if (field === "minReadySeconds" && repair.startsWith("add ")) return withField(manifest, "spec", repair.slice(4));
  if (field === "replicaProgressThreshold" && keys.includes("steps")) return movedThreshold(manifest, path, holder);
  if (meant !== undefined) return renamed(manifest, path, holder, meant);
  return expected.includes("put it in quotes") || repair.includes("put it in quotes")
    ? quoted(manifest, path)
    : undefined;
}

const withMethod = (manifest: Manifest, holder: string, path: string): Repair =>
  manifest.source.nodeAt(path) === undefined
    ? withField(manifest, holder, "method: POST")
    : replacement(manifest, path, "POST");

/** The original's documentation shows it as a step of its own. */
function movedThreshold(manifest: Manifest, path: string, step: string): Repair {
  const threshold = manifest.source.nodeAt(path);
  const canary = "spec.strategy.canary";
  if (!isMap(threshold) || manifest.source.nodeAt(`${canary}.replicaProgressThreshold`) !== undefined) return undefined;
  const fields = threshold.items.map(({ key, value }) => `${textOf(key)}: ${textOf(value)}`);
  const line = `replicaProgressThreshold: { ${fields.join(", ")} }`;
  return together(removal(manifest, step), withField(manifest, canary, line));
}

const textOf = (node: unknown): string => (isScalar(node) ? String(node.value) : "");

/** Not where the right field is there already: then nobody knows which one counts. */
function renamed(manifest: Manifest, path: string, holder: string, meant: string): Repair {
  const { source, file } = manifest;
  if (source.nodeAt(`${holder}.${meant}`) !== undefined) return undefined;
  return source.renameKey(path, meant)?.map((edit) => ({ file, ...edit }));
}

/** In place of a value that Rollouts don't expand. */
function valueFrom({ source, file }: Manifest, path: string, from: string): Repair {
  const raw = source.raw(path);
  const name = source.renameKey(path, "valueFrom");
  if (raw === undefined || name === undefined) return undefined;
  return [...name, { start: raw.start, end: raw.end, text: from }].map((edit) => ({ file, ...edit }));
}

function quoted({ source, file }: Manifest, path: string): Repair {
  const node = source.nodeAt(path);
  const raw = source.raw(path);
  if (!isScalar(node) || node.type !== "PLAIN" || raw === undefined) return undefined;
  return [{ file, start: raw.start, end: raw.end, text: `"${raw.text}"` }];
}
