import type { Resource } from "@sluice/api";
import { isHelmTemplate, loadYamlDocuments } from "@sluice/api/yaml";
import { Fault, isFault } from "@sluice/kernel";
import { YAMLException } from "js-yaml";

/** Faults: invalid, with which document of the text is no manifest, and why. */
export function resourcesOf(text: string): readonly Resource[] {
  try {
    return manifestsOf(text);
  } catch (thrown) {
    throw isFault(thrown) ? new Fault("invalid", refusalOf(text, thrown.message)) : thrown;
  }
}

/** What was wrong with the pasted text, and what to do where it is a Helm template: in quotes it may well be a manifest. */
export const refusalOf = (text: string, message: string): string =>
  isHelmTemplate(text) ? `${message}; ${renderHint}` : message;

const renderHint = "this is a Helm template, and no manifest yet: paste what helm template CHART prints";

function manifestsOf(text: string): readonly Resource[] {
  return documentsOf(text).flatMap((document, place): readonly Resource[] => {
    if (document === null || document === undefined) return [];
    const { kind, items } = document as { readonly kind?: string; readonly items?: readonly Resource[] };
    const objects = kind?.endsWith?.("List") && Array.isArray(items) ? items : [document as Resource];
    for (const object of objects) refuseNoManifest(object, place + 1);
    return objects;
  });
}

function documentsOf(text: string): readonly unknown[] {
  try {
    return loadYamlDocuments(text);
  } catch (thrown) {
    if (!(thrown instanceof YAMLException)) throw thrown;
    const { line = 0, column = 0 } = thrown.mark ?? {};
    throw new Fault("invalid", `line ${line + 1}: this is no YAML: ${thrown.reason} at column ${column + 1}`);
  }
}

function refuseNoManifest(object: Partial<Resource> | null, place: number): void {
  const missing = (["apiVersion", "kind"] as const).find((field) => typeof object?.[field] !== "string");
  const isNamed = typeof object?.metadata?.name === "string" && object.metadata.name !== "";
  const field = missing ?? (isNamed ? undefined : "metadata.name");
  if (field === undefined) return;
  const found = typeof object?.kind === "string" ? `${object.kind} without ${field}` : `no ${field}`;
  throw new Fault(
    "invalid",
    `document ${place}: found ${found}, expected a manifest with apiVersion, kind and metadata.name`,
  );
}
