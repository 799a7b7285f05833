import type { Client, Decision, Judgement } from "@sluice/api";
import { type Instant, instant, parseInstant } from "@sluice/kernel";
import { WindowLogs } from "../../control-plane/judging/window-logs.ts";
import { Harm } from "./harm.ts";

/** A real release that has ended. */
export interface EndedRelease {
  readonly rollout: string;
  readonly revision: string;
  readonly version: string;
  readonly outcome: "promoted" | "rolledBack";
  readonly beganAt: Instant;
  readonly seconds: number;
  /** Requests that failed or were slow beyond the stable version's share; undefined where nobody judged, or nothing was kept. */
  readonly harmed: number | undefined;
}

const ends = new Map([
  ["abort", "rolledBack"],
  ["promote", "promoted"],
  ["complete", "promoted"],
] as const);

/** Those of a namespace, by their Decisions, which are kept for 90 days. The first version of all replaces nothing. */
export async function endedReleases(
  client: Client,
  namespace: string,
  judgementFolder: string,
): Promise<readonly EndedRelease[]> {
  const kindOf = (kind: string) => ({ apiVersion: "sluice.dev/v1alpha1", kind });
  const [{ items: decisions }, { items: judgements }] = await Promise.all([
    client.list<Decision>(kindOf("Decision"), { namespace }),
    client.list<Judgement>(kindOf("Judgement"), { namespace }),
  ]);
  const releases = new Map<string, Decision[]>();
  const inOrder = decisions
    .filter(({ spec }) => spec.subject.kind === "Rollout" && spec.subject.podTemplateHash !== undefined)
    .toSorted((one, other) => (one.spec.at < other.spec.at ? -1 : 1));
  for (const decision of inOrder) {
    const { name, uid, revision, podTemplateHash } = decision.spec.subject;
    const key = [name, uid, revision, podTemplateHash].join("|");
    releases.set(key, [...(releases.get(key) ?? []), decision]);
  }
  const ended: EndedRelease[] = [];
  for (const own of releases.values()) {
    const begin = own.find(({ spec }) => spec.action === "begin");
    const end = own.findLast(({ spec }) => ends.has(spec.action as "abort"));
    if (begin?.spec.inputs?.stable === undefined || end === undefined) continue;
    const { name, uid, revision = "", podTemplateHash = "" } = begin.spec.subject;
    const judgement = judgements.find(
      ({ spec }) =>
        spec.rollout.uid === uid && spec.revision === revision && spec.canary.podTemplateHash === podTemplateHash,
    );
    const beganAt = timeOf(begin);
    ended.push({
      rollout: name,
      revision,
      version: judgement?.spec.canary.name ?? podTemplateHash,
      outcome: ends.get(end.spec.action as "abort") ?? "promoted",
      beganAt,
      seconds: (timeOf(end) - beganAt) / 1000,
      harmed: await harmOf(judgement, judgementFolder),
    });
  }
  return ended.toSorted((one, other) => one.beganAt - other.beganAt);
}

const timeOf = ({ spec }: Decision): Instant => parseInstant(spec.at) ?? instant(0);

async function harmOf(judgement: Judgement | undefined, folder: string): Promise<number | undefined> {
  let harm: Harm | undefined;
  await new WindowLogs(folder).read(judgement?.metadata.uid ?? "", ({ release }) => {
    const counted = new Harm(release);
    harm = counted;
    return ({ window }) => counted.add(window);
  });
  return harm?.requests;
}
