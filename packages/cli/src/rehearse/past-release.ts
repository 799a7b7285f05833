import type { Client, Decision, Judgement, Resource } from "@sluice/api";
import { Fault, type Instant, instant, parseInstant } from "@sluice/kernel";
import type { Decided } from "@sluice/rehearsal";

/** One real release: who judged it, what was decided, and the manifests of its namespace as they are now. */
export interface PastRelease {
  readonly judgement: Judgement;
  /** Of this version, in order, times in seconds since it began. */
  readonly decisions: readonly Decided[];
  readonly beganAt: Instant;
  readonly endedAt: Instant;
  readonly manifests: readonly Resource[];
}

const around = [
  { apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisTemplate" },
  { apiVersion: "networking.istio.io/v1", kind: "VirtualService" },
  { apiVersion: "networking.istio.io/v1", kind: "DestinationRule" },
  { apiVersion: "v1", kind: "Service" },
  { apiVersion: "v1", kind: "ConfigMap" },
  { apiVersion: "sluice.dev/v1alpha1", kind: "RollbackPolicy" },
] as const;
const beginning: ReadonlySet<string> = new Set(["begin", "rollback", "retry", "lift"]);
const ended = new Set(["abort", "complete", "promote"]);

/** `web` is its last release that was judged, `web@4` the one of revision 4. Faults: invalid, with those there are. */
export async function pastReleases(client: Client, namespace: string, name: string): Promise<readonly PastRelease[]> {
  const [rolloutName = "", revision] = name.split("@");
  const { items } = await client.list<Judgement>(
    { apiVersion: "sluice.dev/v1alpha1", kind: "Judgement" },
    { namespace },
  );
  const judged = items
    .filter(({ spec }) => spec.rollout.name === rolloutName)
    .sort((one, other) => (one.spec.beganAt < other.spec.beganAt ? -1 : 1));
  const chosen = revision === undefined ? judged : judged.filter(({ spec }) => spec.revision === revision);
  if (chosen.length === 0) {
    const others = judged.length > 0 ? judged : items;
    const there = [...new Set(others.map(({ spec }) => `${spec.rollout.name}@${spec.revision}`))].join(", ");
    throw new Fault(
      "invalid",
      `no judged release ${name === "" ? "without a name" : name} in ${namespace}; there are ${there === "" ? "none: --namespace asks in another one" : there}`,
    );
  }
  const key = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", namespace, name: rolloutName };
  const rollout = await client.get(key);
  const lists = await Promise.all(around.map((kind) => client.list(kind, { namespace })));
  const shared = await client.list({ apiVersion: "argoproj.io/v1alpha1", kind: "ClusterAnalysisTemplate" });
  const manifests = [rollout, ...lists.flatMap((list) => list.items), ...shared.items].flatMap((object) =>
    object === undefined ? [] : [asWritten(object)],
  );
  const { items: decisions } = await client.list<Decision>(
    { apiVersion: "sluice.dev/v1alpha1", kind: "Decision" },
    { namespace },
  );
  return chosen
    .filter((judgement, index) => !isOfPreview(judgement, chosen[index + 1]))
    .map((judgement) => ({ judgement, manifests, ...timesOf(judgement, decisions) }));
}

/** What testers met before a switch is judged apart from what everybody met after it: they are one release. */
const isOfPreview = ({ spec }: Judgement, next: Judgement | undefined): boolean =>
  spec.comparedWith !== "before" &&
  next?.spec.comparedWith === "before" &&
  next.spec.revision === spec.revision &&
  next.spec.canary.podTemplateHash === spec.canary.podTemplateHash;

/** How it began, for `replayRelease`. */
export const startOf = ({ judgement, beganAt }: PastRelease) => ({
  /** Until the first of its pods got a request. */
  readyMillis: Math.max(100, (parseInstant(judgement.spec.beganAt) ?? beganAt) - beganAt),
  secondAgeMillis: beganAt % 1000,
});

/** What a person would have written: without what the store and controllers add. */
function asWritten({ status: _, metadata, ...rest }: Resource): Resource {
  const { name, namespace, labels } = metadata;
  return {
    ...rest,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), ...(labels === undefined ? {} : { labels }) },
  } as Resource;
}

function timesOf({ spec }: Judgement, decisions: readonly Decision[]) {
  const judgedFrom = parseInstant(spec.beganAt) ?? instant(0);
  const all = decisions
    .filter(({ spec: { subject } }) => {
      const { uid, podTemplateHash, revision } = subject;
      return uid === spec.rollout.uid && podTemplateHash === spec.canary.podTemplateHash && revision === spec.revision;
    })
    .sort((one, other) => (one.spec.at < other.spec.at ? -1 : 1));
  const time = ({ spec: { at } }: Decision): Instant => parseInstant(at) ?? judgedFrom;
  // A version that is tried again begins anew.
  const isBeginning = (decision: Decision) => beginning.has(decision.spec.action);
  const from = Math.max(
    0,
    all.findLastIndex((one) => isBeginning(one) && time(one) <= judgedFrom),
  );
  const until = all.findIndex((one, index) => index > from && isBeginning(one));
  const own = all.slice(from, until === -1 ? undefined : until);
  const beganAt = own[0] === undefined ? judgedFrom : time(own[0]);
  const last = own.findLast(({ spec: { action } }) => ended.has(action)) ?? own.at(-1);
  return {
    beganAt,
    endedAt: last === undefined ? judgedFrom : time(last),
    decisions: own.map((decision): Decided => {
      const { action, because, by, inputs } = decision.spec;
      return {
        atSeconds: (time(decision) - beganAt) / 1000,
        action,
        because,
        ...(typeof inputs?.step === "number" ? { step: inputs.step } : {}),
        ...(by === undefined ? {} : { by }),
      };
    }),
  };
}
