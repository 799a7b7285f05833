export { type Invariant, invariants } from "./invariants/invariant.ts";
export { type Company, type Played, play, type Sabotage } from "./play.ts";
export { storyOf } from "./story/chance.ts";
export { shrink } from "./story/shrink.ts";
export { plainStory, type Story } from "./story/story.ts";
export { storyFrom, storyText } from "./story/text.ts";
export { toldStory } from "./story/told.ts";
