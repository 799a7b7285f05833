import type { PodTemplateMetadata, ReplicaSet } from "@sluice/api";
import { annotations } from "../names.ts";

/** What a ReplicaSet's Pods were given to wear the last time; undefined where nothing says so. The original's annotation. */
export function notedMetadata({ metadata }: ReplicaSet): PodTemplateMetadata | undefined {
  const text = metadata.annotations?.[annotations.ephemeralMetadata];
  if (text === undefined) return undefined;
  try {
    const noted: unknown = JSON.parse(text);
    return typeof noted === "object" && noted !== null ? (noted as PodTemplateMetadata) : undefined;
  } catch {
    return undefined;
  }
}

export const noteOf = ({ labels = {}, annotations = {} }: PodTemplateMetadata): string =>
  JSON.stringify({
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  });
