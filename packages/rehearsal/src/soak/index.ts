export { type Invariant, invariants } from "./invariants.ts";
export { type Played, play, type Sabotage } from "./play.ts";
export { shrink } from "./shrink.ts";
export { type Story, storyOf, toldStory } from "./story.ts";
