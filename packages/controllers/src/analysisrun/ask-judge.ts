import type { Client, JudgeMetric, Judgement } from "@sluice/api";
import { parseInstant } from "@sluice/kernel";
import type { TaskHandler } from "../loop/index.ts";
import type { QueryResult } from "./measure.ts";

const kind = { apiVersion: "sluice.dev/v1alpha1", kind: "Judgement" };

/** `{ do: "askJudge", podTemplateHash }` -> what the judge says of that version now; nothing while no window was judged. */
export function askJudge(client: Pick<Client, "list">): TaskHandler {
  return async (work): Promise<QueryResult> => {
    const { podTemplateHash, namespace } = work as unknown as JudgeMetric & { readonly namespace?: string };
    const { items } = await client.list<Judgement>(kind, namespace === undefined ? {} : { namespace });
    const beganAt = ({ spec }: Judgement): number => parseInstant(spec.beganAt) ?? 0;
    const last = items
      .filter(({ spec }) => spec.canary.podTemplateHash === podTemplateHash)
      .toSorted((a, b) => beganAt(b) - beganAt(a))[0];
    const { action, confidence, nats, requests, windows = 0, because } = last?.status ?? {};
    if (windows === 0 || action === undefined) return { value: "[]", parsed: [] };
    const parsed = { action, confidence, nats, requests, windows, because };
    return { value: JSON.stringify(parsed), parsed };
  };
}
