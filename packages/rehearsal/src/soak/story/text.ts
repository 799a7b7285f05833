import { Fault, sameJson } from "@sluice/kernel";
import { calm, plainStory, type Story } from "./story.ts";

/** What differs from the plain story, as one line of JSON: a failure can be told again by it. */
export function storyText(story: Story): string {
  const fields = Object.entries(story).filter(
    ([name, value]) => name === "seed" || !sameJson(value, plainStory[name as keyof Story]),
  );
  const disturbance = Object.entries(story.disturbance).filter(([, chance]) => chance > 0);
  return JSON.stringify({
    ...Object.fromEntries(fields),
    ...(disturbance.length === 0 ? {} : { disturbance: Object.fromEntries(disturbance) }),
  });
}

/** Faults: invalid where it is no story. */
export function storyFrom(text: string): Story {
  const given = parsed(text);
  const unknown = Object.keys(given).filter((name) => !(name in plainStory));
  if (unknown.length > 0) {
    const known = Object.keys(plainStory).join(", ");
    throw new Fault("invalid", `a story has no ${unknown.join(", ")}; it has ${known}`);
  }
  return { ...plainStory, ...given, disturbance: { ...calm, ...given.disturbance } };
}

function parsed(text: string): Partial<Story> {
  try {
    return JSON.parse(text) as Partial<Story>;
  } catch (cause) {
    throw new Fault("invalid", `a story is one line of JSON as a soak prints it: ${(cause as Error).message}`, {
      cause,
    });
  }
}
