import type { BlueGreenDeployment } from "@sluice/api";
import { type FoundPair, imageOf, isUnderWay } from "@sluice/api/release";
import type { DeployStep } from "./deploy-steps.ts";

/** Where the deploy stands, in a sentence. */
export function headlineOf({ spec, status }: BlueGreenDeployment, steps: readonly DeployStep[]): string {
  if (status?.release !== spec.release) return "It begins as soon as the control plane takes it up.";
  const { to, image, message = "", outcome, phase } = status;
  if (phase === "Succeeded") return `${outcome?.message ?? `${to} serves ${image}`}.`;
  if (phase === "Failed") return `${image ?? spec.image ?? "It"} isn't released: ${outcome?.message ?? message}.`;
  if (phase === "Aborted") return `${image} was ${outcome?.message ?? "taken back"}.`;
  const current = steps.find(({ state }) => state === "current");
  const isBack = outcome !== undefined && outcome.phase !== "Succeeded";
  const place = current === undefined ? "" : `step ${current.index + 1} of ${steps.length}, `;
  return isBack
    ? `${image} is being taken back (${outcome.message}): ${place}${message}.`
    : `${image} is on its way to ${to}: ${place}${message}.`;
}

export interface NextStep {
  readonly text: string;
  readonly command?: string;
}

/** What a person can or should do now. */
export function nextSteps(
  deploy: BlueGreenDeployment,
  found: FoundPair | undefined,
  smokePod: string | undefined,
): readonly NextStep[] {
  const { metadata, spec, status } = deploy;
  const where = metadata.namespace === "default" ? "" : ` --namespace ${metadata.namespace}`;
  const command = (words: string) => `sluice bluegreen ${words} --service ${metadata.name}${where}`;
  if (isUnderWay(deploy)) {
    if (status?.outcome !== undefined) return [{ text: "Nothing: it ends by itself, and what isn't wanted goes." }];
    return [
      {
        text: "Nothing: it goes on by itself, also when this page is closed. To take it back:",
        command: command("abort"),
      },
    ];
  }
  const { phase, outcome } = status ?? {};
  const again = { text: "Then once more:", command: `${command("deploy")} --image ${spec.image ?? "IMAGE"}` };
  if (phase === "Failed" || phase === "Aborted") {
    return [
      ...(smokePod === undefined || !/smoke/.test(outcome?.message ?? "")
        ? []
        : [{ text: "What the smoke test said:", command: `sluice logs ${smokePod}${where}` }]),
      {
        text:
          phase === "Aborted"
            ? `${status?.from ?? "What had the traffic"} serves as before.`
            : `${status?.from === undefined ? "Nothing was changed" : `${status.from} serves as before`}. Repair what is said above.`,
      },
      again,
    ];
  }
  if (found?.is !== "found") return [{ text: found === undefined ? "" : `Repair the pair: ${found.because}.` }];
  const { idle, to, container } = found.pair;
  return [
    {
      text: `If it hurts users, ${to} takes over again with ${imageOf(idle, container) ?? "what it had"}:`,
      command: command("rollback"),
    },
  ];
}
