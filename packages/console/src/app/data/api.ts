import type { Event, Patch, Rollout } from "@sluice/api";
import { meanwhileText, type Word, wordEvent } from "@sluice/api/release";
import { instant } from "@sluice/kernel";
import { type LiveKind, pathOf } from "../../live/live-kinds.ts";

/** One write, as the API takes it. */
export interface RequestedPatch {
  readonly patch: Extract<Patch, { type: "json" }>;
  readonly subresource?: "status";
}

/** Throws an Error whose message says what happened meanwhile, or what the API says. Leaves word for others. */
export async function steer(seen: Rollout, requests: readonly RequestedPatch[], word: Word): Promise<void> {
  const path = pathOf("rollouts", seen.metadata.namespace ?? "default", seen.metadata.name);
  for (const { patch, subresource } of requests) {
    const below = subresource === undefined ? "" : `/${subresource}`;
    const response = await fetch(`/k8s${path}${below}?fieldManager=sluice-console`, {
      method: "PATCH",
      headers: { "content-type": "application/json-patch+json" },
      body: JSON.stringify(patch.operations),
    }).catch(() => {
      throw new Error("The control plane doesn't answer. Nothing was changed.");
    });
    if (response.ok) continue;
    const refusal = await refusalOf(response);
    throw new Error(response.status === 422 ? await meanwhile(seen, path, refusal) : refusal);
  }
  const at = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  const event = wordEvent(seen, { word, by: "somebody in the console", component: "sluice-console", at });
  // That others may read who it was hinders nobody where it fails.
  await fetch(`/k8s${pathOf("events", event.metadata.namespace)}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(event),
  }).catch(() => undefined);
}

/** One JSON patch of an object. Throws an Error whose message is what the API says. */
export async function change(
  kind: LiveKind,
  namespace: string,
  name: string,
  operations: readonly object[],
): Promise<void> {
  const response = await fetch(`/k8s${pathOf(kind, namespace, name)}?fieldManager=sluice-console`, {
    method: "PATCH",
    headers: { "content-type": "application/json-patch+json" },
    body: JSON.stringify(operations),
  }).catch(() => {
    throw new Error("The control plane doesn't answer. Nothing was changed.");
  });
  if (!response.ok) throw new Error(await refusalOf(response));
}

async function meanwhile(seen: Rollout, path: string, refusal: string): Promise<string> {
  const [after, events] = await Promise.all([
    read<Rollout>(`/k8s${path}`),
    read<{ readonly items: readonly Event[] }>(`/k8s${pathOf("events", seen.metadata.namespace ?? "default")}`),
  ]).catch(() => []);
  if (after === undefined || events === undefined || !refusal.includes("testing value")) return refusal;
  return meanwhileText(seen, after, events.items, instant(Date.now()));
}

/** A GET; throws an Error whose message is what was answered. */
export const read = async <T extends object>(path: string): Promise<T> => {
  const response = await fetch(path);
  if (!response.ok) throw new Error(await refusalOf(response));
  return (await response.json()) as T;
};

export async function refusalOf(response: Response): Promise<string> {
  const text = await response.text();
  try {
    return (JSON.parse(text) as { message?: string }).message ?? text;
  } catch {
    return text.trim() === "" ? `The control plane answered ${response.status}.` : text.trim();
  }
}
