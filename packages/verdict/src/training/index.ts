export { learn, told, worseThan } from "./learn.ts";
export {
  type Look,
  type Outcomes,
  outcomesOf,
  type PastRelease,
  type Playback,
  silent,
} from "./playback.ts";
export { type HeldOut, type Retrained, retrain } from "./retrain.ts";
