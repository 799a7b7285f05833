import {
  builtInKinds,
  defaultRollbackRules,
  type Judgement,
  type JudgementSpec,
  type Resource,
  type RollbackPolicy,
  validate,
} from "@sluice/api";
import { Fault } from "@sluice/kernel";
import { judgeVersion, type ReplayedWindow, replay, tolerancesOf } from "@sluice/verdict";
import { connect } from "../connection.ts";
import { readWindowLog, unreadableWords, type WindowLog, WindowLogs } from "../control-plane/judging/window-log.ts";
import { readManifests } from "../manifests.ts";
import { paint } from "../terminal/style.ts";
import type { CommandOptions } from "./options.ts";

export interface ReplayOptions extends CommandOptions {
  /** A file with another RollbackPolicy. */
  readonly policy?: string;
}

/** `sluice why NAME --replay [--policy FILE]`: works out every past verdict again, and what another policy had done. */
export async function whyReplay(name: string, options: ReplayOptions): Promise<void> {
  const { client, namespace, state, close } = await connect(options);
  try {
    const other =
      options.policy === undefined ? undefined : policyIn(options.policy, await resourcesIn(options.policy));
    const { items } = await client.list<Judgement>(
      { apiVersion: "sluice.dev/v1alpha1", kind: "Judgement" },
      { namespace },
    );
    const mine = items
      .filter(({ spec }) => spec.rollout.name === name)
      .sort((a, b) => (a.spec.beganAt < b.spec.beganAt ? -1 : 1));
    if (mine.length === 0) throw new Fault("invalid", `no release of ${name} in ${namespace} was judged yet`);
    const logs = new WindowLogs(state.judgements);
    const replayed: Replayed[] = [];
    const unjudged: string[] = [];
    for (const judgement of mine) {
      const log = await readWindowLog(logs.path(judgement.metadata.uid ?? ""));
      if (log !== undefined) replayed.push(replayOne(judgement, log, other));
      else unjudged.push(`${judgement.spec.canary.name} ${judgement.metadata.name}`);
    }
    if (replayed.length === 0) throw new Fault("invalid", `no windows of ${name} were kept in ${state.judgements}`);
    if (options.json) console.log(JSON.stringify(replayed));
    else for (const one of replayed) console.log(render(one));
    if (unjudged.length > 0 && options.json !== true)
      console.log(`not judged again, for no window was kept or over: ${unjudged.join(", ")}`);
    if (replayed.some(isWrong)) process.exitCode = 1;
  } finally {
    await close();
  }
}

const resourcesIn = async (file: string): Promise<readonly Resource[]> =>
  (await readManifests([file])).map(({ resource }) => resource);

/** Faults: invalid, where the API would refuse it, too: what it would have done is nothing then. */
export function policyIn(file: string, resources: readonly Resource[]): RollbackPolicy {
  const [policy, ...more] = resources.filter(({ kind }) => kind === "RollbackPolicy");
  if (policy === undefined) throw new Fault("invalid", `no RollbackPolicy in ${file}`);
  if (more.length > 0) throw new Fault("invalid", `${file} has ${1 + more.length} RollbackPolicies: one at a time`);
  const definition = builtInKinds().find(({ kind }) => kind === "RollbackPolicy");
  const violations = definition === undefined ? [] : validate(definition, policy);
  if (violations.length > 0) {
    throw new Fault("invalid", `RollbackPolicy ${policy.metadata.name} in ${file} would be refused:`, { violations });
  }
  return policy as RollbackPolicy;
}

/** What would have been done, and when. */
interface End {
  readonly action: "rollback" | "alert" | "none";
  readonly afterSeconds?: number;
  readonly harmedRequests: number;
  readonly because?: string;
}

interface Replayed {
  readonly judgement: string;
  readonly version: string;
  readonly outcome: string | undefined;
  readonly windows: number;
  /** Lines of its log that say nothing any more. */
  readonly unreadable: number;
  /** Releases before it that the judge knew how Pods start from, as far as they counted. */
  readonly startsKnownFrom: number;
  /** This judge. */
  readonly judge: number;
  /** The others that judged it, if any: their verdicts may have been otherwise. 1 stands for those without a number. */
  readonly otherJudges: readonly number[];
  /** Windows whose verdict isn't the one that was given: none, or another judge gave it. */
  readonly differing: readonly { readonly ends: number; readonly was: string; readonly is: string }[];
  readonly asItWas: End;
  readonly withPolicy?: End;
}

export function replayOne(judgement: Judgement, log: WindowLog, other: RollbackPolicy | undefined): Replayed {
  const { spec, metadata } = judgement;
  const windows = log.windows.map(({ window }) => window);
  const rules = spec.policy === undefined ? [] : (spec.rules ?? defaultRollbackRules);
  const again = replay(log.release, windows, {
    tolerances: tolerancesOf(spec),
    rules,
    learned: log.learned,
    known: knownOf(log),
    ...heard(spec.model),
  });
  const differing = again.flatMap(({ window, action }, index) => {
    const was = log.windows[index]?.verdict.action ?? "nothing";
    return was === action ? [] : [{ ends: window.ends, was, is: action }];
  });
  return {
    judgement: metadata.name,
    version: spec.canary.name,
    outcome: spec.outcome,
    windows: windows.length,
    unreadable: log.unreadable,
    startsKnownFrom: log.release.starts?.releases ?? 0,
    judge: judgeVersion,
    otherJudges: otherJudgesOf(log),
    differing,
    asItWas: endOf(again),
    ...(other === undefined ? {} : { withPolicy: endOf(underPolicy(spec, log, other)) }),
  };
}

/** Until windows said who judged them. */
const withoutNumber = 1;

const otherJudgesOf = ({ windows }: WindowLog): readonly number[] =>
  [...new Set(windows.map(({ judge = withoutNumber }) => judge))].filter((judge) => judge !== judgeVersion);

const knownOf = (log: WindowLog) => log.windows.map(({ known }) => known);
const heard = (model: RollbackPolicy["spec"]["model"]) => (model === undefined ? {} : { model: model.use ?? "beside" });

function underPolicy(
  { comparedWith = "meanwhile" }: JudgementSpec,
  log: WindowLog,
  { spec }: RollbackPolicy,
): readonly ReplayedWindow[] {
  const { tolerances } = spec.judge ?? {};
  return replay(
    log.release,
    log.windows.map(({ window }) => window),
    {
      tolerances: tolerancesOf({ comparedWith, tolerances }),
      rules: spec.rules ?? defaultRollbackRules,
      learned: log.learned,
      known: knownOf(log),
      ...heard(spec.model),
    },
  );
}

/** The first window that ends or questions the release, and what the new version had failed beyond stable by then. */
function endOf(windows: readonly ReplayedWindow[]): End {
  const at = windows.findIndex(({ ruling }) => ruling.action === "rollback" || ruling.action === "alert");
  const seen = at === -1 ? windows : windows.slice(0, at + 1);
  const harmedRequests = seen.reduce((sum, { window: { canary, stable } }) => {
    const expected = stable === undefined || stable.requests === 0 ? 0 : stable.failures / stable.requests;
    return sum + Math.max(0, canary.failures - expected * canary.requests);
  }, 0);
  const found = windows[at];
  const harm = Math.round(harmedRequests);
  if (found === undefined) return { action: "none", harmedRequests: harm };
  const { action, because } = found.ruling;
  return {
    action: action === "alert" ? "alert" : "rollback",
    afterSeconds: found.window.ends / 1000,
    harmedRequests: harm,
    because,
  };
}

/** The same judge has to say the same. */
const isWrong = ({ differing, otherJudges }: Replayed): boolean => differing.length > 0 && otherJudges.length === 0;

export function render(replayed: Replayed): string {
  const { judgement, version, outcome, windows, unreadable, startsKnownFrom, differing, asItWas, withPolicy } =
    replayed;
  const same =
    differing.length === 0
      ? paint("green", `${windows} ${windows === 1 ? "window" : "windows"} judged again: the same verdicts`)
      : paint(
          isWrong(replayed) ? "red" : "yellow",
          `${differing.length} of ${windows} windows are judged otherwise than they were`,
        );
  const lines = [`${paint("bold", `${version}`)} ${paint("dim", judgement)}  ${outcome ?? "under way"}`, `  ${same}`];
  if (startsKnownFrom > 0)
    lines.push(
      `  judged knowing how the Pods of ${startsKnownFrom} earlier ${startsKnownFrom === 1 ? "release" : "releases"} started`,
    );
  if (unreadable > 0) lines.push(paint("yellow", `  ${unreadableWords(unreadable)}`));
  lines.push(...judgesOf(replayed));
  lines.push(`  as it was     ${endWords(asItWas)}`);
  if (withPolicy !== undefined) lines.push(`  other policy  ${endWords(withPolicy)}`);
  return lines.join("\n");
}

/** Whose verdicts they were, where it wasn't this judge. */
function judgesOf({ judge, otherJudges, differing }: Replayed): readonly string[] {
  if (otherJudges.length === 0) return [];
  const others = otherJudges.map((other) => (other === withoutNumber ? "1 or older" : String(other))).join(", ");
  const so =
    differing.length === 0
      ? "it says the same"
      : "what follows is what this one would have done, not what was done then";
  return [`  judged then by judge ${others}, now by judge ${judge}: ${so}`];
}

function endWords({ action, afterSeconds, harmedRequests, because }: End): string {
  const harm = `${harmedRequests} requests failed beyond the stable version's share`;
  if (action === "none") return `the judge lets it go on; ${harm}`;
  return `${action === "alert" ? "the judge asks a person" : "the judge takes it back"} after ${afterSeconds} s; ${harm}\n                ${because}`;
}
