import type { Clock, Millis } from "@sluice/kernel";
import type { ProcessRecord } from "../state/process-record.ts";
import { readRouter } from "./metrics.ts";

/** What the router sent one version by one Service since the agent began. */
export interface RouterCount {
  readonly namespace: string | undefined;
  readonly service: string | undefined;
  readonly podTemplateHash: string | undefined;
  readonly requests: number;
}

export interface RouterCountsOptions {
  /** The agent that lives now. */
  readonly agent: () => ProcessRecord | undefined;
  readonly agentToken: string;
}

/** The router's counts as they are now, not as they were at the last scrape. Faults: no agent, or it doesn't answer. */
export async function routerCounts({ agent, agentToken }: RouterCountsOptions): Promise<readonly RouterCount[]> {
  const port = agent()?.metricsPort;
  if (port === undefined) throw new Error("no agent is known");
  return countsIn(await readRouter(`http://127.0.0.1:${port}/metrics`, agentToken));
}

function countsIn(text: string): readonly RouterCount[] {
  return text.split("\n").flatMap((line) => {
    if (!line.startsWith("http_requests_total{")) return [];
    const label = (name: string) => new RegExp(`[{,]${name}="([^"]*)"`).exec(line)?.[1];
    return {
      namespace: label("namespace"),
      service: label("service"),
      podTemplateHash: label("pod_template_hash"),
      requests: Number(line.slice(line.lastIndexOf("} ") + 2)),
    };
  });
}

/** Who asks while another's question is under way, or shortly after it, shares its answer. */
export function shared<Answer>(ask: () => Promise<Answer>, clock: Clock, kept: Millis): () => Promise<Answer> {
  let last: Promise<Answer> | undefined;
  return () => {
    if (last !== undefined) return last;
    const forget = () => {
      clock.after(kept, () => {
        last = undefined;
      });
    };
    last = ask();
    last.then(forget, forget);
    return last;
  };
}
