import type { DownwardApiFile, KeyToPath, Pod, Volume, VolumeProjection } from "@sluice/api";
import { isBelow } from "../files/paths.ts";
import type { Payload, PayloadFile } from "../files/payload.ts";
import { type Capacity, fieldText, type PodPlace, resourceText } from "./downward.ts";
import { allContainers, type Surroundings } from "./environment.ts";

export type VolumePlan =
  | { readonly is: "folder" }
  | { readonly is: "files"; readonly payload: Payload }
  | { readonly is: "host"; readonly path: string }
  /** For status: what is missing may come; what is refused never does. */
  | { readonly is: "missing" | "refused"; readonly message: string };

export interface VolumeInput {
  readonly pod: Pod;
  readonly place: PodPlace;
  readonly capacity: Capacity;
  readonly surroundings: Surroundings;
  /** True where a hostPath may be used: below the folders that the person who started Sluice named. */
  readonly isHostPathAllowed: (path: string) => boolean;
}

const readable = 0o644;

/** What a volume holds. Pure but for the questions it asks `surroundings`. */
export function planVolume(volume: Volume, input: VolumeInput): VolumePlan {
  if (volume.emptyDir !== undefined) return { is: "folder" };
  if (volume.hostPath !== undefined) {
    const { path } = volume.hostPath;
    if (input.isHostPathAllowed(path)) return { is: "host", path };
    return refused(
      volume,
      `hostPath ${path} lies outside the project folder; put the files into an image or a ConfigMap`,
    );
  }
  const { configMap, secret, downwardAPI, projected } = volume;
  const files = new Map<string, PayloadFile>();
  const mode = (configMap ?? secret ?? downwardAPI ?? projected)?.defaultMode ?? readable;
  const sources: readonly VolumeProjection[] | undefined =
    configMap !== undefined
      ? [{ configMap }]
      : secret !== undefined
        ? [{ secret: { ...secret, ...(secret.secretName === undefined ? {} : { name: secret.secretName }) } }]
        : downwardAPI !== undefined
          ? [{ downwardAPI }]
          : projected?.sources;
  if (sources === undefined) {
    const source = Object.keys(volume).find((key) => key !== "name") ?? "no source";
    return refused(
      volume,
      `${source} can't be honoured by this node; use emptyDir, configMap, secret, downwardAPI or projected`,
    );
  }
  for (const source of sources) {
    const problem = project(source, mode, files, volume, input);
    if (problem !== undefined) return problem;
  }
  return { is: "files", payload: files };
}

const refused = (volume: Volume, message: string): VolumePlan => ({
  is: "refused",
  message: `volume "${volume.name}": ${message}`,
});
const missing = (message: string): VolumePlan => ({ is: "missing", message });

function project(
  source: VolumeProjection,
  mode: number,
  files: Map<string, PayloadFile>,
  volume: Volume,
  input: VolumeInput,
): VolumePlan | undefined {
  const namespace = input.pod.metadata.namespace ?? "default";
  const { surroundings } = input;
  if (source.configMap !== undefined) {
    const { name = "", items, optional } = source.configMap;
    const found = surroundings.configMap(namespace, name);
    if (found === undefined) return optional === true ? undefined : missing(`configmap "${name}" not found`);
    const content = new Map<string, Uint8Array>();
    for (const [key, text] of Object.entries(found.data ?? {})) content.set(key, Buffer.from(text));
    for (const [key, base64] of Object.entries(found.binaryData ?? {})) content.set(key, Buffer.from(base64, "base64"));
    return addKeys(content, items, optional, (own) => own ?? mode, files, volume, `configmap "${name}"`);
  }
  if (source.secret !== undefined) {
    const { name = "", items, optional } = source.secret;
    const found = surroundings.secret(namespace, name);
    if (found === undefined) return optional === true ? undefined : missing(`secret "${name}" not found`);
    const content = new Map<string, Uint8Array>();
    for (const [key, base64] of Object.entries(found.data ?? {})) content.set(key, Buffer.from(base64, "base64"));
    // No container hides the file from other users of this machine: only the owner's bits are kept.
    return addKeys(content, items, optional, (own) => (own ?? mode) & 0o700, files, volume, `secret "${name}"`);
  }
  if (source.downwardAPI !== undefined) {
    for (const file of source.downwardAPI.items ?? []) {
      const text = downwardText(file, input);
      if (text === undefined) return refused(volume, `${file.path}: unsupported field`);
      if (!isBelow(file.path)) return refused(volume, `path "${file.path}" leads out of the volume`);
      files.set(file.path, { content: Buffer.from(text), mode: file.mode ?? mode });
    }
    return undefined;
  }
  const kind = Object.keys(source)[0] ?? "an empty source";
  return refused(volume, `projected ${kind} can't be honoured by this node`);
}

function addKeys(
  content: ReadonlyMap<string, Uint8Array>,
  items: readonly KeyToPath[] | undefined,
  optional: boolean | undefined,
  modeOf: (own: number | undefined) => number,
  files: Map<string, PayloadFile>,
  volume: Volume,
  source: string,
): VolumePlan | undefined {
  const wanted = items ?? [...content.keys()].map((key): KeyToPath => ({ key, path: key }));
  for (const { key, path, mode } of wanted) {
    if (!isBelow(path)) return refused(volume, `path "${path}" leads out of the volume`);
    const bytes = content.get(key);
    if (bytes !== undefined) files.set(path, { content: bytes, mode: modeOf(mode) });
    else if (optional !== true) return missing(`${source} has no key "${key}"`);
  }
  return undefined;
}

function downwardText({ fieldRef, resourceFieldRef }: DownwardApiFile, input: VolumeInput): string | undefined {
  const { pod, place, capacity } = input;
  if (fieldRef !== undefined) return fieldText(pod, place, fieldRef);
  if (resourceFieldRef === undefined) return undefined;
  const container = allContainers(pod).find(({ name }) => name === resourceFieldRef.containerName);
  return resourceText(container, resourceFieldRef, capacity);
}
