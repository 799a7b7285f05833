import { setTimeout } from "node:timers/promises";
import { Screen } from "./screen.ts";
import { paint } from "./style.ts";

const everyMillis = 500;

/** Something that is looked at again and again. */
export interface Watched<Picture> {
  take(): Promise<Picture>;
  /** For a person. */
  draw(picture: Picture): string;
  /** For a log: a line without anything that only counts time. */
  line(picture: Picture): string;
  json(picture: Picture): string;
}

/** Until Ctrl-C: redraws where a person looks; elsewhere a line for each change, or the whole as JSON. */
export async function watch<Picture>({ take, draw, line, json }: Watched<Picture>, isJson: boolean): Promise<never> {
  const screen = new Screen();
  const show = isJson
    ? printed(json)
    : process.stdout.isTTY
      ? (picture: Picture) => screen.draw(draw(picture))
      : printed(line, stamped);
  for (;;) {
    show(await take());
    await setTimeout(everyMillis);
  }
}

/** Only what is another text than the one before. */
function printed<Picture>(text: (picture: Picture) => string, as = (line: string) => line): (picture: Picture) => void {
  let before: string | undefined;
  return (picture) => {
    const line = text(picture);
    if (line !== before) console.log(as(line));
    before = line;
  };
}

const stamped = (line: string): string => `${paint("dim", new Date().toISOString().slice(0, 19))}Z ${line}`;
