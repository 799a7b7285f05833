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
import { judgeVersion, type ReplayedWindow, replaying, tolerancesOf } from "@sluice/verdict";
import { connect } from "../connection.ts";
import { type Begun, type LoggedWindow, unreadableWords } from "../control-plane/judging/window-log.ts";
import { WindowLogs } from "../control-plane/judging/window-logs.ts";
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
      const one = await replayOne(judgement, logs, other);
      if (one !== undefined) replayed.push(one);
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

/** Judges a past release again as its log is read; undefined where nothing was kept. */
export async function replayOne(
  judgement: Judgement,
  logs: WindowLogs,
  other: RollbackPolicy | undefined,
): Promise<Replayed | undefined> {
  let past: Replaying | undefined;
  const kept = await logs.read(judgement.metadata.uid ?? "", (begun) => {
    const begins = new Replaying(judgement, begun, other);
    past = begins;
    return (window) => begins.show(window);
  });
  return kept === undefined ? undefined : past?.replayed(kept.unreadable);
}

export class Replaying {
  readonly #judgement: Judgement;
  readonly #startsKnownFrom: number;
  readonly #again: ReturnType<typeof replaying>;
  readonly #underPolicy: ReturnType<typeof replaying> | undefined;
  readonly #asItWas = new FirstEnd();
  readonly #withPolicy = new FirstEnd();
  readonly #judges = new Set<number>();
  readonly #differing: Replayed["differing"][number][] = [];
  #windows = 0;

  constructor(judgement: Judgement, { release, learned }: Begun, other: RollbackPolicy | undefined) {
    const { spec } = judgement;
    this.#judgement = judgement;
    this.#startsKnownFrom = release.starts?.releases ?? 0;
    const rules = spec.policy === undefined ? [] : (spec.rules ?? defaultRollbackRules);
    this.#again = replaying(release, { tolerances: tolerancesOf(spec), rules, learned, ...heard(spec.model) });
    this.#underPolicy = other === undefined ? undefined : replaying(release, { ...optionsOf(spec, other), learned });
  }

  show({ window, verdict, judge = withoutNumber, known }: LoggedWindow): void {
    this.#windows++;
    this.#judges.add(judge);
    const again = this.#again(window, known);
    if (again.action !== verdict.action) {
      this.#differing.push({ ends: window.ends, was: verdict.action, is: again.action });
    }
    this.#asItWas.show(again);
    if (this.#underPolicy !== undefined) this.#withPolicy.show(this.#underPolicy(window, known));
  }

  /** `unreadable`: lines of its log that couldn't be shown. */
  replayed(unreadable: number): Replayed {
    const { spec, metadata } = this.#judgement;
    return {
      judgement: metadata.name,
      version: spec.canary.name,
      outcome: spec.outcome,
      windows: this.#windows,
      unreadable,
      startsKnownFrom: this.#startsKnownFrom,
      judge: judgeVersion,
      otherJudges: [...this.#judges].filter((judge) => judge !== judgeVersion),
      differing: this.#differing,
      asItWas: this.#asItWas.end,
      ...(this.#underPolicy === undefined ? {} : { withPolicy: this.#withPolicy.end }),
    };
  }
}

/** Until windows said who judged them. */
const withoutNumber = 1;

const heard = (model: RollbackPolicy["spec"]["model"]) => (model === undefined ? {} : { model: model.use ?? "beside" });

const optionsOf = ({ comparedWith = "meanwhile" }: JudgementSpec, { spec }: RollbackPolicy) => ({
  tolerances: tolerancesOf({ comparedWith, tolerances: spec.judge?.tolerances }),
  rules: spec.rules ?? defaultRollbackRules,
  ...heard(spec.model),
});

/** The first window that ends or questions the release, and what the new version had failed beyond stable by then. */
class FirstEnd {
  #found: (Pick<End, "afterSeconds" | "because"> & { readonly action: "rollback" | "alert" }) | undefined;
  #harm = 0;

  show({ window: { canary, stable, ends }, ruling: { action, because } }: ReplayedWindow): void {
    if (this.#found !== undefined) return;
    const expected = stable === undefined || stable.requests === 0 ? 0 : stable.failures / stable.requests;
    this.#harm += Math.max(0, canary.failures - expected * canary.requests);
    if (action === "rollback" || action === "alert") this.#found = { action, afterSeconds: ends / 1000, because };
  }

  get end(): End {
    return { action: "none", ...this.#found, harmedRequests: Math.round(this.#harm) };
  }
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
