import type { Verdict } from "../verdict/verdict-words.ts";
import type { View } from "../view.ts";

/** One verdict from the next one, where a person went on in spite of it. */
export const verdictKey = ({ cause, run }: Pick<Verdict, "cause" | "run">): string =>
  run === undefined ? cause : `${cause}/${run.metadata.name}`;

export const isOverruled = ({ status }: View, verdict: Pick<Verdict, "cause" | "run">): boolean =>
  status.notRevertible?.overruled?.includes(verdictKey(verdict)) === true;
