import type { Patch } from "@sluice/api";
import { type LiveKind, pathOf } from "../../live/live-kinds.ts";

/** One write, as the API takes it. */
export interface RequestedPatch {
  readonly patch: Extract<Patch, { type: "merge" }>;
  readonly subresource?: "status";
}

export interface Target {
  readonly kind: LiveKind;
  readonly namespace: string;
  readonly name: string;
}

/** Throws an Error whose message is what the API says. */
export async function send({ kind, namespace, name }: Target, requests: readonly RequestedPatch[]): Promise<void> {
  for (const { patch, subresource } of requests) {
    const below = subresource === undefined ? "" : `/${subresource}`;
    const response = await fetch(`/k8s${pathOf(kind, namespace, name)}${below}?fieldManager=sluice-console`, {
      method: "PATCH",
      headers: { "content-type": "application/merge-patch+json" },
      body: JSON.stringify(patch.value),
    }).catch(() => {
      throw new Error("The control plane doesn't answer. Nothing was changed.");
    });
    if (!response.ok) throw new Error(await refusalOf(response));
  }
}

export async function refusalOf(response: Response): Promise<string> {
  const text = await response.text();
  try {
    return (JSON.parse(text) as { message?: string }).message ?? text;
  } catch {
    return text.trim() === "" ? `The control plane answered ${response.status}.` : text.trim();
  }
}
