import type { Judgement } from "@sluice/api";
import { Fault } from "@sluice/kernel";
import type { HeldOut } from "@sluice/verdict/training";
import { connect } from "../connection.ts";
import { type Trained, trainTeamModel } from "../control-plane/judging/team-model.ts";
import { unreadableWords } from "../control-plane/judging/window-log.ts";
import { WindowLogs } from "../control-plane/judging/window-logs.ts";
import { paint } from "../terminal/style.ts";
import type { CommandOptions } from "./options.ts";

export interface TrainOptions extends CommandOptions {
  readonly seed?: string;
}

/** `sluice judge train`: teaches the judge from the team's own releases; 1 where that would make it worse. */
export async function judgeTrain(options: TrainOptions): Promise<number> {
  const seed = Number(options.seed ?? "1");
  if (!Number.isSafeInteger(seed)) {
    throw new Fault("invalid", `--seed: found ${options.seed}, expected a whole number`);
  }
  const { client, state, close } = await connect(options);
  try {
    const { items } = await client.list<Judgement>({ apiVersion: "sluice.dev/v1alpha1", kind: "Judgement" });
    const trained = await trainTeamModel(items, new WindowLogs(state.judgements), state.teamModel, seed);
    if (options.json) console.log(JSON.stringify(asJson(trained, state.teamModel)));
    else console.log(render(trained, state.teamModel));
    return trained.is === "learned" ? 0 : 1;
  } finally {
    await close();
  }
}

function asJson(trained: Trained, file: string): object {
  const { unreadable } = trained;
  switch (trained.is) {
    case "learned":
      return { is: trained.is, file, unreadable, ...trained.heldOut };
    case "worse":
      return { is: trained.is, because: trained.because, unreadable, ...trained.heldOut };
    case "too few":
      return trained;
  }
}

export function render(trained: Trained, file: string): string {
  const { unreadable } = trained;
  const told = toldOf(trained, file);
  return unreadable === 0 ? told : `${told}\n${paint("yellow", unreadableWords(unreadable))}`;
}

function toldOf(trained: Trained, file: string): string {
  switch (trained.is) {
    case "too few":
      return `${paint("yellow", "nothing learned")}: ${trained.because}; releases that were superseded don't count, nor those that a person took back without --bad and without a verdict against them`;
    case "worse":
      return `${paint("yellow", "refused")}, the judge stays as it is: ${trained.because}\n${compared(trained.heldOut)}`;
    case "learned":
      return `${paint("green", "learned")} from ${trained.heldOut.learnedFrom} releases: releases that begin from now on are judged with ${file}\n${compared(trained.heldOut)}`;
  }
}

function compared({ present, candidate }: HeldOut): string {
  const row = (name: string, { good, falseRollbacks, bad, caught, medianDelay }: HeldOut["present"]) =>
    `  ${name}  ${falseRollbacks} of ${good} good taken back, ${caught} of ${bad} bad caught, median delay ${medianDelay} s`;
  return ["  on releases that neither learned from:", row("before", present), row("after ", candidate)].join("\n");
}
