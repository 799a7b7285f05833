import type { Change, ReleaseChanges } from "@sluice/api/release";
import { paint } from "../terminal/style.ts";

/** What a release changes as text: one place below the other, `-` as it was and `+` as it becomes. */
export function renderChanges({ before, after, isUnderWay, template, configuration }: ReleaseChanges): string {
  if (before === undefined) return `revision ${after.revision} is the first: all of it is new`;
  const title = `revision ${after.revision} against ${before.revision}${isUnderWay ? ", which is stable" : ""}`;
  if (template.length + configuration.length === 0) return `${title}\n\n  nothing differs`;
  const parts = [
    ...(template.length === 0 ? [] : [renderPart("pod template", template)]),
    ...configuration.map(({ kind, name, changes }) => renderPart(`${kind} ${name}`, changes)),
  ];
  return [title, ...parts].join("\n\n");
}

function renderPart(title: string, changes: readonly Change[]): string {
  return [`  ${paint("bold", title)}`, ...changes.flatMap(renderChange)].join("\n");
}

function renderChange({ at, before, after, isHidden }: Change): string[] {
  if (isHidden) {
    const what = before === undefined ? "is new" : after === undefined ? "goes" : "is another";
    return [`    ${at} ${paint("dim", `${what} (its value isn't shown)`)}`];
  }
  const side = (sign: "-" | "+", text: string | undefined) =>
    (text?.split("\n") ?? []).map((line) => paint(sign === "-" ? "red" : "green", `      ${sign} ${line}`));
  return [`    ${at}`, ...side("-", before), ...side("+", after)];
}
