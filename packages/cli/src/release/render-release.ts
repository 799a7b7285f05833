import type { DecisionSpec, Judgement, JudgementStatus, RingSet, Rollout } from "@sluice/api";
import { isRingOn, ringText, standingWords, verdictWord } from "@sluice/api/release";
import { ageOf } from "../terminal/age.ts";
import { columnsOf, flow } from "../terminal/flow.ts";
import { markedState } from "../terminal/marks.ts";
import { padEnd, paint, width } from "../terminal/style.ts";
import { type Branch, renderBranches } from "../terminal/tree.ts";
import type { ReleasePicture } from "./release-picture.ts";
import { isDone, progressRows } from "./render-progress.ts";
import { renderVersions, type Surroundings, type Traffic } from "./render-version.ts";
import { type Row, rowLines } from "./row.ts";

const decisionsShown = 5;

/** The release as text: phase, progress, rings, versions with what hangs on them, the judge, the last decisions. */
export function renderRelease(
  picture: ReleasePicture,
  traffic: Traffic = () => "",
  surroundings: Surroundings = { columns: columnsOf(), now: Date.now() },
): string {
  const { rollout, ringSet, judgement, decisions } = picture;
  const { columns, now } = surroundings;
  const { metadata, spec, status } = rollout;
  const row = (fact: Row): readonly string[] => rowLines(fact, columns);
  const head = flow(
    [
      paint("bold", `${metadata.namespace}/${metadata.name}`),
      paint("dim", spec.strategy.blueGreen === undefined ? "canary" : "blue-green"),
      markedState(status?.phase ?? "Unknown"),
      standingWords(rollout) ?? "",
    ],
    { columns, indent: 2 },
  );
  const isJudged = judgement?.spec.canary.podTemplateHash === status?.currentPodHash;
  const last = decisions.slice(-decisionsShown);
  const versions = renderVersions(picture, traffic, surroundings);
  return [
    ...head,
    "",
    ...progressRows(picture, now).flatMap(row),
    ...(ringSet === undefined ? [] : ["", ...renderRings(ringSet, rollout, columns)]),
    ...(versions.length === 0 ? [] : ["", ...versions]),
    ...(isJudged && judgement !== undefined ? ["", ...judgeRows(judgement).flatMap(row)] : []),
    ...(last.length === 0 ? [] : ["", paint("bold", "  decisions")]),
    ...last.flatMap(({ spec: decision }) => row(decisionRow(decision, now))),
  ].join("\n");
}

const decisionRow = ({ at, action, because, by }: DecisionSpec, now: number): Row => ({
  name: ageOf(at, now),
  parts: [`${padEnd(action, 10)} ${because}${byWords({ because, by })}`],
});

/** Who decided, where the words don't begin with that. */
export const byWords = ({ because, by }: { readonly because: string; readonly by?: string | undefined }): string =>
  by === undefined || because.startsWith(by) ? "" : ` (${by})`;

const othersName = "all others";

/** Who is in which ring, and which take people in. */
function renderRings({ metadata, spec }: RingSet, rollout: Rollout, columns: number): readonly string[] {
  const { user, rings } = spec;
  const weight = isDone(rollout) ? 100 : (rollout.status?.canary?.weights?.canary.weight ?? 0);
  const field = user?.header === undefined ? user?.cookie && `cookie ${user.cookie}` : `header ${user.header}`;
  const got = newShares(rollout, weight);
  const others = got.get("");
  const names = Math.max(...[...rings.map(({ name }) => name), others === undefined ? "" : othersName].map(width));
  const states = Math.max(...rings.map((ring) => `from ${ring.weight} %`.length));
  const widest = Math.max(0, ...[...got.values()].map((text) => text.length));
  const branches = rings.map((ring): Branch => {
    const state = isRingOn(ring, weight)
      ? paint("cyan", padEnd("on", states))
      : paint("dim", padEnd(`from ${ring.weight} %`, states));
    return { parts: [padEnd(ring.name, names), state, padEnd(got.get(ring.name) ?? "", widest), ringText(ring)] };
  });
  const told = field ? `users told apart by ${field}` : "requests dealt by weight";
  const strangers: readonly Branch[] =
    others === undefined
      ? []
      : [{ parts: [padEnd(othersName, names), padEnd("", states), padEnd(others, widest), "whom no ring names"] }];
  const title = `  ${paint("bold", "rings")} ${metadata.name}  ${paint("dim", told)}`;
  return [title, ...renderBranches([...branches, ...strangers], columns)];
}

/** By ring: what part of the requests of those whom it names the new version got at this weight; "": of all others. */
function newShares({ status }: Rollout, weight: number): ReadonlyMap<string, string> {
  const { rings } = status?.canary ?? {};
  if (rings?.weight !== weight) return new Map();
  return new Map(rings.rings.map(({ name, share }) => [name, `${share} % new`]));
}

/** What the judge says of the version on its way, and what speaks against it. */
function judgeRows(judgement: Judgement): readonly Row[] {
  const { spec, status = {} } = judgement;
  const {
    action,
    because = "",
    windows = 0,
    suspects,
    requests,
    brokenRules = [],
    evidence = [],
    message,
    rollbackNats,
    model,
  } = status;
  if (action === undefined) return [];
  const colour = action === "rollback" ? "red" : action === "continue" && suspects !== true ? "green" : "yellow";
  // As far as it knows no harm is done; it isn't sure, and the next step waits for that.
  const word = action === "continue" && suspects === true ? "doubts" : verdictWord(judgement);
  const advises = spec.mode === "advise" ? " (only advises)" : "";
  const seen = `${windows} ${windows === 1 ? "window" : "windows"}${requests === undefined ? "" : `, ${requests} requests`}`;
  const limit = rollbackNats === undefined ? "" : ` of ${rollbackNats}`;
  const against = evidence.filter(({ nats }) => nats > 0).slice(0, 3);
  return [
    { name: "judge", parts: [paint(colour, word) + advises, because, paint("dim", seen)] },
    ...against.map(({ signal, endpoint, nats, since }, index): Row => {
      const where = endpoint === undefined ? "" : ` at ${endpoint}`;
      return {
        name: index === 0 ? "against" : "",
        parts: [`${signal}${where}: ${nats.toFixed(1)}${limit} nats`, paint("dim", `since ${since} s after its begin`)],
      };
    }),
    ...brokenRules.map(({ name, message: broken }): Row => ({ name: "rule", parts: [paint("yellow", name), broken] })),
    ...(model === undefined ? [] : [{ name: "model", parts: modelWords(model) }]),
    ...(message === undefined ? [] : [{ name: "", parts: [paint("yellow", message)] }]),
  ];
}

/** What the policy's model says, or why it doesn't. */
function modelWords({ probability, message }: NonNullable<JudgementStatus["model"]>): readonly string[] {
  if (probability === undefined) return [paint("yellow", "silent"), message];
  return [`${Math.round(100 * probability)} % for a rollback`, message];
}
