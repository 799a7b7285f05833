import type { Resource } from "@sluice/api";
import { Fault, hours, instant, minutes, seconds } from "@sluice/kernel";
import {
  amount,
  type Decided,
  type Outcome,
  percent,
  policiesOf,
  repeatedSeconds,
  replayRelease,
  span,
} from "@sluice/rehearsal";
import { type Connection, connect } from "../connection.ts";
import { unreadableWords } from "../control-plane/judging/window-log.ts";
import { WindowLogs } from "../control-plane/judging/window-logs.ts";
import { readManifests } from "../manifests.ts";
import { type PastRelease, pastReleases, startOf } from "../rehearse/past-release.ts";
import { fetchSeries, ownPrometheus } from "../rehearse/prometheus.ts";
import { type Recorded, recordedBy } from "../rehearse/recorded-windows.ts";
import { recordingOf } from "../rehearse/recording.ts";
import { paint } from "../terminal/style.ts";
import type { CommandOptions } from "./options.ts";

export interface RehearseReplayOptions extends CommandOptions {
  /** `web`, or `web@4` for its revision 4. */
  readonly replay: string;
  readonly policy?: string;
}

/** Up to this long second by second from the router's counts; longer ones from the judge's windows. */
const fineUpTo = minutes(15);
/** What the judge looks back for before a release. */
const before = minutes(31);

interface Replayed {
  readonly release: string;
  readonly version: string;
  readonly recordedSeconds: number;
  /** Lines of what was kept of it that say nothing any more. */
  readonly unreadable: number;
  /** What its version and revision were called: a rehearsal calls them otherwise. */
  readonly named: { readonly hash: string; readonly revision: string };
  readonly real: { readonly outcome: string | undefined; readonly decisions: readonly Decided[] };
  readonly asItWas: Outcome;
  /** Undefined where no file changes anything. */
  readonly changed: Outcome | undefined;
}

/** `sluice rehearse [FILE…] --replay RELEASE [--policy FILE]`: a past release under changed manifests, on its own numbers. */
export async function rehearseReplay(paths: readonly string[], options: RehearseReplayOptions): Promise<number> {
  const files = [...paths, ...(options.policy === undefined ? [] : [options.policy])];
  const changes = files.length === 0 ? [] : (await readManifests(files)).map(({ resource }) => resource);
  const connection = await connect(options);
  try {
    const past = (await pastReleases(connection.client, connection.namespace, options.replay)).at(-1);
    if (past === undefined) throw new Fault("invalid", `no release ${options.replay}`);
    const rollout = past.judgement.spec.rollout.name;
    refuseElsewhere(changes, { name: rollout, namespace: connection.namespace });
    const { unreadable, ...recording } = await recorded(past, connection);
    const play = async (manifests: readonly Resource[]): Promise<Outcome> => {
      const policies = await policiesOf(manifests, { holdsBackWithoutPolicy: false });
      const policy = policies.find(({ rollout: { metadata } }) => metadata.name === rollout);
      if (policy === undefined) throw new Fault("invalid", `the Rollout ${rollout} is gone`);
      return replayRelease(policy, recording, { personMillis: minutes(10), ...startOf(past) });
    };
    const replayed: Replayed = {
      release: past.judgement.metadata.name,
      version: past.judgement.spec.canary.name,
      recordedSeconds: (recording.windows.at(-1)?.ends ?? 0) / 1000,
      unreadable,
      named: { hash: past.judgement.spec.canary.podTemplateHash, revision: past.judgement.spec.revision },
      real: { outcome: past.judgement.spec.outcome, decisions: past.decisions },
      asItWas: await play(past.manifests),
      changed:
        changes.length === 0 ? undefined : await play(withChanges(past.manifests, changes, connection.namespace)),
    };
    console.log(options.json ? JSON.stringify(replayed) : rendered(replayed));
    return 0;
  } finally {
    await connection.close();
  }
}

async function recorded(past: PastRelease, { state, record }: Connection): Promise<Recorded> {
  const { metadata, spec } = past.judgement;
  const until = instant(past.endedAt + seconds(2));
  const log = await recordedBy(new WindowLogs(state.judgements), metadata.uid ?? "");
  const isFine = until - past.beganAt <= fineUpTo && Date.now() - until < hours(24);
  if (isFine || log === undefined) {
    const hashes = `${spec.canary.podTemplateHash}|${spec.stable.podTemplateHash}`;
    const selector = `{__name__=~"http_requests_total|http_request_duration_seconds_bucket",job="sluice-router",namespace="${metadata.namespace}",pod_template_hash=~"${hashes}"}`;
    const series = await fetchSeries(ownPrometheus({ state, record }), selector, instant(past.beganAt - before), until);
    const recording = recordingOf(past.judgement, series, until);
    const { starts } = log?.release ?? {};
    const release = { ...recording.release, ...(starts === undefined ? {} : { starts }) };
    if (recording.windows.some(({ canary }) => canary.requests > 0)) return { ...recording, release, unreadable: 0 };
  }
  if (log === undefined)
    throw new Fault("invalid", `nothing was kept of ${metadata.name}: neither windows nor metrics`);
  return log;
}

/** Files about something else would change nothing, and look as if it made no difference. */
function refuseElsewhere(changes: readonly Resource[], release: { readonly name: string; readonly namespace: string }) {
  const far = changes.find(({ metadata: { namespace = release.namespace } }) => namespace !== release.namespace);
  const other = changes.find(({ kind, metadata }) => kind === "Rollout" && metadata.name !== release.name);
  const found = far ?? other;
  if (found === undefined) return;
  const { namespace = release.namespace, name } = found.metadata;
  throw new Fault(
    "invalid",
    `--replay: found ${found.kind} ${namespace}/${name}, expected what Rollout ${release.namespace}/${release.name} and its surroundings would be`,
  );
}

/** The files' objects in the place of those with the same name. */
function withChanges(
  manifests: readonly Resource[],
  changes: readonly Resource[],
  namespace: string,
): readonly Resource[] {
  const placed = changes.map((object): Resource => {
    const isShared = object.kind === "ClusterAnalysisTemplate" || object.metadata.namespace !== undefined;
    return isShared ? object : { ...object, metadata: { ...object.metadata, namespace } };
  });
  const id = ({ kind, metadata }: Resource) => `${kind}/${metadata.name}`;
  const replaced = new Set(placed.map(id));
  return [...manifests.filter((object) => !replaced.has(id(object))), ...placed];
}

function rendered({ release, version, recordedSeconds, unreadable, named, real, asItWas, changed }: Replayed): string {
  const lines = [
    `${paint("bold", version)} ${paint("dim", release)}  ${real.outcome ?? "under way"}; ${span(recordedSeconds)} of its requests were recorded`,
  ];
  if (unreadable > 0) lines.push(paint("yellow", `  ${unreadableWords(unreadable)}`));
  const same = sameDecisions(real.decisions, asItWas.decisions);
  lines.push(
    same
      ? paint("green", `  rehearsed as it was: the same ${real.decisions.length} decisions`)
      : paint(
          "yellow",
          `  rehearsed as it was: ${asItWas.decisions.length} decisions, not all the same as the ${real.decisions.length} real ones`,
        ),
  );
  lines.push(`  as it was       ${endOf(asItWas)}`);
  if (changed !== undefined) lines.push(`  as these files  ${endOf(changed)}`);
  const shown = changed ?? asItWas;
  for (const { atSeconds, action, because } of shown.decisions) {
    const words = because.replace(begins, `version ${named.hash} begins as revision ${named.revision}`);
    lines.push(`    ${`${atSeconds.toFixed(1)} s`.padStart(9)}  ${action.padEnd(10)} ${words}`);
  }
  if (shown.seconds > recordedSeconds + 60)
    lines.push(
      `  after ${span(recordedSeconds)} nothing is recorded: its last ${span(repeatedSeconds(recordedSeconds))} come again and again`,
    );
  return lines.join("\n");
}

const begins = /^version \S+ begins as revision \d+/;

const sameDecisions = (real: readonly Decided[], other: readonly Decided[]): boolean =>
  real.length === other.length &&
  real.every(({ action, step }, index) => action === other[index]?.action && step === other[index]?.step);

function endOf({ end, seconds: lasted, weight, harmed, rule, canaryRequests }: Outcome): string {
  const words = { promoted: "goes to everyone", aborted: "is taken back", asked: "asks a person", stuck: "is stuck" };
  const by = rule === undefined ? "" : ` by ${rule.by}`;
  return `${words[end]} after ${span(lasted)} at ${percent(weight)}${by}; ${amount(harmed)} of ${amount(canaryRequests)} requests failed beyond the stable version's share`;
}
