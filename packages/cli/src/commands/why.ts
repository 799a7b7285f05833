import type { Client, Decision, DecisionEvidence } from "@sluice/api";
import { Fault } from "@sluice/kernel";
import { connect } from "../connection.ts";
import { takePicture } from "../release/release-picture.ts";
import { byWords } from "../release/render-release.ts";
import { padEnd, paint } from "../terminal/style.ts";
import type { CommandOptions } from "./options.ts";

/** `sluice why NAME`: every decision of a release, with what was known when it was made. */
export async function why(name: string, options: CommandOptions & { readonly all?: boolean }): Promise<void> {
  const { client, namespace, close } = await connect(options);
  try {
    const deploy = /^(?:bluegreendeployment|bluegreen|bg)\/(.+)$/.exec(name)?.[1];
    if (deploy !== undefined) {
      await whyBlueGreen(client, namespace, deploy, options);
      return;
    }
    const { decisions, rollout } = await takePicture(client, namespace, name.replace(/^(rollout|ro)\//, ""));
    if (options.json) return console.log(JSON.stringify(decisions));
    if (decisions.length === 0) throw new Fault("invalid", `nothing was decided about ${name} yet`);
    const current = rollout.status?.currentPodHash;
    const begun = decisions.findLastIndex(({ spec }) => spec.action === "begin");
    const shown = options.all || begun === -1 ? decisions : decisions.slice(begun);
    console.log(
      `${paint("bold", `${namespace}/${rollout.metadata.name}`)} ${current === undefined ? "" : paint("dim", `version ${current}`)}`,
    );
    for (const decision of shown) console.log(renderDecision(decision));
    if (shown.length < decisions.length)
      console.log(paint("dim", `${decisions.length - shown.length} earlier decisions: --all`));
  } finally {
    await close();
  }
}

/** Every decision of the blue-green deploys of a Service; of the last one unless all are asked for. */
async function whyBlueGreen(
  client: Client,
  namespace: string,
  name: string,
  options: CommandOptions & { readonly all?: boolean },
): Promise<void> {
  const { items } = await client.list<Decision>(
    { apiVersion: "sluice.dev/v1alpha1", kind: "Decision" },
    { namespace, fieldSelector: `spec.subject.kind=BlueGreenDeployment,spec.subject.name=${name}` },
  );
  const decisions = [...items].sort((a, b) => Date.parse(a.spec.at) - Date.parse(b.spec.at));
  const last = decisions.at(-1)?.spec.subject.revision;
  const shown = options.all ? decisions : decisions.filter(({ spec }) => spec.subject.revision === last);
  if (options.json) {
    console.log(JSON.stringify(shown));
    return;
  }
  if (shown.length === 0) throw new Fault("invalid", `nothing was decided about bluegreen/${name} yet`);
  for (const decision of shown) console.log(renderDecision(decision));
}

/** Most have milliseconds, some whole seconds. */
const timeColumns = "2026-01-01T00:00:00.000Z".length;

function renderDecision({ spec }: Decision): string {
  const evidence = (spec.evidence ?? []).map((one) => {
    const parts = [
      padEnd(one.name, 18),
      one.value === undefined ? "" : `value ${one.value}`,
      one.threshold === undefined ? "" : `limit ${one.threshold}`,
      requestsWords(one),
      one.share === undefined ? "" : `at ${(one.share * 100).toFixed(1)} % of the traffic`,
      one.verdict === undefined ? "" : `-> ${one.verdict}`,
      one.message ?? "",
    ].filter((part) => part !== "");
    return `      ${paint("dim", parts.join("  "))}`;
  });
  return [
    `${padEnd(spec.at, timeColumns)}  ${paint(colourOf(spec.action), padEnd(spec.action, 10))} ${spec.because}${byWords(spec)}`,
    ...evidence,
  ].join("\n");
}

/** An analysis' requests are counted until they prove that somebody came; those of the judge are all that it compared. */
function requestsWords({ requests, threshold }: DecisionEvidence): string {
  if (requests === undefined) return "";
  return threshold === undefined || requests === 0 ? `over ${requests} requests` : `over at least ${requests} requests`;
}

function colourOf(action: string): "green" | "red" | "yellow" | "cyan" {
  if (["abort", "quarantine", "refuse", "revert", "rollback"].includes(action)) return "red";
  if (["pause", "hold"].includes(action)) return "yellow";
  return ["promote", "complete"].includes(action) ? "green" : "cyan";
}
